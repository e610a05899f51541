import { type AttemptRow, ATTEMPT_COLUMNS } from "./job-reads.ts";
import { MAX_ATTEMPTS } from "../task.ts";
import { finalizeJobs, openStages } from "./job-ends.ts";
import { readSettled, type Settled, type SettlingRow } from "./settle.ts";

export interface DeadLetter {
  readonly id: string;
  readonly queue: string;
  readonly taskId: string | null;
  readonly jobId: string | null;
  /** The raw message, where there is no task. */
  readonly body: string | null;
  readonly code: string;
  readonly reason: string;
  readonly createdAt: number;
  readonly redrivenAt: number | null;
}

const COLUMNS = `id, queue, task_id AS taskId, job_id AS jobId, body, code, reason,
                 created_at AS createdAt, redriven_at AS redrivenAt`;

/** A message no consumer could make sense of. */
export interface UnreadableMessage {
  readonly id: string;
  readonly queue: string;
  readonly body: string;
  readonly code: string;
  readonly reason: string;
}

/** Keep unreadable messages whole. The same message twice is one row. */
export async function quarantine(
  db: D1Database,
  messages: readonly UnreadableMessage[],
  { ownerId, now }: { ownerId: string; now: number },
): Promise<void> {
  await db
    .prepare(
      `INSERT INTO dead_letters (id, owner_id, queue, body, code, reason, created_at)
       SELECT 'dl_' || (m.value ->> 'id'), ?2, m.value ->> 'queue', m.value ->> 'body', m.value ->> 'code', m.value ->> 'reason', ?3
         FROM json_each(?1) m
        WHERE true
       ON CONFLICT (id) DO NOTHING`,
    )
    .bind(JSON.stringify(messages), ownerId, now)
    .run();
}

/** Give up on tasks that the platform has stopped delivering. One that runs or has ended is left alone. */
export async function discardUndelivered(
  db: D1Database,
  taskIds: readonly string[],
  { code, reason, now }: { code: string; reason: string; now: number },
): Promise<Settled> {
  const ids = JSON.stringify(taskIds);
  const results = await db.batch<SettlingRow>([
    db
      .prepare(
        `INSERT INTO dead_letters (id, owner_id, task_id, job_id, queue, code, reason, created_at)
         SELECT 'dl_' || t.id || '.' || t.attempt || '.undelivered', j.owner_id, t.id, t.job_id, 'media-tasks', ?2, ?3, ?4
           FROM tasks t JOIN jobs j ON j.id = t.job_id
          WHERE t.id IN (SELECT value FROM json_each(?1)) AND t.state IN ('available', 'retryable')
         ON CONFLICT (id) DO UPDATE SET redriven_at = NULL, created_at = excluded.created_at`,
      )
      .bind(ids, code, reason, now),
    db
      .prepare(
        `UPDATE tasks SET state = 'discarded', finalized_at = ?2
          WHERE id IN (SELECT value FROM json_each(?1)) AND state IN ('available', 'retryable')
         RETURNING id AS settled, job_id AS jobId, kind, attempt`,
      )
      .bind(ids, now),
    openStages(db, ids, now, 0),
    finalizeJobs(db, ids, now),
  ]);
  return readSettled(results);
}

/** Newest first; `before` is the position (time and id) of the last one seen. */
export async function listDeadLetters(
  db: D1Database,
  page: { ownerId: string; limit: number; before: { at: number; id: string } | undefined },
): Promise<readonly DeadLetter[]> {
  const { results } = await db
    .prepare(
      `SELECT ${COLUMNS} FROM dead_letters
        WHERE owner_id = ?1 AND (created_at, id) < (?2, ?3) ORDER BY created_at DESC, id DESC LIMIT ?4`,
    )
    .bind(page.ownerId, page.before?.at ?? Number.MAX_SAFE_INTEGER, page.before?.id ?? "", page.limit)
    .all<DeadLetter>();
  return results;
}

export async function findDeadLetter(
  db: D1Database,
  letter: { id: string; ownerId: string },
): Promise<DeadLetter | null> {
  return db
    .prepare(`SELECT ${COLUMNS} FROM dead_letters WHERE id = ?1 AND owner_id = ?2`)
    .bind(letter.id, letter.ownerId)
    .first<DeadLetter>();
}

/**
 * Give a dead letter's task another life: as many attempts again, and its job is queued once more.
 * @returns whether this call did it; not for one redriven before, or whose job was cancelled since.
 */
export async function redriveTask(
  db: D1Database,
  letter: { id: string; taskId: string; jobId: string },
  { now, ringGraceMs }: { now: number; ringGraceMs: number },
): Promise<boolean> {
  const [task] = await db.batch<{ id: string }>([
    db
      .prepare(
        `UPDATE tasks SET state = 'available', finalized_at = NULL, max_attempts = attempt + ?3, created_at = ?4,
                scheduled_at = ?4, check_at = ?5
          WHERE id = ?2 AND state = 'discarded'
            AND EXISTS (SELECT 1 FROM dead_letters WHERE id = ?1 AND redriven_at IS NULL)
            AND EXISTS (SELECT 1 FROM jobs WHERE id = tasks.job_id AND state <> 'cancelled')
         RETURNING id`,
      )
      .bind(letter.id, letter.taskId, MAX_ATTEMPTS, now, now + ringGraceMs),
    db
      .prepare(
        `UPDATE dead_letters SET redriven_at = ?3
          WHERE id = ?1 AND redriven_at IS NULL AND EXISTS (SELECT 1 FROM tasks WHERE id = ?2 AND state = 'available')`,
      )
      .bind(letter.id, letter.taskId, now),
    // What was built on the gap is built again: the stages after it wait for it, also one that runs just now.
    db
      .prepare(
        `UPDATE tasks
            SET state = 'pending', finalized_at = NULL, lease_id = NULL, leased_at = NULL,
                max_attempts = attempt + ?2, created_at = ?3
          WHERE job_id = (SELECT job_id FROM tasks WHERE id = ?1 AND state = 'available')
            AND stage > (SELECT stage FROM tasks WHERE id = ?1) AND state NOT IN ('pending', 'cancelled')`,
      )
      .bind(letter.taskId, MAX_ATTEMPTS, now),
    db
      .prepare(
        `UPDATE dead_letters SET redriven_at = ?2
          WHERE job_id = ?1 AND redriven_at IS NULL AND task_id IN (SELECT id FROM tasks WHERE job_id = ?1 AND state = 'pending')`,
      )
      .bind(letter.jobId, now),
    db
      .prepare(
        `UPDATE jobs SET state = 'queued', finalized_at = NULL, error_code = NULL, error_message = NULL
          WHERE id = ?1 AND state = 'failed' AND EXISTS (SELECT 1 FROM tasks WHERE id = ?2 AND state = 'available')`,
      )
      .bind(letter.jobId, letter.taskId),
  ]);
  return (task?.results.length ?? 0) > 0;
}

/** Mark a message's dead letter as sent again. @returns whether this call did it. */
export async function markRedriven(db: D1Database, id: string, now: number): Promise<boolean> {
  const { meta } = await db
    .prepare(`UPDATE dead_letters SET redriven_at = ?2 WHERE id = ?1 AND redriven_at IS NULL`)
    .bind(id, now)
    .run();
  return meta.changes > 0;
}

/** Every attempt of these tasks, in order. */
export async function readAttempts(db: D1Database, taskIds: readonly string[]): Promise<readonly AttemptRow[]> {
  const { results } = await db
    .prepare(
      `SELECT ${ATTEMPT_COLUMNS} FROM attempts a
        WHERE a.task_id IN (SELECT value FROM json_each(?1)) ORDER BY a.task_id, a.number`,
    )
    .bind(JSON.stringify(taskIds))
    .all<AttemptRow>();
  return results;
}
