/** Counting the tasks ahead stops here. */
export const MOST_COUNTED = 1000;

/** How many of the jobs that ended last, of any kind, are searched for the latest of one kind. */
const ENDED_LOOKED_AT = 500;
const RUNS_MEASURED = 50;

/**
 * Count the tasks of the same lane (kind, model, owner) that come before this job's own: due, and more urgent or older. Null
 * unless the job waits for its turn. One walk along the index that leases choose by, of at most 1,000 rows.
 */
export function countAhead(db: D1Database, jobId: string): D1PreparedStatement {
  return db
    .prepare(
      `SELECT (SELECT count(*) FROM (
                 SELECT 1 FROM tasks t
                  WHERE t.lane = own.lane AND t.state IN ('available', 'retryable')
                    AND (t.priority, t.scheduled_at, t.id) < (own.priority, own.scheduled_at, own.id)
                  LIMIT ${MOST_COUNTED})) AS ahead
         FROM tasks own JOIN jobs j ON j.id = own.job_id
        WHERE own.job_id = ?1 AND own.state = 'available' AND j.state = 'queued'
        LIMIT 1`,
    )
    .bind(jobId);
}

/** Read the latest runs of jobs of this job's kind that were paid for and completed; none once the job itself has ended. */
export function recentRuns(db: D1Database, jobId: string): D1PreparedStatement {
  return db
    .prepare(
      `SELECT e.started_at AS startedAt, e.finalized_at AS finalizedAt
         FROM (SELECT kind, state, started_at, finalized_at, reused_from FROM jobs
                WHERE finalized_at IS NOT NULL AND EXISTS (SELECT 1 FROM jobs WHERE id = ?1 AND finalized_at IS NULL)
                ORDER BY finalized_at DESC LIMIT ${ENDED_LOOKED_AT}) e
        WHERE e.state = 'completed' AND e.started_at IS NOT NULL AND e.reused_from IS NULL
          AND e.kind = (SELECT kind FROM jobs WHERE id = ?1)
        LIMIT ${RUNS_MEASURED}`,
    )
    .bind(jobId);
}
