import type { BudgetPeriod } from "./budget-period.ts";

/** What the owner of a budget, or of the account's the operator, is told once a period. */
export const BUDGET_EVENTS = ["budget.warning", "budget.exhausted"] as const;
export type BudgetEvent = (typeof BUDGET_EVENTS)[number];

/** From this share on a budget is warned of. */
export const WARNED_AT_SHARE = 0.8;

/** A budget of which something was told just now. */
export interface BudgetNews {
  readonly event: BudgetEvent;
  readonly ownerId: string;
  readonly period: BudgetPeriod;
  readonly neurons: number;
  readonly spent: number;
}
