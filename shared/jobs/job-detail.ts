// A job as it is read whole. Times are epoch milliseconds.
import type { AccountHold } from "../models/allocation.ts";
import type { JobKind } from "../kinds/index.ts";
import type { JobState } from "./job.ts";

export interface JobRow {
  readonly id: string;
  readonly kind: JobKind;
  readonly state: JobState;
  /** JSON. */
  readonly input: string;
  readonly errorCode: string | null;
  readonly errorMessage: string | null;
  readonly createdAt: number;
  readonly startedAt: number | null;
  readonly finalizedAt: number | null;
  /** 0 is the most urgent. */
  readonly priority: number;
  readonly startBy: number | null;
  readonly deadlineAt: number | null;
  readonly maxNeurons: number | null;
  /** The identical job that this one waits for. */
  readonly follows: string | null;
  /** The job whose result this is, and the neurons that this saved. */
  readonly reusedFrom: string | null;
  readonly savedNeurons: number | null;
  /** JSON array; null for none. */
  readonly tags: string | null;
  /** JSON object; null for none. */
  readonly metadata: string | null;
  /** JSON, a `Choice`; null for a job from before choices were stored. */
  readonly choice: string | null;
  /** JSON of an `Estimate`; null while it is not known. */
  readonly estimate: string | null;
  /** 1 if only what lists show is here, and the rest in the bucket (shared/archive/whole.ts). */
  readonly isArchived: 0 | 1;
  /** Only of a job that is read whole: JSON, the lists of notices of the job whose result this is; null if the result is its own. */
  readonly reusedNotices?: string | null;
  /** Only in a list with figures: the share of its tasks that have ended, 0 to 1 and null unless it runs; and what it cost. */
  readonly fraction?: number | null;
  readonly neurons?: number;
  /** The same for an archived job: the neurons that it was estimated to cost; null for any other. */
  readonly archivedEstimate?: number | null;
}

export interface AttemptRow {
  readonly taskId: string;
  readonly number: number;
  readonly outcome: string;
  readonly startedAt: number;
  readonly finishedAt: number;
  readonly model: string | null;
  readonly engine: string | null;
  readonly neurons: number | null;
  /** JSON array of `ModelCall`; null if no model was asked. */
  readonly usage: string | null;
  readonly errorCode: string | null;
  readonly errorMessage: string | null;
}

export interface TaskRow {
  readonly id: string;
  readonly kind: string;
  readonly state: string;
  /** The model that it asks first; null if none. */
  readonly model: string | null;
  readonly attempt: number;
  readonly scheduledAt: number;
  /** JSON, `RecordingTracks`; null for a task that planned no recording with tracks. */
  readonly recording: string | null;
}

export interface ArtifactRow {
  readonly name: string;
  readonly key: string;
  readonly contentType: string;
  readonly sizeBytes: number;
}

export interface LabelRow {
  readonly label: string;
  readonly score: number;
}

/** How much of a long recording has been transcribed, in milliseconds of audio; null if nothing was cut. */
export interface AudioProgress {
  readonly audioMsDone: number | null;
  readonly audioMsTotal: number | null;
}

/** When a completed job's first attempt began, and when it ended: epoch milliseconds. */
export interface Run {
  readonly startedAt: number;
  readonly finalizedAt: number;
}

/** A job with all its details. */
export interface JobDetail {
  readonly job: JobRow;
  readonly tasks: readonly TaskRow[];
  readonly attempts: readonly AttemptRow[];
  readonly artifacts: readonly ArtifactRow[];
  readonly labels: readonly LabelRow[];
  readonly progress: AudioProgress;
  /** Set while tasks of the job's kind may not be leased. */
  readonly pause: { readonly note: string | null } | null;
  /** Set while tasks with a model may not be leased. */
  readonly hold: AccountHold | null;
  /** How many of the owner's tasks come before it; null unless the job waits for its turn. */
  readonly ahead: number | null;
  /** The latest completed runs of jobs of this kind; none once the job has ended. */
  readonly runs: readonly Run[];
}
