import type { BudgetKey } from "../cost/budget.ts";
import type { ModelCall } from "../models/model-call.ts";
import type { ChunkRecord } from "../transcripts/compose-transcript.ts";
import type { Passage } from "../search/passage.ts";
import type { DeliveryReport } from "../webhooks/event.ts";
import type { Estimate } from "../cost/estimate.ts";
import type { Operations } from "./operations.ts";
import type { NewTask } from "./task.ts";

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

/** What a completed attempt leaves behind, all of it in the transaction that settles it. */
export interface Completed {
  readonly type: "completed";
  readonly artifacts?: readonly StoredArtifact[];
  readonly labels?: readonly Label[];
  /** Further tasks of the job; the lowest stage among them is open at once. */
  readonly next?: readonly NewTask[];
  /** The transcript of a chunk. */
  readonly transcribed?: ChunkRecord;
  /** What the job can be found by from now on: the passages of these sources in the place of those that it had. */
  readonly passages?: readonly Passage[];
}

/** The model that a task asks from now on, and with which arguments (JSON). */
export interface StandIn {
  readonly model: string;
  readonly args: string;
}

/** No other attempt would help. */
export interface Discarded {
  readonly type: "discard";
  readonly failure: Failure;
}

/**
 * What an attempt came to. A processor returns one, the runner makes one of whatever a processor throws, and settlement writes
 * it. `scheduledAt` is epoch milliseconds.
 */
export type Outcome = (
  | Completed
  /** Another attempt, if there is one left. */
  | { readonly type: "retry"; readonly failure: Failure; readonly scheduledAt: number }
  /** Later, and not counted as an attempt. */
  | {
      readonly type: "snooze";
      readonly failure: Failure;
      readonly scheduledAt: number;
      readonly instead?: StandIn | undefined;
    }
  | Discarded
) & {
  /** Of an attempt to deliver a webhook. */
  readonly delivery?: DeliveryReport;
};

/** An attempt that ended. It takes effect only while `leaseId` still holds the task. */
export interface EndedAttempt {
  readonly taskId: string;
  readonly leaseId: string;
  readonly outcome: Outcome;
  /** True for a run that never ended and was found by its expired lease. */
  readonly lost?: boolean;
  /** Whether that speaks against the task: nothing ran beside it, and it waited for nobody. */
  readonly lostAlone?: boolean;
  readonly calls: readonly ModelCall[];
  /** Whether its calls were set aside for, or may have been by an attempt before. */
  readonly isBudgeted: boolean;
  /** The budgets that it was held for. */
  readonly refusedBy?: readonly BudgetKey[];
  /** What it did beside; left out where nobody counted. */
  readonly operations?: Operations;
  /** What the job is expected to consume, where this attempt was the first to know. */
  readonly estimate?: Estimate;
  readonly startedAt: number;
  readonly finishedAt: number;
}
