// What D1 knows of having been set back to an earlier moment.
import { RECORDS_PREFIX } from "../../uploads/storage.ts";

import { DAY_MS } from "../../durations.ts";

/** The sweep has gone through the inbox by then: a job that is described later has no results from before. */
const FOUND_AGAIN_MS = DAY_MS;

/** A task may wait for a budget until the end of a month. */
const IN_FORCE_MS = 31 * DAY_MS;

/** Maintenance puts the clock on each minute: a clock that is behind may be that of a database that was set back just now. */
const STALE_MS = 150_000;

/** The clock's cursor. */
export const CLOCK = "clock";

/**
 * Whether job `j` may have results in the bucket that the database knows nothing of, since it was set back, or may have
 * been: SQL of our own. Two rows are read.
 */
export const mayBeStored = (now: string) =>
  `(EXISTS (SELECT 1 FROM restores r WHERE j.created_at < r.found_at + ${FOUND_AGAIN_MS} AND r.found_at > ${now} - ${IN_FORCE_MS})
    OR EXISTS (SELECT 1 FROM cursors c WHERE c.name = '${CLOCK}' AND CAST(c.value AS INTEGER) < ${now} - ${STALE_MS}))`;

export interface Restore {
  readonly foundAt: number;
  /** The last run of maintenance that the database knew of. */
  readonly wentBackTo: number;
  /** The key of the last object that was taken up; empty for none yet. */
  readonly takenUpTo: string;
}

/** Note a restore. Jobs under way lose their limits of time: these may have been kept by what the database has forgotten. */
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
    db.prepare(`UPDATE jobs SET deadline_at = NULL WHERE deadline_at IS NOT NULL AND finalized_at IS NULL`),
    db.prepare(
      `UPDATE jobs SET start_by = NULL WHERE start_by IS NOT NULL AND started_at IS NULL AND finalized_at IS NULL`,
    ),
  ]);
}

/** The clock is a cursor that never goes back: a run that comes late must not look like a restore to the next. */
export async function putClockOn(db: D1Database, now: number): Promise<void> {
  await db
    .prepare(
      `INSERT INTO cursors (name, value) VALUES (?1, ?2)
       ON CONFLICT (name) DO UPDATE SET value = max(CAST(value AS INTEGER), CAST(excluded.value AS INTEGER))`,
    )
    .bind(CLOCK, String(now))
    .run();
}

/** One of which something in the bucket has not been taken up yet; null for none. */
export async function findRestore(db: D1Database): Promise<Restore | null> {
  return db
    .prepare(
      `SELECT found_at AS foundAt, went_back_to AS wentBackTo, taken_up_to AS takenUpTo
         FROM restores WHERE done_at IS NULL ORDER BY found_at LIMIT 1`,
    )
    .first<Restore>();
}

/** How far it has come; `doneAt` when that is all. */
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
 * Whether this run of maintenance has looked whether the database was set back, and knows by now what was deleted and
 * what was taken over since: an object of the inbox without a job may be one whose job was deleted.
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

/** What was learnt for a restore that was done before this moment is of no use any more: its tasks have all come to an end. */
export function overBefore(now: number): number {
  return now - IN_FORCE_MS;
}

/** Whether there is a restore that was done before this moment. Most databases were never set back: for them it reads nothing. */
export async function isAnyRestoreOver(db: D1Database, before: number): Promise<boolean> {
  return (await db.prepare(`SELECT 1 AS one FROM restores WHERE done_at < ?1 LIMIT 1`).bind(before).first()) !== null;
}

/** Forget restores that were done before this moment, with what was learnt of deletions for them. */
export async function deleteRestores(db: D1Database, before: number): Promise<void> {
  await db.batch(
    [
      `DELETE FROM tombstones WHERE taken_up_at < ?1`,
      // Of jobs that did not come back.
      `DELETE FROM transcript_versions
        WHERE created_at < ?1 AND NOT EXISTS (SELECT 1 FROM jobs j WHERE j.id = transcript_versions.job_id)`,
      `DELETE FROM restores WHERE done_at < ?1`,
    ].map((sql) => db.prepare(sql).bind(before)),
  );
}
