import * as z from "zod";

import { MESSAGE_FORMAT } from "./formats.ts";
import type { JobKind } from "./job.ts";
import type { D1Rows } from "./operations.ts";
import type { Step } from "./steps.ts";

export type TaskKind =
  | "transcribe"
  | "transcribe_chunk"
  | "join_transcript"
  | "generate_image"
  | "classify"
  | "deliver_webhook"
  | Step;

/** Which kind of job each kind of task is a part of; null for what follows or runs beside jobs of several kinds. */
export const JOB_KIND_OF: Readonly<Record<TaskKind, JobKind | null>> = {
  transcribe: "transcription",
  transcribe_chunk: "transcription",
  join_transcript: "transcription",
  generate_image: "image_generation",
  classify: "classification",
  deliver_webhook: null,
  summarise: null,
  embed: null,
  describe: null,
};

/** A task that another one adds to its job when it completes. */
export interface NewTask {
  /** Unique in the job: the same task added twice is one. */
  readonly name: string;
  readonly kind: TaskKind;
  readonly stage: number;
  /** The model that it asks first; null if none. */
  readonly model: string | null;
  /** What the processor of this kind parses. */
  readonly args: unknown;
}

/** Attempts a task gets before it is given up on; a redrive grants as many again. Snoozes do not count. */
export const MAX_ATTEMPTS = 5;

/**
 * So many consumers may die under a task before it is given up on. They are not counted as attempts: a deployment or a
 * crash of a neighbour is not the task's fault, and from the first on it runs alone.
 */
export const MAX_LOST = 10;

/** A task whose lease this invocation holds. Times are epoch milliseconds. */
export interface Task {
  readonly id: string;
  readonly jobId: string;
  readonly kind: TaskKind;
  /** JSON, parsed by the processor of this kind. */
  readonly args: string;
  /** Counted from 1. */
  readonly attempt: number;
  readonly maxAttempts: number;
  /** The model that it asks first; null if none. */
  readonly model: string | null;
  /** The model that this one stands in for; null if for none. */
  readonly preferredModel: string | null;
  /** Attempts whose consumer died. */
  readonly lost: number;
  readonly leaseId: string;
  readonly leasedAt: number;
  readonly createdAt: number;
  /** When its job is not wanted any more; null if ever. */
  readonly deadlineAt: number | null;
  /** Its job was to start earlier, and did not. */
  readonly isTooLate: boolean;
  /** Whether its calls have to be set aside for: a budget applies, its job has `maxNeurons`, or an attempt before did. */
  readonly isBudgeted: boolean;
  /** Of its arguments (shared/formats.ts). */
  readonly format: number;
  /** Of the latest attempt that ran with other arguments; 0 for none. */
  readonly editedAfter: number;
  /** The database was set back: what attempts have stored is to be looked for in the bucket. */
  readonly mayBeStored: boolean;
  /** Its share of the rows that the lease read and wrote. */
  readonly leaseRows: D1Rows;
  /** Whether it was this lease that set the job running; true for one task of a job only. */
  readonly startsJob: boolean;
}

/** A message on `media-tasks`: only a doorbell, the truth is the row. Messages of all formats up to ours are read. */
export const TaskMessage = z.object({
  v: z.int().min(1).max(MESSAGE_FORMAT),
  taskId: z.string().min(1).max(200),
});
export type TaskMessage = z.infer<typeof TaskMessage>;
