import { type JobWork, kindOf } from "../kinds/index.ts";
import type { AudioExtent, Estimate } from "./estimate.ts";
import { estimateSteps } from "./estimate-steps.ts";

/**
 * Estimate what a job and its steps consume.
 * @param extent the length of a recording, if it has been measured.
 * @returns null if it cannot be known before the recording is read.
 */
export function estimateWork(work: JobWork, extent: AudioExtent | null): Estimate | null {
  const own = kindOf(work.kind).estimate(work.input, extent);
  // A job that asks no model leaves nothing for its steps.
  if (own === null || own.lines.length === 0 || work.input.then === undefined) return own;
  return { lines: [...own.lines, ...estimateSteps(work, extent?.durationMs ?? null)], isRough: true };
}
