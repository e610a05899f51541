import type { JobKind } from "../kinds/index.ts";

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

/** What a call changed beside what it was asked for. */
export interface Changes {
  /** The ids of tasks that may run now: to wake the queue for. */
  readonly opened: readonly string[];
  readonly endedJobs: readonly EndedJob[];
  /** The ids of tasks that ended with their job. */
  readonly cancelledTasks: readonly string[];
}

export const NOTHING: Changes = { opened: [], endedJobs: [], cancelledTasks: [] };
