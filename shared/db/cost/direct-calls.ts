// Budgets of calls that a request makes itself, without a task.
import { type ModelCall, neuronsOf } from "../../models/model-call.ts";
import { type Refusal, refusalOf, type Standing } from "../../cost/budget-refusal.ts";
import { exceedsBudget, periodsJson, standings } from "./budget-sums.ts";
import { tellOfOwnBudgets } from "./budget-news.ts";
import { ACCOUNT_HOLD, holdAccount, isAccountHeld } from "./holds.ts";
import { retryTransient } from "../transient.ts";
import { transact } from "../transact.ts";
import { addStreamLatencies, isMeasuredStream } from "../models/latencies.ts";
import { type DirectUsage, insertDirectUsage } from "./usage.ts";
import type { AccountHold } from "../../models/allocation.ts";
import { type Changes, sumOf } from "../../jobs/changes.ts";

export type DirectReservation =
  | { readonly ok: true; readonly id: string }
  | { readonly ok: false; readonly refusal: Refusal | AccountHeld };

/** The platform refuses all calls of the account until then: epoch milliseconds. */
export interface AccountHeld {
  readonly type: "account_held";
  readonly until: number;
}

/**
 * Reserve what a request's calls are expected to cost, before the first is made; `settleDirect` releases it. If the request
 * dies before it settles, the reservation counts as spent after twenty minutes.
 */
export async function reserveDirect(
  db: D1Database,
  {
    ownerId,
    kind,
    calls,
    now,
  }: { ownerId: string; kind: DirectUsage["kind"]; calls: readonly ModelCall[]; now: number },
): Promise<DirectReservation> {
  const id = `${kind}:${crypto.randomUUID()}`;
  const neurons = neuronsOf(calls) ?? 0;
  const [call] = calls;
  const asked = { id, ownerId, kind, neurons, call: { ...call, neurons } };
  const [, reserved, held, budgets] = await retryTransient(() =>
    db.batch<Partial<AccountHold> & { readonly budgets?: string }>([
      db
        .prepare(
          `INSERT INTO reservations (owner_id, task_id, attempt, number, kind, neurons, call, made_at)
           SELECT ?2 ->> 'ownerId', ?2 ->> 'id', 1, 1, ?2 ->> 'kind', ?2 ->> 'neurons', ?2 -> 'call', ?3
            WHERE NOT ${exceedsBudget("?2 ->> 'ownerId'", "false", "?2 ->> 'neurons'")} AND NOT ${isAccountHeld("?3")}
           ON CONFLICT DO NOTHING`,
        )
        .bind(periodsJson(now), JSON.stringify(asked), now),
      db.prepare(`SELECT 1 AS isReserved FROM reservations WHERE owner_id = ?1 AND task_id = ?2`).bind(ownerId, id),
      db.prepare(ACCOUNT_HOLD).bind(now),
      db.prepare(`SELECT ${standings("?2", "false")} AS budgets`).bind(periodsJson(now), ownerId),
    ]),
  );
  if ((reserved?.results.length ?? 0) > 0) return { ok: true, id };
  const { until } = held?.results[0] ?? {};
  if (until !== undefined) return { ok: false, refusal: { type: "account_held", until } };
  const applying = JSON.parse(budgets?.results[0]?.budgets ?? "[]") as Standing[]; // our own JSON, from standings()
  return { ok: false, refusal: refusalOf(neurons, { job: null, budgets: applying, by: "request" }, now) };
}

/** Account for what the calls of a request cost, in place of their reservation. Also holds the account if `hold` is given. */
export async function settleDirect(
  db: D1Database,
  id: string,
  usage: DirectUsage,
  hold: AccountHold | null = null,
): Promise<Changes> {
  const { ownerId, calls, at: now } = usage;
  // The usage is inserted only while the reservation exists, so a settlement repeated after a lost answer is not counted twice.
  const changes = await retryTransient(() =>
    transact<Partial<Changes>>(db, [
      ...(hold ? [holdAccount(db, hold)] : []),
      ...(calls.length > 0 ? [insertDirectUsage(db, usage, id)] : []),
      ...(calls.some(isMeasuredStream) ? [addStreamLatencies(db, usage, id)] : []),
      db.prepare(`DELETE FROM reservations WHERE owner_id = ?1 AND task_id = ?2`).bind(ownerId, id),
      ...tellOfOwnBudgets(db, ownerId, now),
    ]),
  );
  return sumOf(changes);
}
