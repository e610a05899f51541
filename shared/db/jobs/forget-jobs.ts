// Everything that a transaction deletes together with jobs, and the rows from which it removes their words.
import { leaveArchives } from "../archive/leave-archives.ts";
import { deleteVersionsOf } from "../transcripts/versions.ts";
import { deleteMarksOf } from "./tags-and-metadata.ts";

/** Jobs that are deleted: SQL of our own that gives their ids from ?1, and that uses ?2, which is the time. */
export interface DeletedJobs {
  readonly ids: string;
  /** Those that an act, a redrive or news of a budget may mention. By default all of them. */
  readonly traced?: string;
  /** Those with tags, those with metadata, and those that may have been edited. By default all of them. */
  readonly tagged?: string;
  readonly described?: string;
  readonly edited?: string;
  /** Those that are expected to come back with a result; null for none. By default all of them. */
  readonly reusing?: string | null;
  /** The id of the archive of each archived one. By default it is looked up. */
  readonly archives?: string;
  readonly values: readonly [jobs: string, now: number];
}

const lettersOf = (ids: string) => `SELECT id FROM dead_letters WHERE job_id IN (${ids})`;

/** Rows that mention these jobs stay, without what they say about them: acts, redrives and news of a budget. */
export function clearTraces(
  db: D1Database,
  { ids: all, traced: ids = all, values }: DeletedJobs,
): readonly D1PreparedStatement[] {
  return [
    // The act stays, but what it says about the job goes: options, notes, a model's words.
    `UPDATE audit SET detail = '{}'
      WHERE detail <> '{}' AND subject IN (
              SELECT * FROM (${ids}) UNION ALL ${lettersOf(ids)}
              UNION ALL SELECT id FROM webhook_deliveries WHERE job_id IN (${ids})
              UNION ALL SELECT id FROM redrives WHERE state = 'stopped' AND canary_id IN (${lettersOf(ids)}))`,
    `UPDATE redrives SET reason = 'The canary failed; its job has since been deleted.'
      WHERE state = 'stopped' AND canary_id IN (${lettersOf(ids)})`,
    // News of a budget is kept: it was only delivered with the job.
    `UPDATE webhook_deliveries
        SET job_id = NULL,
            next_attempt_at = (SELECT ?2 FROM tasks t
                                WHERE t.id = webhook_deliveries.job_id || '.' || webhook_deliveries.id AND t.finalized_at IS NULL)
      WHERE job_id IN (${ids}) AND event LIKE 'budget.%'`,
  ].map((sql) => db.prepare(sql).bind(...values));
}

/** Delete the jobs with everything that belongs to them. */
export function forgetJobs(
  db: D1Database,
  { ids, tagged = ids, described = ids, edited = ids, reusing = ids, archives, values }: DeletedJobs,
): readonly D1PreparedStatement[] {
  const of = (sql: string) => db.prepare(sql).bind(...values);
  return [
    ...deleteMarksOf(db, { tagged, described }, values),
    deleteVersionsOf(db, edited, values),
    of(`DELETE FROM edited_jobs WHERE job_id IN (${edited})`),
    ...(reusing === null ? [] : [of(`DELETE FROM reuses WHERE job_id IN (${reusing})`)]),
    leaveArchives(
      db,
      archives ?? `SELECT archive_id FROM jobs WHERE id IN (${ids}) AND archive_id IS NOT NULL`,
      values,
    ),
    of(`DELETE FROM jobs WHERE id IN (${ids})`),
  ];
}
