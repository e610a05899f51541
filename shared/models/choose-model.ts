import { MODELS, type ModelId, type Tier, TIERS } from "./models.ts";
import { JobWork, kindOf } from "../kinds/index.ts";
import type { RawOptions } from "../kinds/kind.ts";

/** Half of a model's calls, and 95 of 100, take no longer. */
export interface CallLatency {
  readonly calls: number;
  readonly p50Ms: number;
  readonly p95Ms: number;
}

/** A model that could have been chosen, and how long its calls take. */
export interface Considered {
  readonly model: ModelId;
  readonly p50Ms: number;
  readonly p95Ms: number;
  /** How many calls the figures are from; 0 if they are the catalogue's guess. */
  readonly measuredCalls: number;
}

/** Which model a job got, and why. */
export interface Choice {
  readonly model: ModelId;
  readonly tier: Tier;
  readonly by: "tier" | "model" | "latency_budget";
  /** A sentence. */
  readonly reason: string;
  readonly latencyBudgetMs?: number;
  /** The best model first; left out without a budget. */
  readonly considered?: readonly Considered[];
}

export type Chosen =
  | { readonly ok: true; readonly work: JobWork; readonly choice: Choice }
  /** No model is fast enough; the reason names the fastest. */
  | { readonly ok: false; readonly reason: string };

/** Fewer calls than this say too little about the slowest five in a hundred. */
export const MIN_MEASURED_CALLS = 20;

/** Choose without a budget: by the tier or the name that was asked for. */
export function chosenByName(work: JobWork): Chosen & { readonly ok: true } {
  const model = modelOf(work);
  const { tier } = MODELS[model];
  if (isNamed(work)) {
    return { ok: true, work, choice: { model, tier, by: "model", reason: "The request named this model." } };
  }
  const isOnlyOne = kindOf(work.kind).tiers === undefined;
  const reason = isOnlyOne ? "Only this model does jobs of this kind." : `It is the model of the tier '${tier}'.`;
  return { ok: true, work: withTier(work, tier) ?? work, choice: { model, tier, by: "tier", reason } };
}

/**
 * Choose the most accurate model that keeps the budget in 95 of 100 calls. If a tier was asked for, it is the best that may be
 * chosen. If a model was named, it is the only one.
 */
export function chooseModel(
  work: JobWork,
  latencyBudgetMs: number,
  measured: ReadonlyMap<string, CallLatency>,
): Chosen {
  const candidates = candidatesOf(work).map(({ model, work: own }) => ({
    work: own,
    figures: { model, ...latencyOf(model, measured.get(model)) },
  }));
  const considered = candidates.map(({ figures }) => figures);
  const chosen = candidates.find(({ figures }) => figures.p95Ms <= latencyBudgetMs);
  if (chosen === undefined) {
    const fastest = considered.toSorted((a, b) => a.p95Ms - b.p95Ms)[0];
    if (fastest === undefined) return { ok: false, reason: "No model takes these options." };
    return {
      ok: false,
      reason: `No model answers within ${latencyBudgetMs} ms in 95 of 100 calls; the fastest for these options, '${fastest.model}', takes ${fastest.p95Ms} ms (${basisOf(fastest, "calls")}).`,
    };
  }
  const { model, p95Ms } = chosen.figures;
  const best =
    considered[0]?.model === model ? "the most accurate model that is allowed" : "the most accurate model that does";
  const reason = `95 of 100 calls take at most ${p95Ms} ms (${basisOf(chosen.figures, "calls")}), within ${latencyBudgetMs} ms: ${best}.`;
  const { tier } = MODELS[model];
  return {
    ok: true,
    work: chosen.work,
    choice: { model, tier, by: "latency_budget", reason, latencyBudgetMs, considered },
  };
}

/** Return what the figures of a model are based on. */
export function basisOf({ measuredCalls }: Considered, measured: "calls" | "streams"): string {
  return measuredCalls === 0
    ? `assumed, because too few ${measured} have been measured`
    : `measured over ${measuredCalls} ${measured}`;
}

function latencyOf(model: ModelId, measured: CallLatency | undefined) {
  if (measured !== undefined && measured.calls >= MIN_MEASURED_CALLS) {
    return { p50Ms: measured.p50Ms, p95Ms: measured.p95Ms, measuredCalls: measured.calls };
  }
  return { ...MODELS[model].assumed, measuredCalls: 0 };
}

/** Return the models that may do this work, the most accurate first. */
function candidatesOf(work: JobWork): readonly { readonly model: ModelId; readonly work: JobWork }[] {
  const first = modelOf(work);
  if (kindOf(work.kind).tiers === undefined || isNamed(work)) return [{ model: first, work }];
  return tiersUpTo(capOf(work)).flatMap((tier) => {
    const candidate = withTier(work, tier);
    return candidate === null ? [] : [{ model: modelOf(candidate), work: candidate }];
  });
}

function modelOf({ kind, input }: JobWork): ModelId {
  return kindOf(kind).modelOf(input);
}

/**
 * Return the best tier that may be chosen. For pictures the most accurate tier costs ten times as much, so it must be asked
 * for.
 */
function capOf(work: JobWork): Tier {
  const { tier: asked }: RawOptions = work.input.options;
  return TIERS.find((tier) => tier === asked) ?? "balanced";
}

/** Return the tiers up to this one, the best first. */
export function tiersUpTo(cap: Tier): readonly Tier[] {
  return TIERS.slice(0, TIERS.indexOf(cap) + 1).toReversed();
}

function isNamed({ kind, input }: JobWork): boolean {
  return kindOf(kind).tiers?.isNamed(input.options) ?? false;
}

/** Return the same work for the model of another tier; null if that model may not do it. */
function withTier({ kind, input }: JobWork, tier: Tier): JobWork | null {
  const options = kindOf(kind).tiers?.optionsFor(tier, input.options) ?? null;
  return options === null ? null : JobWork.parse({ kind, input: { ...input, options } });
}
