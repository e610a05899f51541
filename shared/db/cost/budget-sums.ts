// The state of budgets, in SQL. ?1 is `periodsJson`, everywhere.
import { LEAST_NEURONS, SLACK_NEURONS } from "../../cost/budget-refusal.ts";
import { periodsAt, EVERYBODY } from "../../cost/budget.ts";

/** Return each period's first day, and its end as ISO 8601. */
export function periodsJson(now: number): string {
  const { day, month } = periodsAt(now);
  const of = ({ firstDay, resetsAt }: typeof day) => ({ firstDay, resetsAt: new Date(resetsAt).toISOString() });
  return JSON.stringify({ day: of(day), month: of(month) });
}

/** The first day of a budget's period; `budget` is the name of its row. */
export const firstDayOf = (budget: string) => `json_extract(?1, '$.' || ${budget}.period || '.firstDay')`;

/** When the period of budget `b` ends. */
export const RESETS_AT = `json_extract(?1, '$.' || b.period || '.resetsAt')`;

/** What has been spent of a budget in its period. Walks along the key: at most a month's kinds and models. */
export const spentOf = (budget: string) =>
  `(SELECT coalesce(sum(u.neurons), 0) FROM usage_days u
     WHERE u.owner_id = ${budget}.owner_id AND u.day >= ${firstDayOf(budget)})`;
export const SPENT = spentOf("b");

/** What running calls have reserved of budget `b`: those of its owner, or all calls if it is the account's budget. */
export const RESERVED = `(SELECT coalesce(sum(o.neurons), 0) FROM reservations o
   WHERE o.owner_id >= iif(b.owner_id = '${EVERYBODY}', '', b.owner_id)
     AND o.owner_id <= iif(b.owner_id = '${EVERYBODY}', '\u{10ffff}', b.owner_id))`;

/** The budgets that a call counts against and may not exceed. `ownerId` and `isUrgent` are SQL of our own. */
export const budgetsOf = (ownerId: string, isUrgent: string) =>
  `budgets b WHERE b.owner_id IN (${ownerId}, '${EVERYBODY}') AND NOT (b.lets_high_through AND ${isUrgent})`;

/** Whether a call that costs `neurons` would exceed one of them. */
export const exceedsBudget = (ownerId: string, isUrgent: string, neurons: string) =>
  `EXISTS (SELECT 1 FROM ${budgetsOf(ownerId, isUrgent)}
             AND ${SPENT} + ${RESERVED} + max(${neurons}, ${LEAST_NEURONS}) > b.neurons + ${SLACK_NEURONS})`;

/** The state of those budgets: JSON, an array of `Standing`. */
export const standings = (ownerId: string, isUrgent: string) =>
  `(SELECT json_group_array(json_object('ownerId', b.owner_id, 'period', b.period, 'neurons', b.neurons,
                                        'spent', ${SPENT}, 'reserved', ${RESERVED}))
      FROM ${budgetsOf(ownerId, isUrgent)})`;
