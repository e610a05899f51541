// Redrives dead letters, one or a page of them. Every statement carries the condition, so that of two redrives of the same
// letter one has an effect.
import { checkAt } from "../tasks/check-at.ts";
import { MAX_ATTEMPTS } from "../../jobs/task.ts";
import { DELIVERY_ATTEMPTS } from "../../webhooks/event.ts";
import { type Changes, type Redriven, sumOf } from "../../jobs/changes.ts";
import { returning, type Statement, transact } from "../transact.ts";
import { type Actor, insertAudit } from "../keys/audit.ts";
import { wasStopped } from "../jobs/stop-jobs.ts";
import { formatOf } from "../tasks/task-formats.ts";

/** A letter of a task, and when its task may run. Times are epoch milliseconds. */
export interface TaskLetter {
  readonly id: string;
  readonly taskId: string;
  readonly scheduledAt: number;
  /** The task's new arguments, as JSON; if they are missing, the old ones stay. */
  readonly args?: string;
  /** The job's new input, as JSON. */
  readonly input?: string;
  /** The new limit of what the whole job may cost. */
  readonly maxNeurons?: number;
}

export interface Redriving {
  readonly now: number;
  /** The redrive that holds the letters and must still be running; null for a letter that none holds. */
  readonly redriveId: string | null;
}

/** A letter `d` that redrive ?2 may redrive, or that may be redriven by hand if ?2 is null. */
const IS_OPEN = `d.redriven_at IS NULL AND d.discarded_at IS NULL AND d.redrive_id IS ?2
  AND (?2 IS NULL OR EXISTS (SELECT 1 FROM redrives WHERE id = ?2 AND state IN ('canary', 'running')))`;

/** The ids of the tasks of the letters in ?1 that are ready again. */
const READY = `SELECT t.id FROM tasks t JOIN json_each(?1) r ON t.id = r.value ->> 'taskId' WHERE t.state = 'available'`;

/** A letter (?1) whose task can be redriven, for the audit row of a redrive by hand. */
const IS_REDRIVABLE = `EXISTS (
  SELECT 1 FROM dead_letters d JOIN tasks t ON t.id = d.task_id JOIN jobs j ON j.id = t.job_id
   WHERE d.id = ?1 AND d.owner_id = ?2 AND d.redriven_at IS NULL AND d.discarded_at IS NULL AND d.redrive_id IS NULL
     AND t.state = 'discarded' AND (t.is_side OR NOT ${wasStopped("j")}))`;

/**
 * Redrive the letters' tasks: they get as many attempts again, and their jobs are queued again.
 * @returns the letters that this call redrove, without those that were redriven or discarded before, or whose job was stopped
 * since.
 */
export async function redriveTasks(
  db: D1Database,
  letters: readonly TaskLetter[],
  redriving: Redriving,
): Promise<Pick<Changes, "redriven">> {
  return sumOf(await transact(db, redriveStatements(db, letters, redriving)));
}

/** Redrive one letter by hand, with its audit row. @returns the letter, if this call redrove it. */
export async function redriveTask(
  db: D1Database,
  letter: TaskLetter,
  { now, actor, options }: { now: number; actor: Actor; options: unknown },
): Promise<Pick<Changes, "redriven">> {
  const { maxNeurons } = letter;
  const detail = { ...(options !== undefined && { options }), ...(maxNeurons !== undefined && { maxNeurons }) };
  const changes = await transact(db, [
    insertAudit(db, actor, { act: "dead_letter.redrive", subject: letter.id, detail, now }, IS_REDRIVABLE),
    ...redriveStatements(db, [letter], { now, redriveId: null }),
  ]);
  return sumOf(changes);
}

function redriveStatements(
  db: D1Database,
  letters: readonly TaskLetter[],
  { now, redriveId }: Redriving,
): Statement<Pick<Changes, "redriven">>[] {
  const rows = JSON.stringify(letters);
  const letterOf = new Map(letters.map(({ id, taskId }) => [taskId, id]));
  const redriven = db
    .prepare(
      `UPDATE tasks
          SET state = 'available', finalized_at = NULL, max_attempts = attempt + iif(is_side, ?5, ?3), created_at = ?4,
              scheduled_at = r.value ->> 'scheduledAt', check_at = ${checkAt("r.value ->> 'scheduledAt'")},
              -- A task that ended its consumers continues to run alone.
              lost = min(lost, 1), lost_alone = min(lost_alone, 1),
              args = coalesce(r.value ->> 'args', args),
              format = iif(r.value ->> 'args' IS NULL, format, ${formatOf("tasks.kind")}),
              -- A result stored for other options does not belong to the new arguments.
              edited_after = iif(r.value ->> 'args' IS NULL, edited_after, attempt)
         FROM json_each(?1) r
        WHERE tasks.id = r.value ->> 'taskId' AND tasks.state = 'discarded'
          AND EXISTS (SELECT 1 FROM dead_letters d
                       WHERE d.id = r.value ->> 'id' AND d.task_id = tasks.id AND ${IS_OPEN})
          AND (is_side OR EXISTS (SELECT 1 FROM jobs j WHERE j.id = tasks.job_id AND NOT ${wasStopped("j")}))
       RETURNING tasks.id AS taskId, job_id AS jobId, scheduled_at AS scheduledAt`,
    )
    .bind(rows, redriveId, MAX_ATTEMPTS, now, DELIVERY_ATTEMPTS);
  return [
    returning(redriven, (tasks: readonly Omit<Redriven, "letterId">[]) => ({
      redriven: tasks.map((task) => ({ ...task, letterId: letterOf.get(task.taskId) ?? "" })),
    })),
    db
      .prepare(
        `UPDATE dead_letters AS d SET redriven_at = ?3
          WHERE d.id IN (SELECT value ->> 'id' FROM json_each(?1)) AND d.task_id IN (${READY}) AND ${IS_OPEN}`,
      )
      .bind(rows, redriveId, now),
    // What was built on the gap is built again, and not reused: the later stages wait for the task, even one that is running.
    db
      .prepare(
        `UPDATE tasks
            SET state = 'pending', finalized_at = NULL, lease_id = NULL, leased_at = NULL,
                max_attempts = attempt + ?2, created_at = ?3, edited_after = attempt
           FROM (SELECT job_id, min(stage) AS stage FROM tasks WHERE id IN (${READY}) AND is_side = 0 GROUP BY job_id) e
          WHERE tasks.job_id = e.job_id AND tasks.stage > e.stage AND tasks.is_side = 0 AND tasks.state NOT IN ('pending', 'cancelled')`,
      )
      .bind(rows, MAX_ATTEMPTS, now),
    db
      .prepare(
        `UPDATE dead_letters SET redriven_at = ?2
          WHERE redriven_at IS NULL
            AND job_id IN (SELECT job_id FROM tasks WHERE id IN (${READY}))
            AND (SELECT state FROM tasks WHERE id = dead_letters.task_id) = 'pending'`,
      )
      .bind(rows, now),
    ...(letters.some(({ args }) => args !== undefined) ? [editJobs(db, rows)] : []),
    ...(letters.some(({ maxNeurons }) => maxNeurons !== undefined) ? [editLimits(db, rows, now)] : []),
    db
      .prepare(
        // A time limit that has passed is dropped: a redrive asks for the job in spite of it.
        `UPDATE jobs SET state = 'queued', finalized_at = NULL, error_code = NULL, error_message = NULL,
                deadline_at = iif(deadline_at > e.at, deadline_at, NULL), start_by = iif(start_by > e.at, start_by, NULL)
           FROM (SELECT job_id, max(scheduled_at) AS at FROM tasks WHERE id IN (${READY}) AND is_side = 0 GROUP BY job_id) e
          WHERE jobs.state = 'failed' AND jobs.id = e.job_id`,
      )
      .bind(rows),
  ];
}

/**
 * A job that was transcribed with other options is no longer identical to any other. This comes before the jobs are queued: a
 * job that is still failed is one that this call redrives.
 */
function editJobs(db: D1Database, rows: string): D1PreparedStatement {
  return db
    .prepare(
      `UPDATE jobs SET input = coalesce(r.value ->> 'input', jobs.input), fingerprint = NULL
         FROM json_each(?1) r JOIN tasks t ON t.id = r.value ->> 'taskId'
        WHERE jobs.id = t.job_id AND r.value ->> 'args' IS NOT NULL AND t.state = 'available' AND t.edited_after = t.attempt
          AND (jobs.state = 'failed' OR r.value ->> 'input' IS NULL)`,
    )
    .bind(rows);
}

/** Set the limits of letters that this call has redriven. */
function editLimits(db: D1Database, rows: string, now: number): D1PreparedStatement {
  return db
    .prepare(
      `UPDATE jobs SET max_neurons = r.value ->> 'maxNeurons'
         FROM json_each(?1) r JOIN dead_letters d ON d.id = r.value ->> 'id'
        WHERE jobs.id = d.job_id AND d.redriven_at = ?2 AND r.value ->> 'maxNeurons' IS NOT NULL`,
    )
    .bind(rows, now);
}

/**
 * Take a message's letter, so that the message can be sent again; it counts as redriven from now on.
 * @returns the message, or null for a letter that was taken before. If the message cannot be sent then, the letter must be
 * reopened.
 */
export async function takeMessage(
  db: D1Database,
  id: string,
  { now, redriveId, actor }: { now: number; redriveId: string | null; actor?: Actor },
): Promise<{ queue: string; body: string } | null> {
  const where = `EXISTS (SELECT 1 FROM dead_letters
    WHERE id = ?1 AND owner_id = ?2 AND task_id IS NULL
      AND redriven_at IS NULL AND discarded_at IS NULL AND redrive_id IS NULL)`;
  const taking = db
    .prepare(
      `UPDATE dead_letters AS d SET redriven_at = ?3
        WHERE d.id = ?1 AND d.task_id IS NULL AND ${IS_OPEN} RETURNING queue, body`,
    )
    .bind(id, redriveId, now);
  const acts = actor ? [insertAudit(db, actor, { act: "dead_letter.redrive", subject: id, now }, where)] : [];
  const results = await db.batch<{ queue: string; body: string }>([...acts, taking]);
  return results.at(-1)?.results[0] ?? null;
}

/** Undo the redrive of a message that the queue did not accept. */
export async function reopenMessage(
  db: D1Database,
  id: string,
  { now, actor, reason }: { now: number; actor: Actor; reason: string },
): Promise<void> {
  await db.batch([
    insertAudit(db, actor, { act: "dead_letter.reopen", subject: id, detail: { reason }, now }, "true"),
    db.prepare(`UPDATE dead_letters SET redriven_at = NULL WHERE id = ?1 AND task_id IS NULL`).bind(id),
  ]);
}
