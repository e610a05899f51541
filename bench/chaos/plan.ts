// What a run is told and what it answers: the one thing that the command, the tests and the chaos Worker share.

export const WORK_KINDS = ["picture", "text", "photo", "note", "recording"] as const;
/** A prompt to draw, a text and a photograph to classify, a recording of one call, and one that is cut into chunks. */
export type WorkKind = (typeof WORK_KINDS)[number];

/** A door that lies: proof that the judge can find the run guilty. */
export type Sabotage = "forgets_commits" | "asks_twice" | "stores_half";

export interface ChaosPlan {
  readonly seed: number;
  readonly jobs: number;
  /** Share of the operations at each door that fail, 0 to 1. */
  readonly faultRate: number;
  /** All jobs of this kind; a mix if left out. */
  readonly only?: WorkKind;
  /** A daily budget of the account, in neurons. */
  readonly budget?: number;
  /** The consumer dies once, at this operation (counted from 1 over all invocations). */
  readonly death?: { readonly operation: number; readonly when: "before" | "after" };
  /** A queue's consumer dies at every operation that mentions this: a task or an event that crashes whoever takes it. */
  readonly poison?: string;
  readonly sabotage?: Sabotage;
  /** Tell what concerns this job id, or all of it with an empty string. */
  readonly trace?: string;
}

/** A job, or a model call, that speaks against the product. */
export interface Finding {
  readonly type: "lost" | "double_billed" | "wrong_result";
  readonly jobId: string;
  readonly reason: string;
}

/** The last line. Keys are as the issue names them. */
export interface ChaosReport {
  readonly seed: number;
  readonly fault_rate: number;
  readonly jobs: number;
  readonly completed: number;
  /** `completed/brought` of each kind of work. */
  readonly completed_by_kind: Readonly<Record<WorkKind, string>>;
  readonly failed: Readonly<Record<string, number>>;
  /** Objects without a job, recorded as ignored: three readers or more ended while they read them. */
  readonly ignored: number;
  readonly dead_letters: number;
  readonly lost: number;
  readonly double_billed: number;
  readonly wrong_result: number;
  readonly answers_lost_with_consumer: number;
  readonly late_answers: number;
  readonly answers_not_stored: number;
  /** Days that cost more than the budget allows; null without one. */
  readonly days_over_budget: number | null;
  /** What the model charged beyond what the product has counted or still sets aside; null without a budget. */
  readonly uncounted_neurons: number | null;
  readonly attempts: number;
  readonly model_calls: number;
  readonly billed_calls: number;
  readonly operations: number;
  readonly faults: Readonly<Record<string, number>>;
  readonly deaths: number;
  /** Errors that a real D1 or R2 answered, unasked for. */
  readonly real_errors: readonly string[];
  readonly virtual_seconds: number;
  readonly wall_seconds: number;
  readonly digest: string;
  /** The first of each type. */
  readonly findings: readonly Finding[];
}

/** A line of the chaos Worker's answer. */
export type ChaosLine =
  | { readonly type: "progress"; readonly text: string }
  | { readonly type: "trace"; readonly text: string }
  | { readonly type: "report"; readonly report: ChaosReport }
  | { readonly type: "error"; readonly message: string };
