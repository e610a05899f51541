import type { ModelId } from "./models.ts";

/** What changes the choice of tokens besides the temperature, as the models call it. What is left out is the model's own. */
export interface Sampling {
  /** 0.001 to 1. */
  readonly top_p?: number;
  /** An integer, 1 to 9,999,999,999. */
  readonly seed?: number;
  /** −2 to 2; see `takesSampling`. */
  readonly frequency_penalty?: number;
  readonly presence_penalty?: number;
}

/** The models that take no penalty below 0 (test/contracts/). */
const POSITIVE_PENALTIES: ReadonlySet<ModelId> = new Set(["@cf/meta/llama-3.1-8b-instruct-fp8-fast"]);

/** Return whether a model takes these fields. If not, it would refuse the call. */
export function takesSampling(model: ModelId, { frequency_penalty = 0, presence_penalty = 0 }: Sampling): boolean {
  return !POSITIVE_PENALTIES.has(model) || (frequency_penalty >= 0 && presence_penalty >= 0);
}

/** The limits of every text model (test/contracts/). */
export const LEAST_TOP_P = 0.001;
const SEEDS = 9_999_999_999;

/** The models take seeds from 1. Every other number is brought into their range, and stays the same for the same seed. */
export function seedOf(seed: number): number {
  const whole = Math.trunc(seed);
  if (whole >= 1 && whole <= SEEDS) return whole;
  return (((whole % SEEDS) + SEEDS) % SEEDS) + 1;
}
