import type { Failure } from "../../jobs/outcome.ts";
import { insertDeliveries } from "../webhooks/deliveries.ts";
import { releaseFollowers } from "./followers.ts";
import { cancellingTasks, ENDED_JOB, endingJobs } from "./ends.ts";
import { type Changes, NOTHING, sumOf } from "../../jobs/changes.ts";
import { transact } from "../transact.ts";

/** A job that must end before its work is done. */
export interface Stop {
  readonly id: string;
  /** End it only if it belongs to this owner. */
  readonly ownerId?: string;
  readonly state: "cancelled" | "failed";
  /** For `failed`. */
  readonly failure: Failure | null;
}

/**
 * End jobs that have not ended, with all their tasks: none can be leased any more, and a running one settles nothing. What was
 * stored or transcribed so far stays. `acts` are written before, in the same transaction. A job that was waiting for one of
 * these results now runs itself.
 */
export async function stopJobs(
  db: D1Database,
  stops: readonly Stop[],
  now: number,
  acts: readonly D1PreparedStatement[] = [],
): Promise<Changes> {
  if (stops.length === 0) return NOTHING;
  const rows = JSON.stringify(stops);
  const ended = db
    .prepare(
      `UPDATE jobs
          SET state = s.value ->> 'state', finalized_at = ?2,
              error_code = s.value ->> '$.failure.code', error_message = s.value ->> '$.failure.message'
         FROM json_each(?1) s
        WHERE jobs.id = s.value ->> 'id' AND jobs.owner_id = coalesce(s.value ->> 'ownerId', jobs.owner_id)
          AND jobs.state IN ('queued', 'running')
       RETURNING ${ENDED_JOB}`,
    )
    .bind(rows, now);
  const attempts = db
    .prepare(
      `INSERT INTO attempts (task_id, number, outcome, started_at, finished_at)
       SELECT t.id, t.attempt, 'cancelled', t.leased_at, ?2
         FROM json_each(?1) s JOIN jobs j ON j.id = s.value ->> 'id' JOIN tasks t ON t.job_id = j.id
        WHERE t.state = 'running' AND t.is_side = 0 AND j.finalized_at IS NOT NULL`,
    )
    .bind(rows, now);
  const cancelled = db
    .prepare(
      `UPDATE tasks
          SET state = 'cancelled', finalized_at = ?2, lease_id = NULL, leased_at = NULL
        WHERE finalized_at IS NULL AND is_side = 0
          AND job_id IN (SELECT j.id FROM json_each(?1) s JOIN jobs j ON j.id = s.value ->> 'id'
                          WHERE j.finalized_at IS NOT NULL)
       RETURNING id`,
    )
    .bind(rows, now);
  const statements = [endingJobs(ended), attempts, cancellingTasks(cancelled), ...insertDeliveries(db, now)];
  const changes = sumOf(await transact<Partial<Changes>>(db, [...acts, ...statements]));
  const ends = changes.endedJobs.map(({ jobId }) => jobId);
  return sumOf([changes, await releaseFollowers(db, now, ends)]);
}

/**
 * SQL: whether a job (an alias) was ended before its work was done: its other tasks are cancelled, and a part that is redriven
 * would pass for the whole.
 */
export function wasStopped(job: string): string {
  const codes = [NOT_STARTED, NOT_FINISHED].map(({ code }) => `'${code}'`).join(", ");
  return `(${job}.state = 'cancelled' OR coalesce(${job}.error_code, '') IN (${codes}))`;
}

const NOT_STARTED: Failure = {
  code: "not_started_in_time",
  message: "The job did not start in time: its 'startWithinSeconds' had passed before its turn came.",
};
const NOT_FINISHED: Failure = {
  code: "deadline_exceeded",
  message: "The job had not finished when its 'deadlineSeconds' had passed.",
};

/** Return the stop of a job whose time has run out. */
export function tooLate(jobId: string, { isStarted }: { isStarted: boolean }): Stop {
  return { id: jobId, state: "failed", failure: isStarted ? NOT_FINISHED : NOT_STARTED };
}

/** Find jobs whose time has run out. */
export async function findOverdueJobs(db: D1Database, now: number, limit: number): Promise<readonly Stop[]> {
  const { results } = await db
    .prepare(
      `SELECT id, 1 AS isStarted FROM jobs WHERE deadline_at <= ?1 AND finalized_at IS NULL
       UNION ALL
       SELECT id, 0 FROM jobs WHERE start_by < ?1 AND started_at IS NULL AND finalized_at IS NULL
       LIMIT ?2 + 0`,
    )
    .bind(now, limit)
    .all<{ id: string; isStarted: number }>();
  return results.map(({ id, isStarted }) => tooLate(id, { isStarted: isStarted === 1 }));
}
