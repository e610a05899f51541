import type { JobDetail, Run } from "../../shared/jobs/job-detail.ts";

/** How fast the latest jobs of a kind ran. */
export interface Pace {
  /** How many jobs the pace was measured on. */
  readonly jobs: number;
  /** From a job's first attempt to its end. */
  readonly medianRunMs: number;
  /** The time in which at least one of them ran, divided by their number. Idle time does not count, so it does not make the queue look slow. */
  readonly msBetweenEnds: number;
}

/** @returns null if no job has been measured. */
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

/** When a job will start and end at the latest pace: epoch milliseconds; null if that cannot be estimated. */
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

/** How long a client should wait before it asks for an unfinished job again: until the expected end, 1 to 60 seconds. */
export function retryAfterSeconds(detail: JobDetail, now: number): number {
  const expected = estimate(detail, now);
  if (expected === null) return 2;
  return Math.min(60, Math.max(1, Math.ceil((expected.endsAt - now) / 1000)));
}
