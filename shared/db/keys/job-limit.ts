import { UPLOADS_PREFIX } from "../../uploads/storage.ts";
import type { Announcement } from "../../uploads/announcement.ts";

/** How many jobs of a key may be unfinished at once. `insertJobs` enforces it; jobs of keys without a limit are not counted. */
export interface JobLimit {
  readonly keyId: string;
  readonly maxConcurrentJobs: number;
}

/** Return whether a submission would be refused now. Reads at most as many index rows as the limit. */
export async function isAtLimit(db: D1Database, { keyId, maxConcurrentJobs }: JobLimit): Promise<boolean> {
  const unfinished = await db
    .prepare(`SELECT count(*) AS n FROM (SELECT 1 FROM jobs WHERE limited_key = ?1 AND finalized_at IS NULL LIMIT ?2)`)
    .bind(keyId, maxConcurrentJobs)
    .first<number>("n");
  return (unfinished ?? 0) >= maxConcurrentJobs;
}

/** SQL: whether a key (SQL of our own) may become only one job, even if other bytes are put there later. */
export function isOneJob(key: string): string {
  return `substr(${key}, 1, ${UPLOADS_PREFIX.length}) = '${UPLOADS_PREFIX}'`;
}

/** Find the bytes with which an upload became a job, which may be pruned by now; null if it became none. */
export async function findUploadsJob(
  db: D1Database,
  { bucket, key, etag }: Announcement,
): Promise<{ readonly etag: string } | null> {
  return db
    .prepare(
      `SELECT etag FROM uploads INDEXED BY uploads_with_job
        WHERE bucket = ?1 AND key = ?2 AND job_id IS NOT NULL AND (etag = ?3 OR ${isOneJob("key")})
        ORDER BY etag = ?3 DESC LIMIT 1`,
    )
    .bind(bucket, key, etag)
    .first<{ etag: string }>();
}
