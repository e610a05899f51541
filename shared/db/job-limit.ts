import type { Announcement } from "../upload-event.ts";

/** How many jobs of a key may be unfinished at once. `insertJobs` keeps it; jobs of keys without a limit are not counted. */
export interface JobLimit {
  readonly keyId: string;
  readonly maxConcurrentJobs: number;
}

/** Whether a submission would be refused now. Reads as many index rows as the limit at most. */
export async function isAtLimit(db: D1Database, { keyId, maxConcurrentJobs }: JobLimit): Promise<boolean> {
  const unfinished = await db
    .prepare(`SELECT count(*) AS n FROM (SELECT 1 FROM jobs WHERE limited_key = ?1 AND finalized_at IS NULL LIMIT ?2)`)
    .bind(keyId, maxConcurrentJobs)
    .first<number>("n");
  return (unfinished ?? 0) >= maxConcurrentJobs;
}

/** Whether an upload had become a job, which may be pruned by now. */
export async function wasJob(db: D1Database, { bucket, key, etag }: Announcement): Promise<boolean> {
  const found = await db
    .prepare(`SELECT 1 FROM uploads WHERE bucket = ?1 AND key = ?2 AND etag = ?3 AND job_id IS NOT NULL`)
    .bind(bucket, key, etag)
    .first();
  return found !== null;
}
