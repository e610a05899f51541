// Deletes jobs from D1. Objects and vectors elsewhere are deleted afterwards, as `deletions` lists them. If a deletion dies
// half-way, maintenance finishes it.
import type { JobKind } from "../../kinds/index.ts";
import { type Actor, insertAudit } from "../keys/audit.ts";
import { handOverPassages } from "../search/words.ts";
import { clearTraces, type DeletedJobs, forgetJobs } from "./forget-jobs.ts";
import { isDescribed, RECORDED_MS } from "./records.ts";
import { uploadJobId } from "../../uploads/announcement.ts";
import { MEDIA_BUCKET, uploadIdOf } from "../../uploads/storage.ts";

/** An invocation lasts at most fifteen minutes. After this time no attempt of a deleted job can store anything. */
export const LATE_MS = 20 * 60_000;

/** A record may be written of a job while the job is deleted, so the record is looked for again after this time. */
const RECORDING_MS = 5 * 60_000;

/** The request that asked for the deletion also deletes the objects. Maintenance leaves it this much time. */
const OWN_MS = 60_000;

/** A job to delete. */
export interface Target {
  readonly id: string;
  /** Delete it only if it belongs to this owner. */
  readonly ownerId?: string;
  /** Delete it only if it ended before this time: epoch milliseconds. */
  readonly endedBefore?: number;
  /** Delete it only if it was submitted before this time: epoch milliseconds. */
  readonly createdBefore?: number;
  /** Delete its source too, unless another job reads it. */
  readonly withSource?: boolean;
}

/** What is left of a deleted job. */
export interface Leftover {
  readonly jobId: string;
  readonly ownerId: string;
  /** The job whose objects it shared. */
  readonly reusedFrom: string | null;
  readonly passageIds: readonly string[];
  /** Without an etag, it is the object that the job's id comes from: its row said no more, and its line is lost. */
  readonly source: { readonly key: string; readonly etag: string | null } | null;
  /** When the job was submitted, if the bucket has a record of it; null if not. */
  readonly recordedAt: number | null;
  /** When a client asked for the deletion; null if only the retention was over. */
  readonly askedAt: number | null;
  /** When it was deleted, if the bucket must remember that in case the database is set back; null if not. */
  readonly rememberedAt: number | null;
  /** Until when an attempt may still store something: epoch milliseconds. */
  readonly until: number;
}

interface LeftoverRow extends Omit<Leftover, "passageIds" | "source"> {
  readonly passageIds: string;
  readonly source: string | null;
}

const LEFTOVER = `job_id AS jobId, owner_id AS ownerId, reused_from AS reusedFrom, passage_ids AS passageIds, source, until,
                  recorded_at AS recordedAt, iif(is_asked, asked_at, NULL) AS askedAt,
                  iif(is_asked OR may_return, asked_at, NULL) AS rememberedAt`;

/** The jobs of ?1 (JSON array of targets) that this batch deletes: those remembered at ?2. */
const DELETED = `SELECT x.job_id FROM json_each(?1) d JOIN deletions x ON x.job_id = d.value ->> 'id' AND x.asked_at = ?2`;

/**
 * Whether an attempt may have paid for calls that are reported neither in its own row nor by a later attempt that reuses its
 * result.
 */
const UNTOLD = `a.usage IS NULL AND a.outcome IN ('lost', 'cancelled') AND a.finished_at > ?2 - ${LATE_MS}
  AND NOT EXISTS (SELECT 1 FROM attempts l, json_each(l.usage) r
                   WHERE l.task_id = a.task_id AND l.number > a.number AND r.value ->> 'recalledFrom' = a.number)`;

/**
 * Delete jobs from D1 with everything that belongs to them, in one transaction, even if they are running. A running attempt
 * then settles nothing, but its cost is still counted. Totals stay in `usage_days`. If a client deletes the job, they also stay
 * in the audit log.
 * @returns what is left of the jobs that were deleted.
 */
export async function beginDeletions(
  db: D1Database,
  targets: readonly Target[],
  { now, actor }: { now: number; actor?: Actor },
): Promise<readonly Leftover[]> {
  if (targets.length === 0) return [];
  const rows = JSON.stringify(targets);
  const deleted: DeletedJobs = { ids: DELETED, values: [rows, now] };
  const of = (sql: string) => db.prepare(sql).bind(rows, now);
  const results = await db.batch<LeftoverRow>([
    db
      .prepare(
        `INSERT INTO deletions (job_id, owner_id, kind, reused_from, passage_ids, source, recorded_at, is_asked, may_return, asked_at, due_at, until)
         SELECT j.id, j.owner_id, j.kind, j.reused_from,
                (SELECT json_group_array(p.id) FROM passages p WHERE p.job_id = j.id),
                iif(d.value ->> 'withSource' AND j.input ->> '$.source.key' IS NOT NULL,
                    json_object('key', j.input ->> '$.source.key', 'etag', coalesce(j.input ->> '$.source.etag',
                      -- The row of an archived job does not have it.
                      (SELECT u.etag FROM uploads u WHERE u.bucket = ?5 AND u.key = j.input ->> '$.source.key' AND u.job_id = j.id))), NULL),
                iif(j.created_at > ?2 - ${RECORDED_MS} AND ${isDescribed("?5")}, j.created_at, NULL), ?4,
                d.value ->> 'endedBefore' IS NOT NULL AND j.finalized_at > ?2 - ${RECORDED_MS},
                ?2, ?3,
                iif(EXISTS (SELECT 1 FROM tasks t WHERE t.job_id = j.id AND t.state = 'running')
                    OR EXISTS (SELECT 1 FROM tasks t JOIN attempts a ON a.task_id = t.id
                                WHERE t.job_id = j.id AND a.outcome IN ('lost', 'cancelled') AND a.finished_at > ?2 - ${LATE_MS}),
                    ?2 + ${LATE_MS}, iif(j.created_at > ?2 - ${RECORDING_MS}, ?2 + ${RECORDING_MS}, ?2))
           FROM json_each(?1) d JOIN jobs j ON j.id = d.value ->> 'id'
          WHERE j.owner_id = coalesce(d.value ->> 'ownerId', j.owner_id)
            AND j.created_at < coalesce(d.value ->> 'createdBefore', 1e15)
            AND (d.value ->> 'endedBefore' IS NULL OR j.finalized_at < d.value ->> 'endedBefore')
         ON CONFLICT (job_id) DO UPDATE
            SET reused_from = coalesce(excluded.reused_from, reused_from),
                -- A late attempt of an earlier job with this id may still write its vectors.
                passage_ids = (SELECT json_group_array(value)
                                 FROM (SELECT value FROM json_each(deletions.passage_ids)
                                       UNION SELECT value FROM json_each(excluded.passage_ids))),
                source = excluded.source, recorded_at = coalesce(excluded.recorded_at, recorded_at),
                is_asked = excluded.is_asked, may_return = excluded.may_return,
                asked_at = excluded.asked_at, due_at = excluded.due_at, until = max(until, excluded.until)`,
      )
      .bind(rows, now, now + OWN_MS, Number(actor !== undefined), MEDIA_BUCKET),
    of(
      `INSERT INTO deleted_attempts (task_id, number, job_id, owner_id, kind)
       SELECT t.id, t.attempt, j.id, j.owner_id, j.kind FROM jobs j JOIN tasks t ON t.job_id = j.id
        WHERE j.id IN (${DELETED}) AND t.state = 'running'
       UNION
       SELECT a.task_id, a.number, j.id, j.owner_id, j.kind
         FROM jobs j JOIN tasks t ON t.job_id = j.id JOIN attempts a ON a.task_id = t.id
        WHERE j.id IN (${DELETED}) AND ${UNTOLD}
       ON CONFLICT DO NOTHING`,
    ),
    ...clearTraces(db, deleted),
    ...(actor === undefined ? [] : targets.map(({ id }) => auditDeletion(db, id, actor, now))),
    handOverPassages(db, DELETED, deleted.values),
    ...forgetJobs(db, deleted),
    of(`SELECT ${LEFTOVER} FROM deletions WHERE job_id IN (${DELETED})`),
  ]);
  return (results.at(-1)?.results ?? []).map(leftoverOf);
}

/** Audit a deletion with what the job has cost, because its receipt is gone. */
function auditDeletion(db: D1Database, id: string, actor: Actor, now: number): D1PreparedStatement {
  return insertAudit(
    db,
    actor,
    { act: "job.delete", subject: id, now },
    `EXISTS (SELECT 1 FROM deletions WHERE job_id = ?1 AND owner_id = ?2 AND asked_at = ?7)`,
    `(SELECT json_object('kind', j.kind, 'state', j.state, 'createdAt', j.created_at, 'finishedAt', j.finalized_at,
                         'attempts', count(a.number), 'neurons', total(a.neurons) + coalesce(j.archive_neurons, 0))
        FROM jobs j LEFT JOIN tasks t ON t.job_id = j.id LEFT JOIN attempts a ON a.task_id = t.id WHERE j.id = ?1)`,
  );
}

// Our own JSON, from beginDeletions.
function leftoverOf({ passageIds, source, ...row }: LeftoverRow): Leftover {
  return {
    ...row,
    passageIds: JSON.parse(passageIds) as string[],
    source: source === null ? null : (JSON.parse(source) as Leftover["source"]),
  };
}

/** Find deleted jobs of which something may be left, the one due longest first. */
export async function findLeftovers(db: D1Database, now: number, limit: number): Promise<readonly Leftover[]> {
  const { results } = await db
    .prepare(`SELECT ${LEFTOVER} FROM deletions WHERE due_at <= ?1 ORDER BY due_at LIMIT ?2`)
    .bind(now, limit)
    .all<LeftoverRow>();
  return results.map(leftoverOf);
}

/** Find what is left of this owner's job; null if it was not deleted, or if all that existed then is gone. */
export async function findLeftover(db: D1Database, job: { id: string; ownerId: string }): Promise<Leftover | null> {
  const row = await db
    .prepare(`SELECT ${LEFTOVER} FROM deletions WHERE job_id = ?1 AND owner_id = ?2 AND due_at <> until`)
    .bind(job.id, job.ownerId)
    .first<LeftoverRow>();
  return row === null ? null : leftoverOf(row);
}

/** What decides whether the objects of a deleted job may go. */
export interface Claims {
  /** A job with this id exists again: an upload was stored once more. */
  readonly isThere: boolean;
  /** Keys that jobs which reuse its result still show, or will show again when they come back after a restore. */
  readonly keys: ReadonlySet<string>;
}

/**
 * @param lapsedBefore epoch milliseconds: claims of jobs that were expected to come back do not count if they were noted before
 * this time.
 */
export async function readClaims(db: D1Database, jobId: string, lapsedBefore: number): Promise<Claims> {
  const [jobs, artifacts, reuses] = await db.batch<{ key: string }>([
    db.prepare(`SELECT id AS key FROM jobs WHERE id = ?1`).bind(jobId),
    db.prepare(`SELECT a.key FROM jobs r JOIN artifacts a ON a.job_id = r.id WHERE r.reused_from = ?1`).bind(jobId),
    db
      .prepare(
        `SELECT a.value ->> 'key' AS key FROM reuses r, json_each(r.artifacts) a WHERE r.reused_from = ?1 AND r.taken_up_at >= ?2`,
      )
      .bind(jobId, lapsedBefore),
  ]);
  return {
    isThere: (jobs?.results.length ?? 0) > 0,
    keys: new Set([artifacts, reuses].flatMap((found) => found?.results.map(({ key }) => key) ?? [])),
  };
}

/** Return whether a job reads this object: the job that was made of it, or another that reads any version of it. */
export async function isSource(
  db: D1Database,
  source: { readonly key: string; readonly etag: string },
): Promise<boolean> {
  const row = await db
    .prepare(
      `SELECT EXISTS (SELECT 1 FROM jobs WHERE id = ?2)
              OR EXISTS (SELECT 1 FROM jobs WHERE input ->> '$.source.key' = ?1 AND is_of_source = 0) AS isSource`,
    )
    .bind(source.key, await uploadJobId({ bucket: MEDIA_BUCKET, ...source }))
    .first<{ isSource: number }>();
  return row?.isSource === 1;
}

/** Forget an object of the bucket that was deleted, because its name may reveal something. */
export async function forgetSource(db: D1Database, { key, etag }: { key: string; etag: string }) {
  await db.batch([
    db.prepare(`DELETE FROM uploads WHERE bucket = ?1 AND key = ?2 AND etag = ?3`).bind(MEDIA_BUCKET, key, etag),
    db.prepare(`DELETE FROM pending_uploads WHERE id = ?1 AND key = ?2`).bind(uploadIdOf(key), key),
    db.prepare(`DELETE FROM readings WHERE bucket = ?1 AND key = ?2 AND etag = ?3`).bind(MEDIA_BUCKET, key, etag),
  ]);
}

/** Record that everything is gone. If an attempt may still be running, the job is looked at once more when it must have ended. */
export async function settleLeftovers(db: D1Database, jobIds: readonly string[], now: number): Promise<void> {
  const ids = JSON.stringify(jobIds);
  await db.batch([
    db
      .prepare(`DELETE FROM deletions WHERE job_id IN (SELECT value FROM json_each(?1)) AND until <= ?2`)
      .bind(ids, now),
    db
      .prepare(
        `UPDATE deletions SET due_at = until, source = NULL
          WHERE job_id IN (SELECT value FROM json_each(?1)) AND until > ?2`,
      )
      .bind(ids, now),
  ]);
}

/** The state of a job that is to be deleted. */
export interface Standing {
  readonly kind: JobKind;
  readonly state: string;
  readonly hasSource: boolean;
  /** Other jobs wait for its result. */
  readonly isFollowed: boolean;
  readonly isArchived: boolean;
}

export async function readStanding(
  db: D1Database,
  { id, ownerId }: { id: string; ownerId: string },
): Promise<Standing | null> {
  const row = await db
    .prepare(
      `SELECT kind, state, input ->> '$.source.key' IS NOT NULL AS hasSource,
              EXISTS (SELECT 1 FROM jobs f WHERE f.follows = jobs.id AND f.state = 'queued') AS isFollowed,
              archive_id IS NOT NULL AS isArchived
         FROM jobs WHERE id = ?1 AND owner_id = ?2`,
    )
    .bind(id, ownerId)
    .first<{ kind: JobKind; state: string; hasSource: number; isFollowed: number; isArchived: number }>();
  return (
    row && {
      ...row,
      hasSource: row.hasSource === 1,
      isFollowed: row.isFollowed === 1,
      isArchived: row.isArchived === 1,
    }
  );
}
