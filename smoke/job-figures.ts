import type { Job } from "../client/index.ts";

export type Call = Job["attempts"][number]["calls"][number];

/** The calls that a model answered, without refusals and calls that got no answer. */
export function callsOf({ attempts }: Pick<Job, "attempts">): readonly Call[] {
  return attempts.flatMap(({ calls }) => calls.filter(({ durationMs }) => durationMs !== null));
}

/** How long a job took, and why it took more than one attempt, if it did. */
export function sentenceOf({ timings, attempts }: Job, calls: readonly Call[]): string {
  const { queuedMs, runningMs } = timings;
  const modelMs = calls.reduce((sum, { durationMs }) => sum + (durationMs ?? 0), 0);
  const times = `Queued ${seconds(queuedMs)}, ran ${seconds(runningMs)}, models ${seconds(modelMs)}.`;
  const errors = attempts.flatMap(({ error }) => (error === null ? [] : [error.code]));
  return errors.length === 0 ? times : `${times} Tried again after ${[...new Set(errors)].join(", ")}.`;
}

export function seconds(ms: number | null): string {
  return ms === null ? "?" : `${(ms / 1000).toFixed(1)} s`;
}
