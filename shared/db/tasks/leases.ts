import { rowsOf, type D1Rows } from "../../jobs/operations.ts";
import type { Task } from "../../jobs/task.ts";
import type { ModelCall } from "../../models/model-call.ts";
import { mayBeStored } from "../jobs/restores.ts";
import type { TaskKind } from "../../jobs/task-kind.ts";
import { MINUTE_MS } from "../../durations.ts";
import { EVERYBODY } from "../../cost/budget.ts";
import { type Returning, returning } from "../transact.ts";
import { checkAt } from "./check-at.ts";
import { CHOSEN, DUE_GROUPS, GROUPS } from "./next-tasks.ts";
import { countCalls, noteTurns } from "./turns.ts";

/**
 * A message with a delay may come a moment early. Without this margin it would be acknowledged while its task is not due, and
 * the task would wait for maintenance to wake it again.
 */
const EARLY_MS = 1500;

export interface Lease {
  readonly id: string;
  /** Epoch milliseconds. */
  readonly now: number;
  readonly leaseMs: number;
  /** How many tasks to lease at most. */
  readonly limit: number;
  /** How many calls a minute each model allows; a model that is missing has no limit. */
  readonly callsAMinute: Readonly<Record<string, number>>;
}

interface LeasedRow {
  readonly id: string;
  readonly jobId: string;
  readonly kind: TaskKind;
  readonly args: string;
  readonly attempt: number;
  readonly maxAttempts: number;
  readonly model: string | null;
  readonly preferredModel: string | null;
  readonly lost: number;
  readonly leasedAt: number;
  readonly createdAt: number;
  readonly startBy: number | null;
  readonly startedAt: number;
  readonly deadlineAt: number | null;
  readonly isBudgeted: number;
  readonly editedAfter: number;
  readonly format: number;
  readonly mayBeStored: number;
}

/** How many delayed tasks become available with one lease at most: enough for many leases. */
const MOST_DUE = 100;

// The index on check_at finds what this lease holds: no lease of another moment has the same value.
const HELD = `tasks t WHERE t.finalized_at IS NULL AND t.state = 'running' AND t.check_at = ?1 AND t.lease_id = ?2`;

/**
 * Lease the tasks that come next, in one round trip. Each leased task starts its next attempt, and its job is running. If the
 * answer was lost, this may be called again with the same lease.
 */
export async function leaseTasks(db: D1Database, lease: Lease): Promise<readonly Task[]> {
  const expiresAt = lease.now + lease.leaseMs;
  const minute = Math.floor(lease.now / MINUTE_MS);
  const taken = { held: HELD, checkAt: expiresAt, leaseId: lease.id };
  const results = await db.batch<LeasedRow>([
    makeDelayedDue(db, lease.now + EARLY_MS),
    db
      .prepare(
        `UPDATE tasks
            SET state = 'running', attempt = attempt + 1, lease_id = ?5, leased_at = ?6, check_at = ?7, is_waiting = 0
          WHERE id IN (${CHOSEN})
            AND NOT EXISTS (SELECT 1 FROM tasks t
                             WHERE t.finalized_at IS NULL AND t.state = 'running' AND t.check_at = ?7 AND t.lease_id = ?5)`,
      )
      .bind(
        lease.now + EARLY_MS,
        lease.limit,
        JSON.stringify(lease.callsAMinute),
        minute,
        lease.id,
        lease.now,
        expiresAt,
      ),
    db
      .prepare(
        `UPDATE jobs SET state = 'running', started_at = coalesce(started_at, ?3)
          WHERE state = 'queued' AND id IN (SELECT t.job_id FROM ${HELD} AND t.is_side = 0)
         RETURNING id`,
      )
      .bind(expiresAt, lease.id, lease.now),
    noteTurns(db, taken, lease.callsAMinute),
    countCalls(db, taken, { minute, callsAMinute: lease.callsAMinute }),
    db
      .prepare(
        `SELECT t.id, t.job_id AS jobId, t.kind, t.args, t.attempt, t.max_attempts AS maxAttempts, t.lost,
                t.model, t.preferred_model AS preferredModel,
                t.leased_at AS leasedAt, t.created_at AS createdAt, t.edited_after AS editedAfter, t.format,
                ${mayBeStored("?3")} AS mayBeStored,
                -- A side task runs even if its job's time has passed.
                iif(t.is_side, NULL, j.start_by) AS startBy, j.started_at AS startedAt,
                iif(t.is_side, NULL, j.deadline_at) AS deadlineAt,
                j.max_neurons IS NOT NULL
                  OR EXISTS (SELECT 1 FROM budgets b WHERE b.owner_id IN (t.owner_id, '${EVERYBODY}'))
                  OR EXISTS (SELECT 1 FROM reservations r WHERE r.owner_id = t.owner_id AND r.task_id = t.id) AS isBudgeted
           FROM (SELECT t.* FROM ${HELD}) t JOIN jobs j ON j.id = t.job_id`,
      )
      .bind(expiresAt, lease.id, lease.now),
  ]);
  const [, , started, , , leased] = results;
  const startedJobs = new Set(started?.results.map((row) => row.id));
  const tasks = leased?.results ?? [];
  const leaseRows = shareOf(rowsOf(results), tasks.length);
  return tasks.map(({ startBy, startedAt, isBudgeted, mayBeStored: isToBeLookedFor, ...task }) => ({
    ...task,
    mayBeStored: isToBeLookedFor === 1,
    isBudgeted: isBudgeted === 1,
    leaseId: lease.id,
    leaseRows,
    isTooLate: startBy !== null && startBy < task.leasedAt && startedAt === task.leasedAt,
    startsJob: startedJobs.delete(task.jobId),
  }));
}

function shareOf({ d1RowsRead, d1RowsWritten }: D1Rows, tasks: number): D1Rows {
  return { d1RowsRead: d1RowsRead / Math.max(1, tasks), d1RowsWritten: d1RowsWritten / Math.max(1, tasks) };
}

/** Let delayed tasks whose time has come take their owner's turns. */
function makeDelayedDue(db: D1Database, until: number): D1PreparedStatement {
  return db
    .prepare(
      `UPDATE tasks SET state = 'available', is_newcomer = 0
        WHERE id IN (SELECT t.id FROM tasks t INDEXED BY tasks_to_check
                      WHERE t.finalized_at IS NULL AND t.state = 'retryable' AND t.check_at <= ${checkAt("?1")} AND t.scheduled_at <= ?1
                      ORDER BY t.check_at LIMIT ${MOST_DUE})`,
    )
    .bind(until);
}

/**
 * Return when the next task may run that is due but that the last lease passed over, because it must run alone or because the calls
 * of its model are used up for this minute.
 * @returns how long to wait, in milliseconds; null if nothing is due.
 */
export async function msUntilNext(
  db: D1Database,
  { now, callsAMinute }: { now: number; callsAMinute: Readonly<Record<string, number>> },
): Promise<number | null> {
  return db
    .prepare(`WITH RECURSIVE ${GROUPS}, ${DUE_GROUPS} SELECT min(iif(room > 0, 0, ?5)) AS waitMs FROM due_groups`)
    .bind(now, null, JSON.stringify(callsAMinute), Math.floor(now / MINUTE_MS), MINUTE_MS - (now % MINUTE_MS))
    .first<number | null>("waitMs");
}

/** Renew the lease on tasks that still run. A task that was rescued or cancelled in the meantime is not brought back. */
export function renewLeases(
  db: D1Database,
  taskIds: readonly string[],
  lease: { id: string; now: number; leaseMs: number },
): D1PreparedStatement {
  return db
    .prepare(
      `UPDATE tasks SET check_at = ?3
        WHERE id IN (SELECT value FROM json_each(?1)) AND lease_id = ?2`,
    )
    .bind(JSON.stringify(taskIds), lease.id, lease.now + lease.leaseMs);
}

/** Record whether a task waits for an answer from outside: if its consumer ends during the wait, the task is not blamed. */
export async function noteWaiting(
  db: D1Database,
  { id, leaseId }: Pick<Task, "id" | "leaseId">,
  isWaiting: boolean,
): Promise<void> {
  await db
    .prepare(`UPDATE tasks SET is_waiting = ?3 WHERE id = ?1 AND lease_id = ?2`)
    .bind(id, leaseId, isWaiting ? 1 : 0)
    .run();
}

/** Return those of the tasks that the lease still holds. */
export function findHeld(
  db: D1Database,
  taskIds: readonly string[],
  leaseId: string,
): Returning<{ readonly held: readonly string[] }> {
  const held = db.prepare(`SELECT id FROM tasks WHERE id IN (SELECT value FROM json_each(?1)) AND lease_id = ?2`);
  return returning(held.bind(JSON.stringify(taskIds), leaseId), (rows: readonly { id: string }[]) => ({
    held: rows.map(({ id }) => id),
  }));
}

export interface EarlierAttempt {
  readonly number: number;
  /** Whether its row has what it paid for. */
  readonly isAccounted: boolean;
}

/** Find attempts of a task that did not complete and may still have stored a result, the latest first, at most ten. */
export async function findEarlierAttempts(db: D1Database, taskId: string): Promise<readonly EarlierAttempt[]> {
  const { results } = await db
    .prepare(
      `SELECT a.number, a.usage IS NOT NULL AS isAccounted FROM attempts a JOIN tasks t ON t.id = a.task_id
        WHERE a.task_id = ?1 AND a.number > t.edited_after AND (a.outcome IN ('lost', 'retry', 'discard')
          OR (a.outcome = 'snooze' AND (a.neurons > 0 OR a.operations ->> 'imageTransformations' > 0)))
        ORDER BY a.number DESC LIMIT 10`,
    )
    .bind(taskId)
    .all<{ number: number; isAccounted: number }>();
  return results.map(({ number, isAccounted }) => ({ number, isAccounted: isAccounted === 1 }));
}

/** Return the numbers of this task's attempts whose row says what they paid for. */
export async function findAccountedAttempts(db: D1Database, taskId: string): Promise<ReadonlySet<number>> {
  const { results } = await db
    .prepare(`SELECT number FROM attempts WHERE task_id = ?1 AND usage IS NOT NULL`)
    .bind(taskId)
    .all<{ number: number }>();
  return new Set(results.map(({ number }) => number));
}

/** A call of a task: an attempt asks one at a time. */
export function callId({ model, startedAt = "" }: Pick<ModelCall, "model" | "startedAt">): string {
  return `${model} ${startedAt}`;
}

/** Return the calls, by `callId`, that attempts of this task have accounted for in the place of the attempts that made them. */
export async function findRecalled(db: D1Database, taskId: string): Promise<ReadonlySet<string>> {
  const { results } = await db
    .prepare(
      `SELECT c.value ->> 'model' AS model, c.value ->> 'startedAt' AS startedAt FROM attempts a, json_each(a.usage) c
        WHERE a.task_id = ?1 AND c.value ->> 'recalledFrom' IS NOT NULL AND c.value ->> 'startedAt' IS NOT NULL`,
    )
    .bind(taskId)
    .all<{ model: string; startedAt: string }>();
  return new Set(results.map(callId));
}

/** Return whether an earlier attempt of this task failed with this code. False if D1 does not answer. */
export async function hasFailedWith(
  db: D1Database,
  { id, attempt }: Pick<Task, "id" | "attempt">,
  code: string,
): Promise<boolean> {
  if (attempt === 1) return false;
  const failed = db.prepare(
    `SELECT 1 AS so FROM attempts WHERE task_id = ?1 AND number < ?2 AND error_code = ?3 LIMIT 1`,
  );
  const found = await failed
    .bind(id, attempt, code)
    .first()
    .catch(() => null);
  return found !== null;
}

/** Return how many earlier attempts of this task have ended its work with this code since it was last edited. */
export async function countFailures(
  db: D1Database,
  { id, attempt, editedAfter }: Pick<Task, "id" | "attempt" | "editedAfter">,
  code: string,
): Promise<number> {
  if (attempt === editedAfter + 1) return 0;
  const count = await db
    .prepare(
      `SELECT count(*) AS n FROM attempts WHERE task_id = ?1 AND number < ?2 AND number > ?4 AND outcome = 'discard' AND error_code = ?3`,
    )
    .bind(id, attempt, code, editedAfter)
    .first<number>("n");
  return count ?? 0;
}
