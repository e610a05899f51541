import { MINUTE_MS } from "../../durations.ts";

/** An owner whose last job is younger takes turns like all others. Otherwise an owner who submits job by job would always be first. */
const SINCE_LAST_JOB_MS = MINUTE_MS;

/**
 * SQL: whether a job's first task, of this kind and model, is a newcomer's: the owner's job before has ended and is not of this
 * minute, and no task of theirs waits for the same model. If jobs come together, only the first can be a newcomer's. An owner
 * who deleted a job within this minute is no newcomer either, because the deleted job may be the one before. The audit log has the deletion.
 * @param job names a row of `jobs`; the other arguments are SQL.
 */
export const isNewcomer = (job: string, kind: string, model: string) => `
  (coalesce((SELECT e.finalized_at IS NOT NULL AND e.created_at <= ${job}.created_at - ${SINCE_LAST_JOB_MS}
               FROM jobs e
              WHERE e.owner_id = ${job}.owner_id AND (e.created_at, e.id) < (${job}.created_at, ${job}.id)
              ORDER BY e.created_at DESC, e.id DESC LIMIT 1), 1)
   AND NOT EXISTS (SELECT 1 FROM tasks w
                    WHERE w.state IN ('available', 'retryable')
                      AND w.lane = (${kind}) || ' ' || coalesce(${model}, '-') || ' o' || ${job}.owner_id)
   AND NOT EXISTS (SELECT 1 FROM audit d
                    WHERE d.owner_id = ${job}.owner_id AND d.created_at > ${job}.created_at - ${SINCE_LAST_JOB_MS} AND d.act = 'job.delete'))`;
