// A question is asked of its model, and of those that may stand in for it: along MODEL_FALLBACKS, as tasks are.
import type { ModelCall } from "../../shared/models/model-call.ts";
import { anotherMayAnswer, failureOf } from "../../shared/models/failure.ts";
import { type ModelId, TEXT_MODELS } from "../../shared/models/models.ts";
import type { Fallbacks } from "../../shared/settings.ts";
import type { PaidCall, SettlePaidCall } from "../usage/paid-call.ts";
import type { Problem } from "../http/problem.ts";
import { modelProblem } from "./model-problem.ts";

/** What came of asking one model. */
export type Asked<Answer> =
  | { readonly ok: true; readonly answer: Answer }
  | { readonly ok: false; readonly error: unknown; readonly calls: readonly ModelCall[] };

/** `settle` is of the model that answered; what the others cost is settled. */
export type Answered<Answer> =
  | { readonly ok: true; readonly answer: Answer; readonly model: ModelId; readonly settle: SettlePaidCall }
  | { readonly ok: false; readonly problem: Problem };

export interface Turns<Answer> {
  /** Set aside what this model may cost. The one before is settled by then: a stand-in may be dearer. */
  readonly reserve: (model: ModelId) => Promise<PaidCall>;
  /** `isLast`: nobody stands in for this one, so that it is waited for while it has no capacity. */
  readonly ask: (model: ModelId, turn: { readonly isLast: boolean }) => Promise<Asked<Answer>>;
  /** What a client that goes away must not stop. */
  readonly finish: (settled: Promise<void>) => void;
}

/**
 * Ask one model after the other until one answers. Where none does, it is told what the last one said; but if one before it
 * only had no capacity, that, since asking again later may help.
 */
export async function askInTurn<Answer>(
  models: readonly [ModelId, ...ModelId[]],
  { reserve, ask, finish }: Turns<Answer>,
): Promise<Answered<Answer>> {
  let [model, ...others] = models;
  let busy: Problem | null = null;
  for (;;) {
    const paid = await reserve(model);
    if (!paid.ok) return { ok: false, problem: busy ?? paid.problem };
    const { settle } = paid;
    const asked = await ask(model, { isLast: others.length === 0 });
    if (asked.ok) return { ok: true, answer: asked.answer, model, settle };
    // Settled first: a client that is told of the account's hold, and asks again, is not to reach the model once more.
    const settled = settle(asked.calls, asked.error);
    finish(settled);
    await settled;
    const problem = modelProblem(asked.error, Date.now());
    if (!anotherMayAnswer(asked.error)) return { ok: false, problem };
    if (failureOf(asked.error).remedy === "snooze") busy ??= problem;
    const [next, ...rest] = others;
    if (next === undefined) return { ok: false, problem: busy ?? problem };
    [model, others] = [next, rest];
  }
}

/** This model and the text models that may stand in for it, in order. */
export function textModelsFrom(model: ModelId, fallbacks: Fallbacks): readonly [ModelId, ...ModelId[]] {
  const known: readonly ModelId[] = Object.values(TEXT_MODELS);
  const named = (fallbacks[model] ?? []).flatMap((name) => known.filter((one) => one === name && one !== model));
  return [model, ...new Set(named)];
}
