const MINUTE_MS = 60_000;

/** A person who mistypes, or a program that was not told of a new key, asks a few times. */
export const MAX_FAILURES_A_MINUTE = 30;

/** So long after its last failure nobody counts an address any more. */
const KEPT_MINUTES = 60;

/**
 * Count a request without a valid key, for all Workers together: one row read, and one written below the limit.
 * @param bucket of the address that sent it. @returns false if as many have come from it in this minute.
 */
export async function countFailure(db: D1Database, bucket: number, now: number): Promise<boolean> {
  const { meta } = await db
    .prepare(
      `INSERT INTO failed_authentications (bucket, minute, failures) VALUES (?1, ?2, 1)
       ON CONFLICT (bucket) DO UPDATE
          SET failures = iif(minute < excluded.minute, 0, failures) + 1, minute = max(minute, excluded.minute)
        WHERE minute < excluded.minute OR failures < ?3`,
    )
    .bind(bucket, Math.floor(now / MINUTE_MS), MAX_FAILURES_A_MINUTE)
    .run();
  return meta.changes === 1;
}

/** Until the next minute. */
export function secondsToNextMinute(now: number): number {
  return Math.ceil((MINUTE_MS - (now % MINUTE_MS)) / 1000);
}

/** @returns how many rows were forgotten, at most `limit`. */
export async function pruneFailures(db: D1Database, now: number, limit: number): Promise<number> {
  const { meta } = await db
    .prepare(
      `DELETE FROM failed_authentications
        WHERE bucket IN (SELECT bucket FROM failed_authentications WHERE minute < ?1 LIMIT ?2)`,
    )
    .bind(Math.floor(now / MINUTE_MS) - KEPT_MINUTES, limit)
    .run();
  return meta.changes;
}
