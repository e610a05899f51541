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

/** SQL: whether somebody edited the transcript of job `j`, or began to. */
const IS_EDITED = `(EXISTS (SELECT 1 FROM edited_jobs e WHERE e.job_id = j.id)
  OR EXISTS (SELECT 1 FROM transcript_versions v WHERE v.job_id = j.id))`;

/** The tasks of job `j`, each with its first attempt. A webhook's delivery stores nothing. */
const FIRST_ATTEMPTS = `
  tasks t LEFT JOIN attempts x ON x.task_id = t.id AND x.number = 1 WHERE t.job_id = j.id AND t.is_side = 0`;

/**
 * SQL: whether it is known what job `j` has stored: each task ended at its first attempt, which says what it has stored beside the
 * job's artifacts. Attempts of an earlier version do not say it. A job without tasks is not all in this database.
 */
const IS_NAMED = `
  j.created_at >= coalesce((SELECT CAST(value AS INTEGER) FROM cursors WHERE name = '${LISTED_BEFORE}'), 0)
  AND (SELECT max(t.attempt > 1 OR (t.attempt = 1 AND (t.state <> 'completed' OR x.operations -> '$.stored' IS NULL)))
         FROM ${FIRST_ATTEMPTS}) = 0`;

/** SQL: JSON of the names of what job `j` has stored, all of it at its first attempt; null if the bucket must be listed for it. */
export const STORED_NAMES = `
  iif(${IS_NAMED} AND NOT ${IS_EDITED},
      (SELECT json_group_array(n.name)
         FROM (SELECT a.name FROM artifacts a WHERE a.job_id = j.id AND j.reused_from IS NULL
               UNION SELECT s.value FROM (SELECT x.operations FROM ${FIRST_ATTEMPTS}) x, json_each(x.operations, '$.stored') s) n),
      NULL)`;

/**
 * Whether job `j` can be pruned with others. Not if its result is shared and would have to be handed over, nor if an attempt may
 * still run: those are deleted one by one (deletions.ts).
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

/** The jobs that this batch deletes, or some of them. */
const PRUNED = `SELECT p.value ->> 'id' FROM prunings x, json_each(x.jobs) p WHERE x.id = ?1 AND x.pruned_at = ?2`;
const prunedWith = (flag: string) => `${PRUNED} AND p.value ->> '${flag}' = 1`;

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
    ids: PRUNED,
    traced: prunedWith("isTraced"),
    tagged: prunedWith("isTagged"),
    described: prunedWith("isDescribed"),
    edited: `${PRUNED} AND p.value ->> 'names' IS NULL`,
    archived: prunedWith("isArchived"),
    values: [id, now],
  };
  const results = await db.batch<PruningRow>([
    db
      .prepare(
        `INSERT INTO prunings (id, pruned_at, jobs)
         SELECT ?3, ?2, json_group_array(json_object(
                  'id', j.id,
                  'names', json(coalesce(iif(${IS_EDITED}, NULL, ${ARCHIVED_NAMES}), ${STORED_NAMES})),
                  -- Other passages have no vector outside D1. One of an edited transcript may still have the vector of its old words.
                  'passageIds', json((SELECT json_group_array(p.id) FROM passages p
                                       WHERE p.job_id = j.id AND p.vector IS NULL AND (p.space <> '' OR ${IS_EDITED}))),
                  'recordedAt', iif(j.created_at > ?2 - ${RECORDED_MS} AND ${isDescribed("?4")}, j.created_at, NULL),
                  'isRemembered', j.finalized_at > ?2 - ${RECORDED_MS},
                  'isTraced', ${IS_TRACED}, 'isTagged', j.tags IS NOT NULL, 'isDescribed', j.metadata IS NOT NULL,
                  'isArchived', j.archive_id IS NOT NULL))
           FROM json_each(?1) d JOIN jobs j ON j.id = d.value ->> 'id'
          WHERE j.finalized_at < d.value ->> 'endedBefore' AND ${IS_ORDINARY}
         HAVING count(*) > 0`,
      )
      .bind(JSON.stringify(targets), now, id, MEDIA_BUCKET),
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
