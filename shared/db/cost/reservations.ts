// Neurons that are reserved before a call, and released or spent after it.
import type { ModelCall } from "../../models/model-call.ts";
import { CallRefused, refusalOf, SLACK_NEURONS, type Standing } from "../../cost/budget-refusal.ts";
import { exceedsBudget, periodsJson, standings } from "./budget-sums.ts";
import { HELD } from "../tasks/settle-inserts.ts";
import { retryTransient } from "../transient.ts";
import { ADD_TO_DAY, INTO_USAGE_DAYS } from "./usage.ts";
import { DAY_MS } from "../../durations.ts";
import { EVERYBODY } from "../../cost/budget.ts";

/** A call that a leased task is about to make. */
export interface Reservation {
  readonly taskId: string;
  readonly leaseId: string;
  /** The number of the call within its attempt. */
  readonly number: number;
  readonly call: ModelCall;
}

interface Answer {
  readonly isReserved: number;
  readonly isLeased: number;
  readonly maxNeurons: number | null;
  readonly jobSpent: number;
  readonly jobReserved: number;
  /** JSON. */
  readonly budgets: string | null;
}

const JOB_SPENT = `(SELECT coalesce(sum(a.neurons), 0) FROM tasks s JOIN attempts a ON a.task_id = s.id WHERE s.job_id = j.id)`;
const JOB_RESERVED = `(SELECT coalesce(sum(o.neurons), 0) FROM reservations o WHERE o.owner_id = j.owner_id AND o.job_id = j.id)`;

/**
 * Reserve these calls' neurons, one after the other in one transaction. A call is reserved only if it exceeds neither a budget
 * nor its job's limit. A request that is repeated after a lost answer reserves nothing twice.
 * @returns for each call why it was not reserved; null if it was.
 */
export async function reserveCalls(
  db: D1Database,
  asked: readonly Reservation[],
  now: number,
): Promise<readonly (Error | null)[]> {
  const periods = periodsJson(now);
  const results = await retryTransient(() =>
    db.batch<Answer>([...asked.map((one) => reserve(db, one, periods, now)), readAnswers(db, asked, periods)]),
  );
  const answers = results.at(-1)?.results ?? [];
  return asked.map(({ call }, index) => {
    const answer = answers[index];
    if (answer?.isReserved === 1) return null;
    if (answer?.isLeased !== 1) return new Error("the task's lease was lost before its call");
    const { maxNeurons, jobSpent: spent, jobReserved: reserved } = answer;
    const job = maxNeurons === null ? null : { maxNeurons, spent, reserved };
    const budgets = JSON.parse(answer.budgets ?? "[]") as Standing[]; // our own JSON, from standings()
    return new CallRefused(refusalOf(call.neurons, { job, budgets, by: "job" }, now));
  });
}

function reserve(db: D1Database, asked: Reservation, periods: string, now: number): D1PreparedStatement {
  return db
    .prepare(
      `INSERT INTO reservations (owner_id, task_id, attempt, number, job_id, kind, neurons, call, made_at)
       SELECT t.owner_id, t.id, t.attempt, ?2 ->> 'number', t.job_id, j.kind, ?2 ->> '$.call.neurons', ?2 -> 'call', ?3
         FROM tasks t JOIN jobs j ON j.id = t.job_id
        WHERE t.id = ?2 ->> 'taskId' AND t.lease_id = ?2 ->> 'leaseId'
          AND NOT ${exceedsBudget("t.owner_id", "t.priority = 0", "?2 ->> '$.call.neurons'")}
          AND (j.max_neurons IS NULL
               OR ${JOB_SPENT} + ${JOB_RESERVED} + (?2 ->> '$.call.neurons') <= j.max_neurons + ${SLACK_NEURONS})
       ON CONFLICT DO NOTHING`,
    )
    .bind(periods, JSON.stringify(asked), now);
}

const ifRefused = (sql: string) => `iif(r.task_id IS NULL, ${sql}, NULL)`;

// Sums are calculated only for calls that were refused.
function readAnswers(db: D1Database, asked: readonly Reservation[], periods: string): D1PreparedStatement {
  return db
    .prepare(
      `SELECT r.task_id IS NOT NULL AS isReserved, t.id IS NOT NULL AS isLeased, j.max_neurons AS maxNeurons,
              ${ifRefused(JOB_SPENT)} AS jobSpent, ${ifRefused(JOB_RESERVED)} AS jobReserved,
              ${ifRefused(standings("t.owner_id", "t.priority = 0"))} AS budgets
         FROM json_each(?2) q
         LEFT JOIN tasks t ON t.id = q.value ->> 'taskId' AND t.lease_id = q.value ->> 'leaseId'
         LEFT JOIN jobs j ON j.id = t.job_id
         LEFT JOIN reservations r ON r.owner_id = t.owner_id AND r.task_id = t.id AND r.attempt = t.attempt
                                  AND r.number = q.value ->> 'number'
        ORDER BY q.key`,
    )
    .bind(periods, JSON.stringify(asked.map(({ taskId, leaseId, number }) => ({ taskId, leaseId, number }))));
}

/**
 * Reservations `r` of these tasks, left by attempts whose consumer died. They are settled once an attempt is not lost, or the
 * task is discarded.
 */
const LEFT_BY_LOST = `${HELD} JOIN reservations r ON r.owner_id = t.owner_id AND r.task_id = t.id
                        AND (s.value ->> 'outcome' <> 'lost' OR s.value ->> 'state' = 'discarded')`;

/**
 * For the settlement of attempts (?1: `HELD`'s), after their rows: what they consumed replaces what was reserved for them. For
 * earlier attempts whose consumer died, the reservation is the best figure known, unless this attempt reuses their result and
 * reports its cost.
 */
export function settleReservations(db: D1Database, rows: string): D1PreparedStatement[] {
  return [
    db
      .prepare(
        `DELETE FROM reservations WHERE (owner_id, task_id, attempt) IN (
           SELECT t.owner_id, t.id, t.attempt FROM ${HELD} WHERE s.value ->> 'outcome' <> 'lost')`,
      )
      .bind(rows),
    ...spend(LEFT_BY_LOST).map((sql) => db.prepare(sql).bind(rows)),
  ];
}

/** An invocation lasts at most fifteen minutes. After this time it cannot report a call any more. */
const ABANDONED_MS = 20 * 60_000;

/** Reserved before ?1 by an attempt that no longer runs, or by a request. */
const ABANDONED = `(SELECT r.* FROM reservations r LEFT JOIN tasks t ON t.id = r.task_id
                     WHERE r.made_at < ?1 AND NOT coalesce(t.state = 'running' AND t.attempt = r.attempt, 0)) r`;

/** Count unreported calls as spent. @returns how many calls. */
export async function spendAbandoned(db: D1Database, now: number): Promise<number> {
  const results = await db.batch(spend(ABANDONED).map((sql) => db.prepare(sql).bind(now - ABANDONED_MS)));
  return results.at(-1)?.meta.changes ?? 0;
}

/** Whether neither the call's own attempt nor a later one has accounted for it. */
const UNTOLD = `
  NOT EXISTS (SELECT 1 FROM attempts a WHERE a.task_id = r.task_id AND a.number = r.attempt AND a.usage IS NOT NULL)
  AND NOT EXISTS (SELECT 1 FROM attempts l, json_each(l.usage) c
                   WHERE l.task_id = r.task_id AND l.number > r.attempt AND c.value ->> 'recalledFrom' = r.attempt)`;

/** Spend reservations `r`: add them to the day's figures and to the attempt's row, and delete them. */
function spend(reservations: string): readonly string[] {
  return [
    `${INTO_USAGE_DAYS} SELECT o.value, r.made_at / ${DAY_MS}, r.kind, r.call ->> 'model', count(*), sum(r.neurons), sum(r.neurons)
       FROM ${reservations}, json_each(json_array(r.owner_id, '${EVERYBODY}')) o
      WHERE ${UNTOLD} GROUP BY 1, 2, 3, 4 ${ADD_TO_DAY}`,
    `UPDATE attempts SET usage = u.usage, neurons = u.neurons, model = u.model
       FROM (SELECT r.task_id, r.attempt, json_group_array(json(r.call)) AS usage, sum(r.neurons) AS neurons,
                    max(r.call ->> 'model') AS model
               FROM ${reservations} WHERE ${UNTOLD} GROUP BY 1, 2) u
      WHERE attempts.task_id = u.task_id AND attempts.number = u.attempt`,
    `DELETE FROM reservations WHERE (owner_id, task_id, attempt, number) IN (
       SELECT r.owner_id, r.task_id, r.attempt, r.number FROM ${reservations})`,
  ];
}
