import { type JobWork, kindOf } from "../kinds/index.ts";
import type { AudioExtent, Estimate } from "./estimate.ts";
import { estimateSteps } from "./estimate-steps.ts";

/**
 * @param extent of a recording, if it has been measured.
 * @returns null where only the recording itself can tell.
 */
export function estimateWork(work: JobWork, extent: AudioExtent | null): Estimate | null {
  const own = kindOf(work.kind).estimate(work.input, extent);
  // What is refused, or says nothing, leaves nothing for steps.
  if (own === null || own.lines.length === 0 || work.input.then === undefined) return own;
  return { lines: [...own.lines, ...estimateSteps(work, extent?.durationMs ?? null)], isRough: true };
}
