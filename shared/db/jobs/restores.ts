// What D1 knows about its own restore to an earlier moment.
import { RECORDS_PREFIX } from "../../uploads/storage.ts";

import { DAY_MS } from "../../durations.ts";

/** The sweep has gone through the inbox by then: a job that is submitted later has no earlier results. */
const FOUND_AGAIN_MS = DAY_MS;

/** A task may wait for a budget until the end of a month. */
const IN_FORCE_MS = 31 * DAY_MS;

/** Maintenance advances the clock each minute. If the clock is behind, the database may have been set back just now. */
const STALE_MS = 150_000;

/** The name of the clock's cursor. */
export const CLOCK = "clock";

/** The name of a cursor: jobs submitted before that time may have results in the bucket that the database does not know. */
export const LISTED_BEFORE = "listed_before";

/**
 * Whether job `j` may have results in the bucket that the database does not know, because the database was set back or may have
 * been: SQL of our own. Two rows are read.
 */
export const mayBeStored = (now: string) =>
  `(EXISTS (SELECT 1 FROM restores r WHERE j.created_at < r.found_at + ${FOUND_AGAIN_MS} AND r.found_at > ${now} - ${IN_FORCE_MS})
    OR EXISTS (SELECT 1 FROM cursors c WHERE c.name = '${CLOCK}' AND CAST(c.value AS INTEGER) < ${now} - ${STALE_MS}))`;

export interface Restore {
  readonly foundAt: number;
  /** The last run of maintenance that the database knew of. */
  readonly wentBackTo: number;
  /** The key of the last object that was taken up; empty if none was. */
  readonly takenUpTo: string;
}

/** Record a restore. Unfinished jobs lose their time limits: they may have met them in the time that the database has forgotten. */
export async function insertRestore(
  db: D1Database,
  { foundAt, wentBackTo }: Omit<Restore, "takenUpTo">,
): Promise<void> {
  await db.batch([
    db
      .prepare(
        `INSERT INTO restores (found_at, went_back_to, taken_up_to) VALUES (?1, ?2, '') ON CONFLICT (found_at) DO NOTHING`,
      )
      .bind(foundAt, wentBackTo),
    db
      .prepare(
        `INSERT INTO cursors (name, value) VALUES ('${LISTED_BEFORE}', ?1) ON CONFLICT (name) DO UPDATE SET value = excluded.value`,
      )
      .bind(String(foundAt + FOUND_AGAIN_MS)),
    db.prepare(`UPDATE jobs SET deadline_at = NULL WHERE deadline_at IS NOT NULL AND finalized_at IS NULL`),
    db.prepare(
      `UPDATE jobs SET start_by = NULL WHERE start_by IS NOT NULL AND started_at IS NULL AND finalized_at IS NULL`,
    ),
  ]);
}

/** Advance the clock. It is a cursor that never goes back: a run that comes late must not look like a restore to the next run. */
export async function putClockOn(db: D1Database, now: number): Promise<void> {
  await db
    .prepare(
      `INSERT INTO cursors (name, value) VALUES (?1, ?2)
       ON CONFLICT (name) DO UPDATE SET value = max(CAST(value AS INTEGER), CAST(excluded.value AS INTEGER))`,
    )
    .bind(CLOCK, String(now))
    .run();
}

/** Find a restore for which something in the bucket is not taken up yet; null if there is none. */
export async function findRestore(db: D1Database): Promise<Restore | null> {
  return db
    .prepare(
      `SELECT found_at AS foundAt, went_back_to AS wentBackTo, taken_up_to AS takenUpTo
         FROM restores WHERE done_at IS NULL ORDER BY found_at LIMIT 1`,
    )
    .first<Restore>();
}

/** Store how far a restore has come; `doneAt` when it is complete. */
export async function moveRestore(
  db: D1Database,
  { foundAt, takenUpTo, doneAt }: Omit<Restore, "wentBackTo"> & { doneAt: number | null },
): Promise<void> {
  await db
    .prepare(`UPDATE restores SET taken_up_to = ?2, done_at = ?3 WHERE found_at = ?1`)
    .bind(foundAt, takenUpTo, doneAt)
    .run();
}

/**
 * Return whether this run of maintenance has checked if the database was set back, and knows by now what was deleted and reused
 * since. Until then, an object of the inbox without a job may be one whose job was deleted.
 */
export async function knowsDeletions(db: D1Database, now: number): Promise<boolean> {
  const row = await db
    .prepare(
      `SELECT EXISTS (SELECT 1 FROM cursors WHERE name = '${CLOCK}' AND CAST(value AS INTEGER) >= ?1)
              AND NOT EXISTS (SELECT 1 FROM restores WHERE done_at IS NULL
                                AND substr(taken_up_to, 1, ${RECORDS_PREFIX.length}) <> '${RECORDS_PREFIX}') AS knows`,
    )
    .bind(now)
    .first<{ knows: number }>();
  return row?.knows === 1;
}

/** Facts collected for a restore that was done before this moment are not needed any more: its tasks have all ended. */
export function overBefore(now: number): number {
  return now - IN_FORCE_MS;
}

/** Return whether a restore was done before this moment. Most databases were never set back: for them this reads nothing. */
export async function isAnyRestoreOver(db: D1Database, before: number): Promise<boolean> {
  return (await db.prepare(`SELECT 1 AS one FROM restores WHERE done_at < ?1 LIMIT 1`).bind(before).first()) !== null;
}

/** Delete restores that were done before this moment, with the deletions that were noted for them. */
export async function deleteRestores(db: D1Database, before: number): Promise<void> {
  await db.batch(
    [
      `DELETE FROM tombstones WHERE taken_up_at < ?1`,
      // Versions of jobs that did not come back.
      `DELETE FROM transcript_versions
        WHERE created_at < ?1 AND NOT EXISTS (SELECT 1 FROM jobs j WHERE j.id = transcript_versions.job_id)`,
      `DELETE FROM restores WHERE done_at < ?1`,
    ].map((sql) => db.prepare(sql).bind(before)),
  );
}
