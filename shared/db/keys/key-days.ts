import { DAY_MS, utcDay } from "../../durations.ts";

/** A key's daily allowance of bytes. */
export interface ByteAllowance {
  readonly keyId: string;
  readonly maxBytesADay: number;
}

/**
 * Take bytes from today's allowance before they are stored, so that concurrent uploads cannot share what is left. Reads and
 * writes one row.
 * @returns false if fewer bytes are left for the day.
 */
export async function takeUploadBytes(
  db: D1Database,
  { keyId, maxBytesADay }: ByteAllowance,
  bytes: number,
  now: number,
): Promise<boolean> {
  const taken = await db
    .prepare(
      `INSERT INTO key_days (key_id, day, bytes) SELECT ?1, ?2, ?3 WHERE ?3 <= ?4
       ON CONFLICT (key_id) DO UPDATE SET day = ?2, bytes = iif(day = ?2, bytes, 0) + ?3
        WHERE iif(day = ?2, bytes, 0) + ?3 <= ?4`,
    )
    .bind(keyId, utcDay(now), bytes, maxBytesADay)
    .run();
  return taken.meta.changes === 1;
}

/** Give back bytes that were taken at `now` and not stored. */
export async function returnUploadBytes(db: D1Database, keyId: string, bytes: number, now: number): Promise<void> {
  await db
    .prepare(`UPDATE key_days SET bytes = max(0, bytes - ?3) WHERE key_id = ?1 AND day = ?2`)
    .bind(keyId, utcDay(now), bytes)
    .run();
}

/** Return the seconds until the next allowance. */
export function secondsToMidnight(now: number): number {
  return Math.ceil((DAY_MS - (now % DAY_MS)) / 1000);
}
