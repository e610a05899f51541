import type { BudgetNews } from "../cost/budget.ts";
import type { JobKind } from "./job.ts";

/** A job that a call ended, and nobody before. */
export interface EndedJob {
  readonly jobId: string;
  readonly ownerId: string;
  readonly kind: JobKind;
  readonly state: "completed" | "failed" | "cancelled";
  /** Why it failed. */
  readonly code: string | null;
  /** From its creation to its first lease; null if it never had one. */
  readonly queuedMs: number | null;
  /** From its creation to its end. */
  readonly durationMs: number;
}

/** What a change of state did beside what it was asked for. */
export interface Changes {
  /** The ids of tasks that may run now, because their stage has opened or because they were made for what has happened. */
  readonly opened: readonly string[];
  readonly endedJobs: readonly EndedJob[];
  /** The ids of tasks that ended with their job. */
  readonly cancelledTasks: readonly string[];
  /** Webhook endpoints that want no more. */
  readonly disabledEndpoints: readonly { readonly id: string; readonly ownerId: string }[];
  /** Budgets that crossed a line. */
  readonly budgetNews: readonly BudgetNews[];
  /** Until when the account is held, if it was not before: epoch milliseconds. */
  readonly heldUntil: number | null;
}

/** Several changes as one. */
export function sumOf(parts: readonly Partial<Changes>[]): Changes {
  return {
    opened: parts.flatMap(({ opened = [] }) => opened),
    endedJobs: parts.flatMap(({ endedJobs = [] }) => endedJobs),
    cancelledTasks: parts.flatMap(({ cancelledTasks = [] }) => cancelledTasks),
    disabledEndpoints: parts.flatMap(({ disabledEndpoints = [] }) => disabledEndpoints),
    budgetNews: parts.flatMap(({ budgetNews = [] }) => budgetNews),
    heldUntil: parts.find(({ heldUntil = null }) => heldUntil !== null)?.heldUntil ?? null,
  };
}

export const NOTHING = sumOf([]);
