import type { EndedJob } from "../../jobs/changes.ts";

/** What an UPDATE of jobs returns of each: an `EndedJob` in JSON. */
export const ENDED_JOB = `json_object('jobId', id, 'ownerId', owner_id, 'kind', kind, 'state', state, 'code', error_code,
                             'queuedMs', started_at - created_at, 'durationMs', finalized_at - created_at) AS ended`;

export interface EndedRow {
  readonly ended: string;
}

export function readEnded(rows: readonly EndedRow[] | undefined): readonly EndedJob[] {
  return (rows ?? []).map(({ ended }) => JSON.parse(ended) as EndedJob); // our own JSON, from ENDED_JOB
}

/** End the jobs of these tasks (?1: JSON array of task ids) that have no task left to run. Returns each job once, as JSON. */
export function finalizeJobs(db: D1Database, taskIds: string, now: number): D1PreparedStatement {
  return db
    .prepare(
      `UPDATE jobs
          SET (state, error_code, error_message) = (
                SELECT iif(count(d.id) > 0, 'failed', 'completed'), min(d.code), min(d.reason)
                  FROM (SELECT id, code, reason FROM dead_letters
                         WHERE job_id = jobs.id AND redriven_at IS NULL AND kind <> 'deliver_webhook' ORDER BY created_at LIMIT 1) d),
              finalized_at = ?2
        WHERE id IN (SELECT job_id FROM tasks WHERE id IN (SELECT value FROM json_each(?1)))
          AND state IN ('queued', 'running')
          AND NOT EXISTS (SELECT 1 FROM tasks t WHERE t.job_id = jobs.id AND t.finalized_at IS NULL AND t.is_side = 0)
       RETURNING ${ENDED_JOB}`,
    )
    .bind(taskIds, now);
}

/** Open stages of these tasks' jobs whose earlier ones have ended, given up on or not: a join marks what is missing. */
export function openStages(db: D1Database, taskIds: string, now: number): D1PreparedStatement {
  return db
    .prepare(
      `UPDATE tasks SET state = 'available', scheduled_at = ?2, check_at = ?2
        WHERE state = 'pending'
          AND job_id IN (SELECT job_id FROM tasks WHERE id IN (SELECT value FROM json_each(?1)))
          AND NOT EXISTS (SELECT 1 FROM tasks e
                           WHERE e.job_id = tasks.job_id AND e.stage < tasks.stage AND e.finalized_at IS NULL AND e.is_side = 0)
       RETURNING id AS opened`,
    )
    .bind(taskIds, now);
}
