export const BUDGET_PERIODS = ["day", "month"] as const;
export type BudgetPeriod = (typeof BUDGET_PERIODS)[number];

const DAY_MS = 24 * 3_600_000;

/** A budget's period: UTC days and calendar months. */
export interface Period {
  /** Since the epoch, as `usage_days` has it. */
  readonly firstDay: number;
  /** When the next one begins: epoch milliseconds. */
  readonly resetsAt: number;
}

/** The day and the month that `now` lies in. */
export function periodsAt(now: number): Readonly<Record<BudgetPeriod, Period>> {
  const day = Math.floor(now / DAY_MS);
  const date = new Date(now);
  const [year, month] = [date.getUTCFullYear(), date.getUTCMonth()];
  return {
    day: { firstDay: day, resetsAt: (day + 1) * DAY_MS },
    month: { firstDay: Date.UTC(year, month) / DAY_MS, resetsAt: Date.UTC(year, month + 1) },
  };
}
