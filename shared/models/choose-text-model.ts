// Chooses the model that answers within a request. How long an answer takes depends on its length, so it is calculated from the time to
// the first text and the time for each token, as streams have measured them.
import {
  basisOf,
  type CallLatency,
  type Choice,
  type Considered,
  MIN_MEASURED_CALLS,
  tiersUpTo,
} from "./choose-model.ts";
import { type Latency, MODELS, type ModelId, TEXT_MODELS, type Tier } from "./models.ts";

/** How the streams of a model behaved. */
export interface StreamLatency {
  /** The time to the first text. */
  readonly firstText: CallLatency;
  /** The time for 1,000 tokens after it. */
  readonly thousandTokens: CallLatency;
}

/** A model that could have been chosen, and how long its answers take; `p50Ms` and `p95Ms` are for `maxTokens` tokens. */
export interface ConsideredText extends Considered {
  /** 95 of 100 streams begin within this time. */
  readonly firstTextMs: number;
  /** 95 of 100 streams are at least this fast. */
  readonly tokensASecond: number;
}

export interface TextChoice extends Choice {
  readonly considered?: readonly ConsideredText[];
}

export type ChosenText =
  | { readonly ok: true; readonly choice: TextChoice }
  /** No model is fast enough; the reason names the fastest. */
  | { readonly ok: false; readonly reason: string };

/**
 * How streams behave while too few have been measured: a first guess, not the platform's figures. The account's own streams replace it
 * (shared/db/models/latencies.ts).
 */
const ASSUMED: Readonly<Record<Tier, { readonly firstText: Latency; readonly thousandTokens: Latency }>> = {
  fast: { firstText: { p50Ms: 400, p95Ms: 1500 }, thousandTokens: { p50Ms: 10_000, p95Ms: 20_000 } },
  balanced: { firstText: { p50Ms: 600, p95Ms: 2000 }, thousandTokens: { p50Ms: 15_000, p95Ms: 30_000 } },
  accurate: { firstText: { p50Ms: 800, p95Ms: 3000 }, thousandTokens: { p50Ms: 20_000, p95Ms: 40_000 } },
};

/** Choose without a budget: the model of the tier that was asked for, or the smallest. */
export function textModelOfTier(tier: Tier = "fast"): TextChoice {
  return { model: TEXT_MODELS[tier], tier, by: "tier", reason: `It is the model of the tier '${tier}'.` };
}

/**
 * Choose the most accurate model whose answers of `maxTokens` tokens end within the budget in 95 of 100 cases. If a tier was asked for,
 * it is the best that may be chosen. The slowest beginnings are added to the slowest speeds, so the true share is above 95.
 * @param measured by model, from `readStreamLatencies`.
 */
export function chooseTextModel(
  { tier: cap = "accurate", maxTokens }: { readonly tier?: Tier | undefined; readonly maxTokens: number },
  latencyBudgetMs: number,
  measured: ReadonlyMap<string, StreamLatency>,
): ChosenText {
  const considered = tiersUpTo(cap).map((tier) => figuresOf(TEXT_MODELS[tier], maxTokens, measured));
  const chosen = considered.find(({ p95Ms }) => p95Ms <= latencyBudgetMs);
  if (chosen === undefined) {
    const [fastest] = considered.toSorted((a, b) => a.p95Ms - b.p95Ms);
    const reason =
      fastest === undefined
        ? "There is no text model."
        : `No model writes ${maxTokens} tokens within ${latencyBudgetMs} ms in 95 of 100 answers; the fastest, '${fastest.model}', takes ${timesOf(fastest)}. Raise 'latencyBudgetMs', or lower 'maxTokens'.`;
    return { ok: false, reason };
  }
  const { model } = chosen;
  const best =
    considered[0] === chosen ? "the most accurate model that is allowed" : "the most accurate model that does";
  const reason = `95 of 100 answers of ${maxTokens} tokens take at most ${timesOf(chosen)}, within ${latencyBudgetMs} ms: ${best}.`;
  const { tier } = MODELS[model];
  return { ok: true, choice: { model, tier, by: "latency_budget", reason, latencyBudgetMs, considered } };
}

function figuresOf(
  model: (typeof TEXT_MODELS)[Tier],
  maxTokens: number,
  measured: ReadonlyMap<string, StreamLatency>,
): ConsideredText & { readonly model: ModelId } {
  const own = measured.get(model);
  const calls = Math.min(own?.firstText.calls ?? 0, own?.thousandTokens.calls ?? 0);
  const isMeasured = own !== undefined && calls >= MIN_MEASURED_CALLS;
  const { firstText, thousandTokens } = isMeasured ? own : ASSUMED[MODELS[model].tier];
  const total = (part: keyof Latency) => Math.round(firstText[part] + (thousandTokens[part] * maxTokens) / 1000);
  return {
    model,
    p50Ms: total("p50Ms"),
    p95Ms: total("p95Ms"),
    measuredCalls: isMeasured ? calls : 0,
    firstTextMs: firstText.p95Ms,
    tokensASecond: Math.round(1_000_000 / thousandTokens.p95Ms),
  };
}

function timesOf(figures: ConsideredText): string {
  const { p95Ms, firstTextMs, tokensASecond } = figures;
  const basis = basisOf(figures, "streams");
  return `${p95Ms} ms (the first text after ${firstTextMs} ms, then ${tokensASecond} tokens a second; ${basis})`;
}
