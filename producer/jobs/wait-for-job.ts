import { readWholeJob, type WholeDeps } from "../../shared/archive/whole.ts";
import { readHasEnded } from "../../shared/db/jobs/watch-job.ts";
import type { JobDetail } from "../../shared/jobs/job-detail.ts";

/** A pause is a fifth of the time waited so far: a quick job is noticed quickly, and a slow one costs few reads of D1. */
const MIN_PAUSE_MS = 100;
const MAX_PAUSE_MS = 1000;

/**
 * Wait until a job has ended, for at most `timeoutMs`. Reads one column of one row of D1 each time, some 70 times a minute.
 * @returns the job after the wait, ended or not; null if there is no such job or it belongs to another owner.
 */
export async function waitForJob(
  deps: WholeDeps,
  job: { id: string; ownerId: string },
  timeoutMs: number,
): Promise<JobDetail | null> {
  const startedAt = Date.now();
  for (;;) {
    const isUnfinished = (await readHasEnded(deps.db, job)) === false;
    const waitedMs = Date.now() - startedAt;
    if (!isUnfinished || waitedMs >= timeoutMs) return readWholeJob(deps, job);
    const pauseMs = Math.min(MAX_PAUSE_MS, Math.max(MIN_PAUSE_MS, waitedMs / 5));
    await scheduler.wait(Math.min(pauseMs, timeoutMs - waitedMs));
  }
}
