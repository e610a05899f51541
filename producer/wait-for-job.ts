import { type JobDetail, readJob } from "../shared/db/job-reads.ts";

const FIRST_PAUSE_MS = 100;
/** Five minutes are then some 300 queries; an invocation may make 1,000 on the Free plan. */
const LONGEST_PAUSE_MS = 1000;

/**
 * The job as it is once it has ended, or when the time is up: `finalizedAt` tells which. Null if there is none or it is
 * someone else's. A client that hangs up ends the waiting, not the job.
 */
export async function waitForJob(
  db: D1Database,
  job: { id: string; ownerId: string },
  timeoutMs: number,
): Promise<JobDetail | null> {
  const until = Date.now() + timeoutMs;
  for (let pauseMs = FIRST_PAUSE_MS; ; pauseMs = Math.min(pauseMs * 1.5, LONGEST_PAUSE_MS)) {
    const isOver = await db
      .prepare(`SELECT finalized_at IS NOT NULL AS isOver FROM jobs WHERE id = ?1`)
      .bind(job.id)
      .first<number>("isOver");
    const leftMs = until - Date.now();
    if (isOver !== 0 || leftMs <= 0) return readJob(db, job);
    await new Promise((resolve) => setTimeout(resolve, Math.min(pauseMs, leftMs)));
  }
}
