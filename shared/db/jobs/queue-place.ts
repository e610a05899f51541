/** Counting the tasks ahead stops here. */
export const MOST_COUNTED = 1000;

/** How many of the jobs that ended last, of any kind, are searched for the latest of one kind. */
const ENDED_LOOKED_AT = 500;
const RUNS_MEASURED = 50;

/** How many newcomers of all owners are searched for the owner's own. An owner has one at most for each kind and model. */
const NEWCOMERS_LOOKED_AT = 100;

const isBeforeOwn = (task: string) =>
  `(${task}.priority, ${task}.scheduled_at, ${task}.id) < (own.priority, own.scheduled_at, own.id)`;

const LANE = "own.kind || ' ' || coalesce(own.model, '-') || ' '";
const WAITING = `FROM tasks t WHERE t.state IN ('available', 'retryable') AND t.lane = ${LANE}`;

/**
 * SQL: how many of the owner's tasks of the same kind and model come before those of job `j`: due, and more urgent or older. Null
 * unless the job waits for its turn. One walk along the index that leases choose by, of at most 1,100 rows.
 */
export const AHEAD = `
  (SELECT (SELECT count(*) FROM (SELECT 1 ${WAITING} || 'o' || own.owner_id AND ${isBeforeOwn("t")} LIMIT ${MOST_COUNTED}))
          + (SELECT count(*) FROM (SELECT t.owner_id, t.priority, t.scheduled_at, t.id ${WAITING} || 'n' LIMIT ${NEWCOMERS_LOOKED_AT}) n
              WHERE n.owner_id = own.owner_id AND ${isBeforeOwn("n")})
     FROM tasks own WHERE own.job_id = j.id AND own.state = 'available' AND j.state = 'queued' LIMIT 1)`;

/** SQL: the latest runs of jobs of the kind of job `j` that were paid for and completed; none once `j` itself has ended. */
export const RECENT_RUNS = `
  (SELECT json_group_array(json_object('startedAt', r.started_at, 'finalizedAt', r.finalized_at))
     FROM (SELECT e.started_at, e.finalized_at
             FROM (SELECT kind, state, started_at, finalized_at, reused_from FROM jobs
                    WHERE finalized_at IS NOT NULL AND j.finalized_at IS NULL
                    ORDER BY finalized_at DESC LIMIT ${ENDED_LOOKED_AT}) e
            WHERE e.state = 'completed' AND e.started_at IS NOT NULL AND e.reused_from IS NULL AND e.kind = j.kind
            LIMIT ${RUNS_MEASURED}) r)`;
