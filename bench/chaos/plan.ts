// The input and the output of a run, shared by the command, the tests and the chaos Worker.

export const WORK_KINDS = ["picture", "text", "photo", "note", "recording"] as const;
/** A prompt to draw, a text and a photograph to classify, a recording of one call, and a recording that is cut into chunks. */
export type WorkKind = (typeof WORK_KINDS)[number];

/** How much longer than until it is archived a job is kept. */
export const PRUNED_AFTER = 3;

/** A door that lies, to prove that the judge can find a run guilty. */
export type Sabotage = "forgets_commits" | "asks_twice" | "stores_half" | "prunes_early";

export interface ChaosPlan {
  readonly seed: number;
  readonly jobs: number;
  /** The share of operations at each door that fail, 0 to 1. */
  readonly faultRate: number;
  /** The kind of all jobs; a mix by default. */
  readonly only?: WorkKind;
  /** A daily budget for the account, in neurons. */
  readonly budget?: number;
  /** Ended jobs are archived after this many minutes, and pruned after `PRUNED_AFTER` times as many. Without it they stay. */
  readonly keepMinutes?: number;
  /** The consumer dies once, at this operation (counted from 1 over all invocations). */
  readonly death?: { readonly operation: number; readonly when: "before" | "after" };
  /** A consumer dies at every operation whose text contains this: a task or an event that crashes every consumer. */
  readonly poison?: string;
  readonly sabotage?: Sabotage;
  /** Trace what concerns this job id; the empty string traces everything. */
  readonly trace?: string;
}

/** A job or a model call that shows a fault of the product. */
export interface Finding {
  readonly type: "lost" | "double_billed" | "wrong_result";
  readonly jobId: string;
  readonly reason: string;
}

/** What the judge found about a job. */
export interface Verdict {
  readonly outcome: "completed" | "ignored" | "failed" | "lost" | "gone";
  /** The code of a failure. */
  readonly code?: string;
  /** Epoch milliseconds, in virtual time; null if the job has not ended. */
  readonly endedAt: number | null;
  readonly finding: Finding | null;
}

/** The last line of output. The keys are those of the issue. */
export interface ChaosReport {
  readonly seed: number;
  readonly fault_rate: number;
  readonly jobs: number;
  readonly completed: number;
  /** `completed/submitted` for each kind of work. */
  readonly completed_by_kind: Readonly<Record<WorkKind, string>>;
  readonly failed: Readonly<Record<string, number>>;
  /** Objects without a job that are recorded as ignored, because three or more readers ended while they read them. */
  readonly ignored: number;
  readonly dead_letters: number;
  /** Jobs that were archived, and jobs that were pruned. Each is judged when it has ended; those that are left are judged again at the end. */
  readonly archived: number;
  readonly pruned: number;
  readonly lost: number;
  readonly double_billed: number;
  readonly wrong_result: number;
  readonly answers_lost_with_consumer: number;
  readonly late_answers: number;
  readonly answers_not_stored: number;
  /** The number of days that cost more than the budget allows; null without a budget. */
  readonly days_over_budget: number | null;
  /** What the model charged and the product has neither counted nor reserved; null without a budget. */
  readonly uncounted_neurons: number | null;
  readonly attempts: number;
  readonly model_calls: number;
  readonly billed_calls: number;
  readonly operations: number;
  readonly faults: Readonly<Record<string, number>>;
  readonly deaths: number;
  /** Errors that the real D1 or R2 returned without being injected. */
  readonly real_errors: readonly string[];
  readonly virtual_seconds: number;
  readonly wall_seconds: number;
  readonly digest: string;
  /** The first finding of each type. */
  readonly findings: readonly Finding[];
}

/** A line of the chaos Worker's answer. */
export type ChaosLine =
  | { readonly type: "progress"; readonly text: string }
  | { readonly type: "trace"; readonly text: string }
  | { readonly type: "report"; readonly report: ChaosReport }
  | { readonly type: "error"; readonly message: string };
