import type { JobDetail } from "../../shared/db/jobs/reads.ts";
import type { Run } from "../../shared/db/jobs/queue-place.ts";

/** How fast jobs of a kind went lately. */
export interface Pace {
  /** Measured on so many. */
  readonly jobs: number;
  /** From a job's first attempt to its end. */
  readonly medianRunMs: number;
  /** The time in which at least one of them ran, by their number: idle time does not make the queue look slow. */
  readonly msBetweenEnds: number;
}

/** @returns null where nothing has been measured. */
export function paceOf(runs: readonly Run[]): Pace | null {
  if (runs.length === 0) return null;
  const durations = runs.map(({ startedAt, finalizedAt }) => finalizedAt - startedAt).toSorted((a, b) => a - b);
  let busyMs = 0;
  let busyUntil = 0;
  for (const run of runs.toSorted((a, b) => a.startedAt - b.startedAt)) {
    busyMs += Math.max(0, run.finalizedAt - Math.max(run.startedAt, busyUntil));
    busyUntil = Math.max(busyUntil, run.finalizedAt);
  }
  return {
    jobs: runs.length,
    medianRunMs: durations[Math.floor(durations.length / 2)] ?? 0,
    msBetweenEnds: Math.round(busyMs / runs.length),
  };
}

/** When a job will start and end if it goes on like lately: epoch milliseconds. Null where nobody can know. */
export function estimate(
  { job, ahead, runs, pause, hold }: JobDetail,
  now: number,
): { readonly startsAt: number; readonly endsAt: number } | null {
  const pace = paceOf(runs);
  if (pace === null || pause !== null || hold !== null || job.follows !== null || job.finalizedAt !== null) return null;
  if (job.startedAt !== null)
    return { startsAt: job.startedAt, endsAt: Math.max(now, job.startedAt + pace.medianRunMs) };
  const startsAt = now + (ahead ?? 0) * pace.msBetweenEnds;
  return { startsAt, endsAt: startsAt + pace.medianRunMs };
}

/** When to ask again for a job that has not ended, in seconds: when it is expected to end, within a minute. */
export function retryAfterSeconds(detail: JobDetail, now: number): number {
  const expected = estimate(detail, now);
  if (expected === null) return 2;
  return Math.min(60, Math.max(1, Math.ceil((expected.endsAt - now) / 1000)));
}
