import { estimateLine, type Estimate } from "../../shared/cost/estimate.ts";
import { figure, isWithin } from "../../shared/cost/budget-refusal.ts";
import { neuronsFor } from "../../shared/cost/neurons.ts";
import { readStreamLatencies } from "../../shared/db/models/latencies.ts";
import { chatOf } from "../../shared/kinds/text-generation/options.ts";
import { chooseTextModel, type TextChoice, textModelOfTier } from "../../shared/models/choose-text-model.ts";
import { describeCut, fitChat } from "../../shared/models/fit-chat.ts";
import { fitJsonChat } from "../../shared/models/json-output/json-chat.ts";
import type { ModelId, Units } from "../../shared/models/models.ts";
import { type Chat, chatUnits } from "../../shared/models/chat.ts";
import type { Problem } from "../http/problem.ts";
import { textModelsFrom } from "./ask-in-turn.ts";
import { jsonUnits } from "./ask-json.ts";
import type { GenerateRequest, CutNotice } from "./schema.ts";

/** What is asked for a text: of which models in turn, and with which words. */
export interface PlannedAnswer {
  readonly choice: TextChoice;
  readonly models: readonly [ModelId, ...ModelId[]];
  readonly chat: Chat;
  /** What the calls of one model consume at most. */
  readonly units: Units;
  /** What was left out because the models cannot read it; null if nothing was. */
  readonly cut: CutNotice | null;
}

export type Planned =
  | { readonly ok: true; readonly plan: PlannedAnswer }
  | { readonly ok: false; readonly problem: Problem };

/** Choose the model, and cut the conversation to what it and its stand-ins can read. Asks D1 only if there is a latency budget. */
export async function planAnswer(request: GenerateRequest, env: Pick<Env, "DB" | "MODEL_FALLBACKS">): Promise<Planned> {
  const { tier, maxTokens, latencyBudgetMs, maxNeurons } = request;
  const chosen =
    latencyBudgetMs === undefined
      ? { ok: true as const, choice: textModelOfTier(tier) }
      : chooseTextModel({ tier, maxTokens }, latencyBudgetMs, await readStreamLatencies(env.DB, Date.now()));
  if (!chosen.ok) return { ok: false, problem: { code: "impossible_latency_budget", detail: chosen.reason } };
  const { choice } = chosen;
  const models = textModelsFrom(choice.model, env.MODEL_FALLBACKS);
  const { jsonSchema } = request;
  const whole = chatOf(request, request.prompt);
  const { chat, cut } = jsonSchema === undefined ? fitChat(whole, models) : fitJsonChat(whole, jsonSchema, models);
  const units = jsonSchema === undefined ? chatUnits(chat) : jsonUnits(chat, jsonSchema);
  const neurons = neuronsFor(choice.model, units);
  if (maxNeurons !== undefined && !isWithin(neurons, maxNeurons)) {
    return { ok: false, problem: tooDear(choice.model, neurons, maxNeurons) };
  }
  return { ok: true, plan: { choice, models, chat, units, cut: cut && { ...cut, notice: describeCut(cut) } } };
}

/** The most that the answer can cost if the chosen model answers. */
export function estimateAnswer({ models: [model], units }: PlannedAnswer): Estimate {
  return { lines: [estimateLine("generate", model, units)], isRough: true };
}

function tooDear(model: ModelId, neurons: number, maxNeurons: number): Problem {
  const detail = `The answer may cost ${figure(neurons)} neurons with '${model}', and 'maxNeurons' is ${figure(maxNeurons)}. Lower 'maxTokens', shorten the prompt, choose a smaller tier, or raise 'maxNeurons'.`;
  return { code: "max_neurons_reached", detail };
}
