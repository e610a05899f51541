import { type ModelCall, neuronsOf } from "../../models/model-call.ts";
import { HELD } from "../tasks/settle-inserts.ts";
import { EVERYBODY } from "../../cost/budget.ts";
import { DAY_MS, utcDay } from "../../durations.ts";

export const INTO_USAGE_DAYS = `INSERT INTO usage_days (owner_id, day, kind, model, calls, neurons, estimated_neurons)`;

/** For calls `c`: the model, their number and their cost. */
const SUMS = `c.value ->> 'model', count(*), sum(c.value ->> 'neurons'), sum(iif(c.value ->> 'isEstimated', c.value ->> 'neurons', 0))`;

/** Calls `c` made for a task `t` by an attempt `s` that ended. */
const INTO_DAYS = `${INTO_USAGE_DAYS} SELECT o.value, (s.value ->> 'finishedAt') / ${DAY_MS}, j.kind, ${SUMS}`;

const EACH_CALL = `JOIN jobs j ON j.id = t.job_id, json_each(s.value, '$.usage') c, json_each(json_array(t.owner_id, '${EVERYBODY}')) o`;

/** Adds to the figures that the day already has. */
export const ADD_TO_DAY = `
  ON CONFLICT (owner_id, day, kind, model) DO UPDATE
     SET calls = calls + excluded.calls, neurons = neurons + excluded.neurons,
         estimated_neurons = estimated_neurons + excluded.estimated_neurons`;

/** Add what settled attempts (?1: `HELD`'s) consumed to the day's figures of the owner and of the account. */
export function addUsage(db: D1Database, rows: string): D1PreparedStatement {
  return db.prepare(`${INTO_DAYS} FROM ${HELD} ${EACH_CALL} WHERE true GROUP BY 1, 2, 3, 4 ${ADD_TO_DAY}`).bind(rows);
}

/** Calls that a request made itself, without an attempt. `at` is epoch milliseconds. */
export interface DirectUsage {
  readonly ownerId: string;
  readonly kind: "ask" | "search" | "generate" | "embed";
  readonly calls: readonly ModelCall[];
  readonly at: number;
}

/** Insert them, in the batch that settles them, only while their reservation exists. */
export function insertDirectUsage(
  db: D1Database,
  { ownerId, kind, calls, at }: DirectUsage,
  reservationId: string,
): D1PreparedStatement {
  return db
    .prepare(
      `${INTO_USAGE_DAYS} SELECT o.value, ?3, ?2, ${SUMS}
         FROM json_each(?1) c, json_each(json_array(?4, '${EVERYBODY}')) o
        WHERE EXISTS (SELECT 1 FROM reservations WHERE owner_id = ?4 AND task_id = ?5)
        GROUP BY 1, 2, 3, 4 ${ADD_TO_DAY}`,
    )
    .bind(JSON.stringify(calls), kind, utcDay(at), ownerId, reservationId);
}

/** The calls of an attempt that ended without its lease: its job was stopped, or another consumer took the task over. */
export interface LateUsage {
  readonly taskId: string;
  readonly attempt: number;
  readonly calls: readonly ModelCall[];
  /** Epoch milliseconds. */
  readonly finishedAt: number;
}

/**
 * Account for attempts that could not settle. Each call is counted once: not if the attempt's row has it, and not if a later
 * attempt reuses the result and accounts for it.
 */
export async function addLateUsage(db: D1Database, late: readonly LateUsage[]): Promise<void> {
  const rows = JSON.stringify(
    late.flatMap(({ calls, ...one }) =>
      calls.length === 0 ? [] : { ...one, usage: calls, neurons: neuronsOf(calls), model: calls.at(-1)?.model },
    ),
  );
  const unaccounted = `
    json_each(?1) s JOIN attempts a ON a.task_id = s.value ->> 'taskId' AND a.number = s.value ->> 'attempt' AND a.usage IS NULL
      AND NOT EXISTS (SELECT 1 FROM attempts l, json_each(l.usage) r
                       WHERE l.task_id = a.task_id AND l.number > a.number AND r.value ->> 'recalledFrom' = a.number)`;
  const attempts = JSON.stringify(late.map(({ taskId, attempt }) => ({ taskId, attempt })));
  await db.batch([
    ...addDeletedUsage(db, rows, attempts),
    db
      .prepare(
        `${INTO_DAYS} FROM ${unaccounted} JOIN tasks t ON t.id = a.task_id ${EACH_CALL} WHERE true GROUP BY 1, 2, 3, 4 ${ADD_TO_DAY}`,
      )
      .bind(rows),
    db
      .prepare(
        `UPDATE attempts SET usage = u.usage, neurons = u.neurons, model = u.model
           FROM (SELECT a.task_id, a.number, s.value ->> 'usage' AS usage, s.value ->> 'neurons' AS neurons,
                        s.value ->> 'model' AS model FROM ${unaccounted}) u
          WHERE attempts.task_id = u.task_id AND attempts.number = u.number`,
      )
      .bind(rows),
    // These attempts have reported their calls, so nothing stays reserved for them.
    db
      .prepare(
        `DELETE FROM reservations WHERE (owner_id, task_id, attempt) IN (
           SELECT t.owner_id, t.id, s.value ->> 'attempt' FROM json_each(?1) s JOIN tasks t ON t.id = s.value ->> 'taskId')`,
      )
      .bind(attempts),
  ]);
}

/** Do the same for attempts (?1) whose job was deleted while they ran. What is remembered of them is deleted once it is counted. */
function addDeletedUsage(db: D1Database, rows: string, attempts: string): D1PreparedStatement[] {
  const theirs = `json_each(?1) s JOIN deleted_attempts a ON a.task_id = s.value ->> 'taskId' AND a.number = s.value ->> 'attempt'`;
  return [
    db
      .prepare(
        `${INTO_USAGE_DAYS} SELECT o.value, (s.value ->> 'finishedAt') / ${DAY_MS}, a.kind, ${SUMS}
           FROM ${theirs}, json_each(s.value, '$.usage') c, json_each(json_array(a.owner_id, '${EVERYBODY}')) o
          WHERE true GROUP BY 1, 2, 3, 4 ${ADD_TO_DAY}`,
      )
      .bind(rows),
    db
      .prepare(
        `DELETE FROM reservations WHERE (owner_id, task_id, attempt) IN (SELECT a.owner_id, a.task_id, a.number FROM ${theirs})`,
      )
      .bind(attempts),
    db
      .prepare(`DELETE FROM deleted_attempts WHERE (task_id, number) IN (SELECT a.task_id, a.number FROM ${theirs})`)
      .bind(attempts),
  ];
}
