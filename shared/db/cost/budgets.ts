import type { Standing } from "../../cost/budget-refusal.ts";
import { type Actor, insertAudit } from "../keys/audit.ts";
import { periodsJson, RESERVED, SPENT } from "./budget-sums.ts";
import { releaseHeld } from "./holds.ts";
import { returning, transact } from "../transact.ts";
import { type Changes, sumOf } from "../../jobs/changes.ts";
import type { BudgetKey } from "../../cost/budget.ts";

/** A budget, and its state in the present period. */
export interface Budget extends Standing {
  /** Whether jobs of priority `high` may exceed it. */
  readonly letsHighThrough: boolean;
}

export interface BudgetEdit extends BudgetKey {
  readonly neurons: number;
  readonly letsHighThrough: boolean;
}

/** The name of a budget in the audit log. */
const subjectOf = ({ ownerId, period }: BudgetKey) => `budget:${ownerId}/${period}`;

/** List the budgets of this owner, or (null) of all owners and the account. Reads at most a month's figures of each. */
export async function listBudgets(db: D1Database, ownerId: string | null, now: number): Promise<readonly Budget[]> {
  const { results } = await db
    .prepare(
      `SELECT b.owner_id AS ownerId, b.period, b.neurons, b.lets_high_through AS letsHighThrough,
              ${SPENT} AS spent, ${RESERVED} AS reserved
         FROM budgets b WHERE ?2 IS NULL OR b.owner_id = ?2 ORDER BY b.owner_id, b.period`,
    )
    .bind(periodsJson(now), ownerId)
    .all<Omit<Budget, "letsHighThrough"> & { letsHighThrough: number }>();
  return results.map(({ letsHighThrough, ...rest }) => ({ ...rest, letsHighThrough: letsHighThrough === 1 }));
}

/**
 * Set a budget, and release what the previous one held. If the amount changes, its events are sent again.
 * @param toldOwnerId the owner whose webhook endpoints get the events.
 * @returns the tasks that became ready.
 */
export async function setBudget(
  db: D1Database,
  { ownerId, period, neurons, letsHighThrough }: BudgetEdit,
  { actor, toldOwnerId }: { actor: Actor; toldOwnerId: string },
  { now, limit }: { now: number; limit: number },
): Promise<Changes> {
  const subject = subjectOf({ ownerId, period });
  const changes = await transact<Partial<Changes>>(db, [
    insertAudit(db, actor, { act: "budget.set", subject, detail: { neurons, letsHighThrough }, now }, "true"),
    db
      .prepare(
        `INSERT INTO budgets (owner_id, period, neurons, lets_high_through, told_owner_id) VALUES (?1, ?2, ?3, ?4, ?5)
         ON CONFLICT (owner_id, period) DO UPDATE
            SET warned_in = iif(neurons = excluded.neurons, warned_in, NULL),
                exhausted_in = iif(neurons = excluded.neurons, exhausted_in, NULL),
                neurons = excluded.neurons, lets_high_through = excluded.lets_high_through,
                told_owner_id = excluded.told_owner_id`,
      )
      .bind(ownerId, period, neurons, Number(letsHighThrough), toldOwnerId),
    ...releaseHeld(db, { code: "budget_used", ownerId }, { now, limit }),
  ]);
  return sumOf(changes);
}

/** Delete a budget, and release what it held. @returns the tasks that became ready; null if there is no such budget. */
export async function deleteBudget(
  db: D1Database,
  { ownerId, period }: BudgetKey,
  actor: Actor,
  { now, limit }: { now: number; limit: number },
): Promise<Changes | null> {
  const subject = subjectOf({ ownerId, period });
  const isThere = `EXISTS (SELECT 1 FROM budgets WHERE 'budget:' || owner_id || '/' || period = ?1)`;
  const deleted = db.prepare(`DELETE FROM budgets WHERE owner_id = ?1 AND period = ?2`).bind(ownerId, period);
  const answers = await transact<Partial<Changes> & { readonly isDeleted?: boolean }>(db, [
    insertAudit(db, actor, { act: "budget.delete", subject, now }, isThere),
    returning(deleted, (_, changed) => ({ isDeleted: changed > 0 })),
    ...releaseHeld(db, { code: "budget_used", ownerId }, { now, limit }),
  ]);
  return answers.some(({ isDeleted }) => isDeleted === true) ? sumOf(answers) : null;
}
