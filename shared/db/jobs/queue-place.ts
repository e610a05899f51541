/** Counting the tasks ahead stops here. */
export const MOST_COUNTED = 1000;

/** How many of the jobs that ended last, of any kind, are searched for the latest of one kind. */
const ENDED_LOOKED_AT = 500;
const RUNS_MEASURED = 50;

/** How many newcomers of all owners are searched for the owner's own. An owner has one at most for each kind and model. */
const NEWCOMERS_LOOKED_AT = 100;

const isBeforeOwn = (task: string) =>
  `(${task}.priority, ${task}.scheduled_at, ${task}.id) < (own.priority, own.scheduled_at, own.id)`;

/**
 * Count the owner's tasks of the same kind and model that come before this job's own: due, and more urgent or older. Null
 * unless the job waits for its turn. One walk along the index that leases choose by, of at most 1,100 rows.
 */
export function countAhead(db: D1Database, jobId: string): D1PreparedStatement {
  const lane = "own.kind || ' ' || coalesce(own.model, '-') || ' '";
  const waiting = `FROM tasks t WHERE t.state IN ('available', 'retryable') AND t.lane = ${lane}`;
  return db
    .prepare(
      `SELECT (SELECT count(*) FROM (SELECT 1 ${waiting} || 'o' || own.owner_id AND ${isBeforeOwn("t")} LIMIT ${MOST_COUNTED}))
              + (SELECT count(*) FROM (SELECT t.owner_id, t.priority, t.scheduled_at, t.id ${waiting} || 'n' LIMIT ${NEWCOMERS_LOOKED_AT}) n
                  WHERE n.owner_id = own.owner_id AND ${isBeforeOwn("n")}) AS ahead
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
