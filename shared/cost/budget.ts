import { DAY_MS, utcDay } from "../durations.ts";

export const BUDGET_PERIODS = ["day", "month"] as const;
export type BudgetPeriod = (typeof BUDGET_PERIODS)[number];

/** A period of a budget. Days and calendar months are those of UTC. */
export interface Period {
  /** Days since the epoch, as in `usage_days`. */
  readonly firstDay: number;
  /** When the next period begins: epoch milliseconds. */
  readonly resetsAt: number;
}

/** Return the day and the month that contain `now`. */
export function periodsAt(now: number): Readonly<Record<BudgetPeriod, Period>> {
  const day = utcDay(now);
  const date = new Date(now);
  const [year, month] = [date.getUTCFullYear(), date.getUTCMonth()];
  return {
    day: { firstDay: day, resetsAt: (day + 1) * DAY_MS },
    month: { firstDay: Date.UTC(year, month) / DAY_MS, resetsAt: Date.UTC(year, month + 1) },
  };
}

/** Stands for the whole account in `usage_days` and in budgets: no owner can have this name. */
export const EVERYBODY = "*";

/** Names a budget. */
export interface BudgetKey {
  /** `EVERYBODY` for the account's budget. */
  readonly ownerId: string;
  readonly period: BudgetPeriod;
}

/** The events that a budget's owner gets once a period; for the account's budget the operator gets them. */
export const BUDGET_EVENTS = ["budget.warning", "budget.exhausted"] as const;
export type BudgetEvent = (typeof BUDGET_EVENTS)[number];

/** A warning is sent from this share of a budget on. */
export const WARNED_AT_SHARE = 0.8;

/** A budget for which an event was just sent. */
export interface BudgetNews {
  readonly event: BudgetEvent;
  readonly ownerId: string;
  readonly period: BudgetPeriod;
  readonly neurons: number;
  readonly spent: number;
}
