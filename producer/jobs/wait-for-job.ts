import { type JobDetail, readJob } from "../../shared/db/jobs/reads.ts";

/** A pause is a fifth of the time waited so far: a quick job is noticed quickly, a slow one asks little of D1. */
const MIN_PAUSE_MS = 100;
const MAX_PAUSE_MS = 1000;

/**
 * Wait until a job has ended, at most so long. Asks D1 for one row of one column at a time: some 70 times a minute.
 * @returns the job as it is then, ended or not; null if there is none, or it is someone else's.
 */
export async function waitForJob(
  db: D1Database,
  job: { id: string; ownerId: string },
  timeoutMs: number,
): Promise<JobDetail | null> {
  const startedAt = Date.now();
  const state = db
    .prepare(`SELECT finalized_at IS NOT NULL AS hasEnded FROM jobs WHERE id = ?1 AND owner_id = ?2`)
    .bind(job.id, job.ownerId);
  for (;;) {
    const hasEnded = await state.first<0 | 1>("hasEnded");
    const waitedMs = Date.now() - startedAt;
    if (hasEnded !== 0 || waitedMs >= timeoutMs) return readJob(db, job);
    const pauseMs = Math.min(MAX_PAUSE_MS, Math.max(MIN_PAUSE_MS, waitedMs / 5));
    await scheduler.wait(Math.min(pauseMs, timeoutMs - waitedMs));
  }
}
