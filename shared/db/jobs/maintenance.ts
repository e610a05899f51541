import { CHECK_AFTER_MS, firstToCheck } from "../tasks/check-at.ts";
import type { Announcement } from "../../uploads/announcement.ts";
import { MINUTE_MS } from "../../durations.ts";
import { isAccountHeld } from "../cost/holds.ts";
import { DAY_MS } from "../../durations.ts";

/** A running task whose consumer has not renewed its lease. */
export interface ExpiredLease {
  readonly id: string;
  readonly leaseId: string;
  readonly leasedAt: number;
  /** How often this task was lost before, and how often of these while it ran alone and was not waiting for an answer. */
  readonly lost: number;
  readonly lostAlone: number;
  /** Whether it ran alone and was not waiting this time, too. */
  readonly isAlone: boolean;
}

/**
 * SQL: the models for whose tasks messages are on their way, until when, and how many milliseconds each takes. Only those whose flow
 * has not stopped: they were leased in this minute or the one before (?5).
 */
const FLOWS = `
  flows (model, until, apart) AS MATERIALIZED (
    SELECT m.model, CAST(m.woken_until AS INTEGER), ${MINUTE_MS}.0 / max(1, l.value)
      FROM json_each(?7) l CROSS JOIN model_minutes m ON m.model = l.key
     WHERE m.woken_until > ?1 AND m.minute >= ?5
  )`;

/**
 * Take tasks that have been due for `graceMs` without a lease: their wake-up was lost, or still waits in a long queue. Each
 * gets another wake-up, and counts as due again after one grace, so its next wake-up is two graces away. So a message in a long
 * queue does not count as lost, and a busy queue is not flooded with duplicates. Tasks of a paused kind, or held with the
 * account, are read and left as they are: reading two rows each run costs less than writing them once, and they are still due
 * when the pause or the hold ends. Tasks whose model is asked as often as it allows are not woken again while messages for it
 * are on their way, if there are as many messages as tasks: the tasks are looked at after these messages.
 */
export async function takeDueTasks(
  db: D1Database,
  {
    now,
    graceMs,
    limit,
    callsAMinute,
  }: { now: number; graceMs: number; limit: number; callsAMinute: Readonly<Record<string, number>> },
): Promise<readonly string[]> {
  const due = firstToCheck(
    `t.check_at <= ?2 AND t.kind NOT IN (SELECT task_kind FROM pauses) AND (t.model IS NULL OR NOT ${isAccountHeld("?1")})`,
    "?4",
  );
  const { results } = await db
    .prepare(
      `WITH ${FLOWS}
       UPDATE tasks SET check_at = max(?3, coalesce(d.until + ?6, 0)), state = 'available'
         FROM (SELECT w.id, iif(w.place * f.apart <= f.until - ?1, f.until, NULL) AS until
                 FROM (SELECT t.id, t.model, row_number() OVER (PARTITION BY t.model ORDER BY t.check_at) AS place
                         FROM (${due}) c CROSS JOIN tasks t ON t.id = c.id) w
                      LEFT JOIN flows f ON f.model = w.model) d
        WHERE tasks.id = d.id
       RETURNING id, check_at > ?3 AS isUnderWay`,
    )
    .bind(
      now,
      now + CHECK_AFTER_MS - graceMs,
      now + CHECK_AFTER_MS + graceMs,
      limit,
      Math.floor(now / MINUTE_MS) - 1,
      CHECK_AFTER_MS + graceMs,
      JSON.stringify(callsAMinute),
    )
    .all<{ id: string; isUnderWay: number }>();
  return results.flatMap(({ id, isUnderWay }) => (isUnderWay === 1 ? [] : [id]));
}

export async function findExpiredLeases(db: D1Database, now: number, limit: number): Promise<readonly ExpiredLease[]> {
  const { results } = await db
    .prepare(
      `SELECT id, lease_id AS leaseId, leased_at AS leasedAt, lost, lost_alone AS lostAlone,
              is_waiting = 0 AND NOT EXISTS (
                SELECT 1 FROM tasks n WHERE n.finalized_at IS NULL AND n.state = 'running' AND n.check_at = t.check_at
                                        AND n.lease_id = t.lease_id AND n.id <> t.id) AS isAlone
         FROM tasks t WHERE finalized_at IS NULL AND check_at < ?1 AND state = 'running' ORDER BY check_at LIMIT ?2 + 0`,
    )
    .bind(now, limit)
    .all<Omit<ExpiredLease, "isAlone"> & { isAlone: number }>();
  return results.map((row) => ({ ...row, isAlone: row.isAlone === 1 }));
}

/** An object of the bucket, and when it was last stored: epoch milliseconds. */
export interface StoredObject {
  readonly bucket: string;
  readonly key: string;
  readonly etag: string;
  readonly uploadedAt: number;
}

/**
 * Return those of the objects that were never recorded as an upload. If an object was stored again with the same bytes, its row gets
 * the new date: rows are deleted at an age, and the sweep would then find the object without one.
 */
export async function findUnknownUploads(
  db: D1Database,
  objects: readonly StoredObject[],
): Promise<readonly Announcement[]> {
  const { results } = await db
    .prepare(
      `SELECT o.value ->> 'bucket' AS bucket, o.value ->> 'key' AS key, o.value ->> 'etag' AS etag, o.value ->> 'uploadedAt' AS uploadedAt,
              u.key IS NOT NULL AS isKnown
         FROM json_each(?1) o LEFT JOIN uploads u
              ON u.bucket = o.value ->> 'bucket' AND u.key = o.value ->> 'key' AND u.etag = o.value ->> 'etag'
        WHERE u.key IS NULL OR u.created_at < o.value ->> 'uploadedAt' - ${DAY_MS}`,
    )
    .bind(JSON.stringify(objects))
    .all<StoredObject & { isKnown: number }>();
  const again = results.filter(({ isKnown }) => isKnown === 1);
  if (again.length > 0) {
    await db
      .prepare(
        `UPDATE uploads SET created_at = o.value ->> 'uploadedAt' FROM json_each(?1) o
          WHERE uploads.bucket = o.value ->> 'bucket' AND uploads.key = o.value ->> 'key' AND uploads.etag = o.value ->> 'etag'`,
      )
      .bind(JSON.stringify(again))
      .run();
  }
  return results.flatMap(({ bucket, key, etag, isKnown }) => (isKnown === 1 ? [] : [{ bucket, key, etag }]));
}

/** The name of the cursor with the time before which rows of uploads have ended: a setting that is raised does not bring them back. */
const UPLOADS_ENDED = "uploads_ended_before";

/** Return until when rows of uploads have ended, with a day to spare: an object stored before may have had its job. */
export async function readForgottenTo(db: D1Database): Promise<number> {
  return Number((await readCursor(db, UPLOADS_ENDED)) ?? -DAY_MS) + DAY_MS;
}

/** Note this before rows of uploads are deleted. Once an hour it writes a row. */
export async function noteForgotten(db: D1Database, before: number): Promise<void> {
  const known = Number((await readCursor(db, UPLOADS_ENDED)) ?? 0);
  if (before > known) await writeCursor(db, UPLOADS_ENDED, String(before));
}

export async function readCursor(db: D1Database, name: string): Promise<string | null> {
  return db.prepare(`SELECT value FROM cursors WHERE name = ?1`).bind(name).first<string>("value");
}

/** Store how far a duty has come; null forgets it, so that the next run starts over. */
export async function writeCursor(db: D1Database, name: string, value: string | null): Promise<void> {
  const statement =
    value === null
      ? db.prepare(`DELETE FROM cursors WHERE name = ?1`).bind(name)
      : db
          .prepare(
            `INSERT INTO cursors (name, value) VALUES (?1, ?2) ON CONFLICT (name) DO UPDATE SET value = excluded.value`,
          )
          .bind(name, value);
  await statement.run();
}
