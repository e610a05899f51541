// Prunes many jobs in one transaction. What they leave in the bucket is noted in one row for all of them, so that maintenance finishes
// a prune that stopped half-way.
import { ARCHIVED_NAMES } from "../archive/usual-names.ts";
import { MEDIA_BUCKET } from "../../uploads/storage.ts";
import { LATE_MS } from "./deletions.ts";
import { clearTraces, type DeletedJobs, forgetJobs } from "./forget-jobs.ts";
import { isDescribed, RECORDED_MS } from "./records.ts";
import { LISTED_BEFORE } from "./restores.ts";
import type { ExpiredJob } from "./retention.ts";

/** A job that was pruned, and what it left outside D1. */
export interface PrunedJob {
  readonly id: string;
  /** The names of the objects that its first attempts stored; null if there may be objects that no row names. */
  readonly names: readonly string[] | null;
  readonly passageIds: readonly string[];
  /** When the job was submitted, if the bucket has a record of it; null if not. */
  readonly recordedAt: number | null;
  /** Whether the bucket must remember that the job was pruned: 0 or 1. A database that is set back may not know that it had ended. */
  readonly isRemembered: number;
}

export interface Pruning {
  readonly id: string;
  readonly prunedAt: number;
  readonly jobs: readonly PrunedJob[];
}

/** SQL: whether a person edited the transcript of job `j`, or began to. */
const IS_EDITED = `(EXISTS (SELECT 1 FROM edited_jobs e WHERE e.job_id = j.id)
  OR EXISTS (SELECT 1 FROM transcript_versions v WHERE v.job_id = j.id))`;

/**
 * SQL: JSON of the names of what job `j` has stored, all of it at its first attempt, in their order; null if the bucket must be listed for
 * it. They are known if each task ended at its first attempt, which lists what it has stored besides the job's artifacts. Attempts of an
 * earlier version have no such list. A job without tasks is not completely in this database.
 */
export const STORED_NAMES = `
  iif(j.created_at >= coalesce((SELECT CAST(value AS INTEGER) FROM cursors WHERE name = '${LISTED_BEFORE}'), 0) AND NOT ${IS_EDITED},
      (SELECT iif(max(n.isUnknown) = 0, json_group_array(DISTINCT n.name) FILTER (WHERE n.name IS NOT NULL), NULL)
         FROM (SELECT a.name, NULL AS isUnknown FROM artifacts a WHERE a.job_id = j.id AND j.reused_from IS NULL
               UNION ALL
               SELECT s.value, t.attempt > 1 OR (t.attempt = 1 AND (t.state <> 'completed' OR x.operations -> '$.stored' IS NULL))
                 FROM tasks t LEFT JOIN attempts x ON x.task_id = t.id AND x.number = 1
                      LEFT JOIN json_each(x.operations, '$.stored') s
                WHERE t.job_id = j.id AND t.is_side = 0 -- a webhook's delivery stores nothing
                ORDER BY 1) n),
      NULL)`;

/**
 * Whether job `j` can be pruned with others. A job whose result is shared and would have to be handed over, or one that may still
 * have a running attempt, is deleted on its own (deletions.ts).
 */
const IS_ORDINARY = `
  NOT EXISTS (SELECT 1 FROM jobs r WHERE r.reused_from = j.id)
  AND NOT EXISTS (SELECT 1 FROM reuses r WHERE r.reused_from = j.id)
  AND NOT EXISTS (SELECT 1 FROM reuses r WHERE r.job_id = j.id)
  AND (j.reused_from IS NULL OR EXISTS (SELECT 1 FROM jobs o WHERE o.id = j.reused_from))
  AND NOT EXISTS (SELECT 1 FROM deletions x WHERE x.job_id = j.id)
  AND NOT EXISTS (SELECT 1 FROM tasks t WHERE t.job_id = j.id AND coalesce(t.finalized_at, 1e15) > ?2 - ${LATE_MS})`;

/** Whether an act, a redrive or news of a budget may speak of job `j`. */
const IS_TRACED = `
  EXISTS (SELECT 1 FROM audit a WHERE a.subject = j.id) OR EXISTS (SELECT 1 FROM dead_letters l WHERE l.job_id = j.id)
  OR EXISTS (SELECT 1 FROM webhook_deliveries w WHERE w.job_id = j.id)`;

/** The ids of jobs that this batch deletes: all, or those of which there is more to delete. */
const listed = (list: string) =>
  `SELECT p.value FROM prunings x, json_each(x.lists, '$.${list}') p WHERE x.id = ?1 AND x.pruned_at = ?2`;

/** SQL: the ids of the jobs `c` that meet a condition. */
const idsOf = (condition: string) => `json_group_array(c.id) FILTER (WHERE ${condition})`;

/**
 * Delete those of the jobs that have expired and are ordinary, in one transaction.
 * @returns what they left; null if there was no such job.
 */
export async function beginPruning(
  db: D1Database,
  targets: readonly ExpiredJob[],
  { id, now }: { id: string; now: number },
): Promise<Pruning | null> {
  const deleted: DeletedJobs = {
    ids: listed("all"),
    traced: listed("traced"),
    tagged: listed("tagged"),
    described: listed("described"),
    edited: listed("edited"),
    reusing: null, // an ordinary job is not expected to come back
    archives: listed("archives"),
    values: [id, now],
  };
  const results = await db.batch<PruningRow>([
    db
      .prepare(
        // The limit keeps the inner query whole: otherwise SQLite evaluates an expression wherever its column is named.
        `INSERT INTO prunings (id, pruned_at, jobs, lists)
         SELECT ?3, ?2,
                json_group_array(json_object('id', c.id, 'names', json(c.names), 'passageIds', json(c.passageIds),
                                             'recordedAt', c.recordedAt, 'isRemembered', c.isRemembered)),
                json_object('all', json_group_array(c.id), 'traced', ${idsOf("c.isTraced")}, 'tagged', ${idsOf("c.isTagged")},
                            'described', ${idsOf("c.isDescribed")}, 'edited', ${idsOf("c.names IS NULL")},
                            'archives', json_group_array(c.archiveId) FILTER (WHERE c.archiveId IS NOT NULL))
           FROM (SELECT j.id, coalesce(iif(${IS_EDITED}, NULL, ${ARCHIVED_NAMES}), ${STORED_NAMES}) AS names,
                        -- Other passages have no vector outside D1. One of an edited transcript may still have the vector of its old words.
                        (SELECT json_group_array(p.id) FILTER (WHERE p.vector IS NULL AND (p.space <> '' OR ${IS_EDITED}))
                           FROM passages p WHERE p.job_id = j.id) AS passageIds,
                        iif(j.created_at > ?2 - ${RECORDED_MS} AND ${isDescribed("?4")}, j.created_at, NULL) AS recordedAt,
                        j.finalized_at > ?2 - ${RECORDED_MS} AS isRemembered,
                        ${IS_TRACED} AS isTraced, j.tags IS NOT NULL AS isTagged, j.metadata IS NOT NULL AS isDescribed, j.archive_id AS archiveId
                   FROM json_each(?1) d JOIN jobs j ON j.id = d.value ->> 'id'
                  WHERE j.finalized_at < d.value ->> 'endedBefore' AND ${IS_ORDINARY} LIMIT ?5 + 0) c
         HAVING count(*) > 0`,
      )
      .bind(JSON.stringify(targets), now, id, MEDIA_BUCKET, targets.length),
    ...clearTraces(db, deleted),
    ...forgetJobs(db, deleted),
    db.prepare(`SELECT ${COLUMNS} FROM prunings WHERE id = ?1`).bind(id),
  ]);
  const row = results.at(-1)?.results[0];
  return row === undefined ? null : pruningOf(row);
}

const COLUMNS = `id, pruned_at AS prunedAt, jobs`;

type PruningRow = Omit<Pruning, "jobs"> & { readonly jobs: string };

function pruningOf({ jobs, ...row }: PruningRow): Pruning {
  return { ...row, jobs: JSON.parse(jobs) as readonly PrunedJob[] }; // our own JSON, from beginPruning
}

/** Find prunes that stopped before this time and left something. */
export async function findPrunings(db: D1Database, before: number, limit: number): Promise<readonly Pruning[]> {
  const { results } = await db
    .prepare(`SELECT ${COLUMNS} FROM prunings WHERE pruned_at < ?1 LIMIT ?2`)
    .bind(before, limit)
    .all<PruningRow>();
  return results.map(pruningOf);
}

/** Return those of the jobs that exist again: an upload was stored once more. */
export async function findBack(db: D1Database, jobs: readonly PrunedJob[]): Promise<ReadonlySet<string>> {
  const { results } = await db
    .prepare(`SELECT j.id FROM json_each(?1) p CROSS JOIN jobs j ON j.id = p.value`)
    .bind(JSON.stringify(jobs.map(({ id }) => id)))
    .all<{ id: string }>();
  return new Set(results.map(({ id }) => id));
}

/** Forget a pruning whose objects are all gone. */
export async function endPruning(db: D1Database, id: string): Promise<void> {
  await db.prepare(`DELETE FROM prunings WHERE id = ?1`).bind(id).run();
}
