import type { RecordingTracks } from "../audio/chunks/audio-track.ts";
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

/** What a completed attempt leaves behind. All of it is written in the transaction that settles the attempt. */
export interface Completed {
  readonly type: "completed";
  readonly artifacts?: readonly StoredArtifact[];
  readonly labels?: readonly Label[];
  /** Further tasks of the job; the lowest stage among them is open at once. */
  readonly next?: readonly NewTask[];
  /** The transcript of a chunk. */
  readonly transcribed?: ChunkRecord;
  /** The passages that the job can be found by from now on: they replace its passages of the same sources. */
  readonly passages?: readonly Passage[];
}

/** The model that a task asks from now on, and its arguments for that model (JSON). */
export interface StandIn {
  readonly model: string;
  readonly args: string;
}

/** Another attempt would not help. */
export interface Discarded {
  readonly type: "discard";
  readonly failure: Failure;
}

/**
 * The outcome of an attempt. A processor returns one, the runner turns anything that a processor throws into one, and settlement
 * writes it. `scheduledAt` is epoch milliseconds.
 */
export type Outcome = (
  | Completed
  /** Another attempt, if there is one left. */
  | { readonly type: "retry"; readonly failure: Failure; readonly scheduledAt: number }
  /** Another attempt later, which is not counted. */
  | {
      readonly type: "snooze";
      readonly failure: Failure;
      readonly scheduledAt: number;
      readonly instead?: StandIn | undefined;
    }
  | Discarded
) & {
  /** The report of an attempt to deliver a webhook. */
  readonly delivery?: DeliveryReport;
};

/** An attempt that ended. It takes effect only while `leaseId` still holds the task. */
export interface EndedAttempt {
  readonly taskId: string;
  readonly leaseId: string;
  readonly outcome: Outcome;
  /** True for a run that never ended and was found by its expired lease. */
  readonly lost?: boolean;
  /** Whether the loss counts against the task: it ran alone, and was not waiting for an answer from outside. */
  readonly lostAlone?: boolean;
  readonly calls: readonly ModelCall[];
  /** Whether its calls were reserved, or an earlier attempt may have reserved calls. */
  readonly isBudgeted: boolean;
  /** The budgets that it was held for. */
  readonly refusedBy?: readonly BudgetKey[];
  /** Its operations besides its calls; left out if they were not counted. */
  readonly operations?: Operations;
  /** The names under which it has stored objects, artifacts and others; left out if that is not known. */
  readonly stored?: readonly string[];
  /** What the job is expected to consume, if this attempt was the first to know. */
  readonly estimate?: Estimate;
  /** The tracks of the job's recording, if this attempt read them. */
  readonly recording?: RecordingTracks;
  readonly startedAt: number;
  readonly finishedAt: number;
}
