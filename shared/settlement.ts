/** One call to a model, as its attempt remembers it. */
export interface ModelCall {
  readonly model: string;
  /** Who ran it: `workers-ai`, or the name of a local engine; null where nobody answered. */
  readonly engine: string | null;
  /** From the `cf-ai-neurons` header; null where the platform sent none. */
  readonly neurons: number | null;
}

/** A result in R2, stored before the attempt settles. */
export interface StoredArtifact {
  readonly name: string;
  readonly key: string;
  readonly contentType: string;
  readonly sizeBytes: number;
  readonly etag: string;
}

export interface Label {
  readonly label: string;
  /** 0 to 1. */
  readonly score: number;
}

/** Why an attempt did not complete: a stable code for programs, a sentence for people. */
export interface Failure {
  readonly code: string;
  readonly message: string;
}

/** What becomes of a task after an attempt. `scheduledAt` is epoch milliseconds. */
export type Verdict =
  | { readonly type: "completed"; readonly artifacts: readonly StoredArtifact[]; readonly labels: readonly Label[] }
  | { readonly type: "retry"; readonly failure: Failure; readonly scheduledAt: number }
  | { readonly type: "snooze"; readonly failure: Failure; readonly scheduledAt: number }
  | { readonly type: "discard"; readonly failure: Failure };

/** An attempt that ended. It takes effect only while `leaseId` still holds the task. */
export interface Settlement {
  readonly taskId: string;
  readonly leaseId: string;
  readonly verdict: Verdict;
  /** True for a run that never ended and was found by its expired lease. */
  readonly lost?: boolean;
  readonly calls: readonly ModelCall[];
  readonly startedAt: number;
  readonly finishedAt: number;
}
