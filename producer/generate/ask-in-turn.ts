// A question goes to its model, and then to the models that may stand in for it. MODEL_FALLBACKS names them, as for tasks.
import { anotherMayAnswer, failureOf } from "../../shared/models/model-error.ts";
import { type ModelCall, neuronsOf } from "../../shared/models/model-call.ts";
import { type ModelId, TEXT_MODELS } from "../../shared/models/models.ts";
import type { Fallbacks } from "../../shared/settings.ts";
import type { PaidCall, SettlePaidCall } from "../usage/paid-call.ts";
import type { Problem } from "../http/problem.ts";
import { modelProblem } from "./model-problem.ts";

/** The result of asking one model. */
export type Asked<Answer> =
  | { readonly ok: true; readonly answer: Answer }
  | { readonly ok: false; readonly error: unknown; readonly calls: readonly ModelCall[] };

/** `settle` belongs to the model that answered. The cost of the others has been settled. */
export type Answered<Answer> =
  | { readonly ok: true; readonly answer: Answer; readonly model: ModelId; readonly settle: SettlePaidCall }
  | { readonly ok: false; readonly problem: Problem };

export interface Turns<Answer> {
  /** Set aside what this model may cost. The model before has been settled by then: a stand-in may cost more. */
  readonly reserve: (model: ModelId) => Promise<PaidCall>;
  /** `isLast`: no model stands in for this one, so the call waits while the model has no capacity. */
  readonly ask: (model: ModelId, turn: { readonly isLast: boolean }) => Promise<Asked<Answer>>;
  /** Whether a model may still be asked when the models before it have cost this much; without it, every model may. */
  readonly isAllowed?: (model: ModelId, spentNeurons: number) => boolean;
  /** Called with the calls that did not lead to an answer. Keep `settled` running: a client that goes away must not stop it. */
  readonly finish: (settled: Promise<void>, calls: readonly ModelCall[]) => void;
}

/**
 * Ask one model after another until one answers. If none answers, the caller gets the last model's problem. But if an earlier model
 * only had no capacity, the caller gets that problem, because asking again later may help.
 */
export async function askInTurn<Answer>(
  models: readonly [ModelId, ...ModelId[]],
  { reserve, ask, isAllowed = () => true, finish }: Turns<Answer>,
): Promise<Answered<Answer>> {
  let busy: Problem | null = null;
  let spentNeurons = 0;
  const allowed = (some: readonly ModelId[]) => some.filter((one) => isAllowed(one, spentNeurons));
  let [model, ...others] = models;
  others = allowed(others);
  for (;;) {
    const paid = await reserve(model);
    if (!paid.ok) return { ok: false, problem: busy ?? paid.problem };
    const { settle } = paid;
    const asked = await ask(model, { isLast: others.length === 0 });
    if (asked.ok) return { ok: true, answer: asked.answer, model, settle };
    // The call is settled before the answer: a client that learns of the account's hold and asks again must not reach the model.
    const settled = settle(asked.calls, asked.error);
    finish(settled, asked.calls);
    await settled;
    const problem = modelProblem(asked.error, Date.now());
    if (!anotherMayAnswer(asked.error)) return { ok: false, problem };
    if (failureOf(asked.error).remedy === "snooze") busy ??= problem;
    spentNeurons += neuronsOf(asked.calls) ?? 0;
    const [next, ...rest] = allowed(others);
    if (next === undefined) return { ok: false, problem: busy ?? problem };
    [model, others] = [next, rest];
  }
}

/** A model and the text models that may stand in for it, in order. */
export function textModelsFrom(model: ModelId, fallbacks: Fallbacks): readonly [ModelId, ...ModelId[]] {
  const known: readonly ModelId[] = Object.values(TEXT_MODELS);
  const named = (fallbacks[model] ?? []).flatMap((name) => known.filter((one) => one === name && one !== model));
  return [model, ...new Set(named)];
}
