import { DAY_MS, utcDay } from "../durations.ts";

export const BUDGET_PERIODS = ["day", "month"] as const;
export type BudgetPeriod = (typeof BUDGET_PERIODS)[number];

/** A budget's period: UTC days and calendar months. */
export interface Period {
  /** Since the epoch, as `usage_days` has it. */
  readonly firstDay: number;
  /** When the next one begins: epoch milliseconds. */
  readonly resetsAt: number;
}

/** The day and the month that `now` lies in. */
export function periodsAt(now: number): Readonly<Record<BudgetPeriod, Period>> {
  const day = utcDay(now);
  const date = new Date(now);
  const [year, month] = [date.getUTCFullYear(), date.getUTCMonth()];
  return {
    day: { firstDay: day, resetsAt: (day + 1) * DAY_MS },
    month: { firstDay: Date.UTC(year, month) / DAY_MS, resetsAt: Date.UTC(year, month + 1) },
  };
}

/** Stands for everybody in `usage_days` and in budgets: no owner can have this name. */
export const EVERYBODY = "*";

/** Names a budget. */
export interface BudgetKey {
  /** `EVERYBODY` for the account's. */
  readonly ownerId: string;
  readonly period: BudgetPeriod;
}

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
