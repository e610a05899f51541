import { checkAt } from "../tasks/check-at.ts";
import type { Changes, EndedJob } from "../../jobs/changes.ts";
import { type Returning, returning } from "../transact.ts";

/** What an UPDATE of jobs returns for each job. */
export const ENDED_JOB = `json_object('jobId', id, 'ownerId', owner_id, 'kind', kind, 'state', state, 'code', error_code,
                             'queuedMs', started_at - created_at, 'durationMs', finalized_at - created_at) AS ended`;

/** A statement that ends jobs. It returns `ENDED_JOB`. */
export function endingJobs(prepared: D1PreparedStatement): Returning<Pick<Changes, "endedJobs">> {
  return returning(prepared, (rows: readonly { ended: string }[]) => ({
    endedJobs: rows.map(({ ended }) => JSON.parse(ended) as EndedJob), // our own JSON, from ENDED_JOB
  }));
}

/** A statement that makes tasks ready. It returns the id of each as `opened`; null for a task that waits. */
export function openingTasks(prepared: D1PreparedStatement): Returning<Pick<Changes, "opened">> {
  return returning(prepared, (rows: readonly { opened: string | null }[]) => ({
    opened: rows.flatMap(({ opened }) => opened ?? []),
  }));
}

/** A statement that cancels tasks. It returns the `id` of each. */
export function cancellingTasks(prepared: D1PreparedStatement): Returning<Pick<Changes, "cancelledTasks">> {
  return returning(prepared, (rows: readonly { id: string }[]) => ({ cancelledTasks: rows.map(({ id }) => id) }));
}

/** End those jobs of these tasks (?1: JSON array of task ids) that have no task left to run. Returns each job once. */
export function finalizeJobs(db: D1Database, taskIds: string, now: number): Returning<Pick<Changes, "endedJobs">> {
  const ended = db
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
  return endingJobs(ended);
}

/**
 * Open the stages of these tasks' jobs whose earlier stages have ended, even with discarded tasks: a join marks what is
 * missing.
 */
export function openStages(db: D1Database, taskIds: string, now: number): Returning<Pick<Changes, "opened">> {
  const opened = db
    .prepare(
      `UPDATE tasks SET state = 'available', scheduled_at = ?2, check_at = ${checkAt("?2")}
        WHERE state = 'pending'
          AND job_id IN (SELECT job_id FROM tasks WHERE id IN (SELECT value FROM json_each(?1)))
          AND NOT EXISTS (SELECT 1 FROM tasks e
                           WHERE e.job_id = tasks.job_id AND e.stage < tasks.stage AND e.finalized_at IS NULL AND e.is_side = 0)
       RETURNING id AS opened`,
    )
    .bind(taskIds, now);
  return openingTasks(opened);
}
