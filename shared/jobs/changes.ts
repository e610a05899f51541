import type { BudgetNews } from "../cost/budget.ts";
import type { JobKind } from "../kinds/index.ts";

/** A job that this call ended; no other call did. */
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

/** A dead letter whose task was redriven. */
export interface Redriven {
  readonly letterId: string;
  readonly taskId: string;
  readonly jobId: string;
  /** When the task may run: epoch milliseconds. */
  readonly scheduledAt: number;
}

/** What a change of state did besides what was asked for. `announce` records it, and wakes consumers. */
export interface Changes {
  /** The ids of tasks that may run now, because their stage has opened or because the change created them. */
  readonly opened: readonly string[];
  /** The ids of other tasks that may run now: of new jobs, of replayed deliveries, and tasks that were held or lost before. */
  readonly ready: readonly string[];
  readonly redriven: readonly Redriven[];
  readonly endedJobs: readonly EndedJob[];
  /** The ids of tasks that ended with their job. */
  readonly cancelledTasks: readonly string[];
  /** Webhook endpoints that answered 410. */
  readonly disabledEndpoints: readonly { readonly id: string; readonly ownerId: string }[];
  /** Budgets that crossed a line. */
  readonly budgetNews: readonly BudgetNews[];
  /** Until when the account is held, if it was not before: epoch milliseconds. */
  readonly heldUntil: number | null;
}

/** Return several changes as one. */
export function sumOf(parts: readonly Partial<Changes>[]): Changes {
  return {
    opened: parts.flatMap(({ opened = [] }) => opened),
    ready: parts.flatMap(({ ready = [] }) => ready),
    redriven: parts.flatMap(({ redriven = [] }) => redriven),
    endedJobs: parts.flatMap(({ endedJobs = [] }) => endedJobs),
    cancelledTasks: parts.flatMap(({ cancelledTasks = [] }) => cancelledTasks),
    disabledEndpoints: parts.flatMap(({ disabledEndpoints = [] }) => disabledEndpoints),
    budgetNews: parts.flatMap(({ budgetNews = [] }) => budgetNews),
    heldUntil: parts.find(({ heldUntil = null }) => heldUntil !== null)?.heldUntil ?? null,
  };
}

export const NOTHING = sumOf([]);
