import type { Tried } from "./child.ts";

/** The size for which the goals are set: 250 ms of CPU and 48 MB of memory for each 25 MB of input. */
export const GOAL_BYTES = 25_000_000;
export const GOAL_MS = 250;
export const GOAL_MEMORY_BYTES = 48 * 1024 * 1024;

export type FindingKind = "hang" | "overMemory" | "crash" | "overLimit";

export interface Finding {
  readonly kind: FindingKind;
  readonly text: string;
}

/** A smaller input has the same limit as 25 MB. */
export function unitsOf(sizeBytes: number): number {
  return Math.max(1, sizeBytes / GOAL_BYTES);
}

/** Judge a case that ended by itself. */
export function judge({ sizeBytes, findings, peakBytes, peakStep }: Tried): readonly Finding[] {
  const found = findings.map((text): Finding => ({ kind: text.includes(" threw ") ? "crash" : "overLimit", text }));
  const peakMb = Math.ceil(peakBytes / 2 ** 20);
  if (peakBytes > GOAL_MEMORY_BYTES * unitsOf(sizeBytes))
    found.push({ kind: "overMemory", text: `${peakStep} held ${peakMb} MB of a source of ${sizeBytes} bytes` });
  return found;
}
