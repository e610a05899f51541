import { MINUTE_MS } from "../../durations.ts";

/** A person who mistypes, or a program that does not have the new key yet, tries a few times. */
export const MAX_FAILURES_A_MINUTE = 30;

/** The limit for one IPv6 site, a /48, whose holder has 65,536 networks: that of ten networks. */
export const MAX_SITE_FAILURES_A_MINUTE = 10 * MAX_FAILURES_A_MINUTE;

/** How long after its last failure an address is still kept. */
const KEPT_MINUTES = 60;

/** A bucket that a request counts in, and how many requests it allows a minute. */
export interface FailureBucket {
  readonly bucket: number;
  readonly limit: number;
}

/**
 * Count a request without a valid key in each of these buckets, for all Workers together. Reads a row or two for each, and
 * writes one. If one is full, nothing is counted in any: a refused request does not use up another limit.
 * @returns the buckets that are full now; `isCounted` is false for a request beyond a limit.
 */
export async function countFailure(
  db: D1Database,
  buckets: readonly FailureBucket[],
  now: number,
): Promise<{ readonly isCounted: boolean; readonly full: readonly number[] }> {
  const values = [JSON.stringify(buckets), Math.floor(now / MINUTE_MS)];
  const full = `SELECT f.bucket FROM json_each(?1) n JOIN failed_authentications f ON f.bucket = n.value ->> 'bucket'
                 WHERE f.minute >= ?2 AND f.failures >= n.value ->> 'limit'`;
  const [counted, found] = await db.batch<{ bucket: number }>([
    db
      .prepare(
        `INSERT INTO failed_authentications (bucket, minute, failures)
         SELECT value ->> 'bucket', ?2, 1 FROM json_each(?1) WHERE NOT EXISTS (${full})
         ON CONFLICT (bucket) DO UPDATE
            SET failures = iif(minute < excluded.minute, 0, failures) + 1, minute = max(minute, excluded.minute)`,
      )
      .bind(...values),
    db.prepare(full).bind(...values),
  ]);
  return {
    isCounted: (counted?.meta.changes ?? 0) > 0,
    full: (found?.results ?? []).map(({ bucket }) => bucket),
  };
}

/** Return the seconds until the next minute. */
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
