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
 * So many consumers may end under a task before it is given up on, if all but the first ran it alone and at least two of
 * them did not wait for a model or a receiver. Lost attempts are not counted as attempts: a deployment, or a neighbour that
 * ends the consumer, is not the task's fault. Each is an outage for everybody who shares the isolate, so there are few.
 */
export const MAX_LOST = 3;

/**
 * So many consumers may end under a task for whatever reason: one that fills the memory with a model's answer ends them
 * while it waits.
 */
export const MAX_LOST_AT_ALL = 6;

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
  /** Attempts whose consumer ended in the middle. While it is above 0 the task runs alone. */
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
  /** Of its arguments (shared/jobs/formats.ts). */
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

/**
 * A message on the queue of tasks says that there is work, and names no task: what becomes of the message says nothing about
 * any task. Messages of earlier versions did name one. Messages of all formats up to ours are read.
 */
export const TaskMessage = z.object({ v: z.int().min(1).max(MESSAGE_FORMAT) });
export type TaskMessage = z.infer<typeof TaskMessage>;
