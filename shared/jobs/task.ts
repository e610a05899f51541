import * as z from "zod";

import { MESSAGE_FORMAT } from "./formats.ts";
import type { D1Rows } from "./operations.ts";
import type { TaskKind } from "./task-kind.ts";

/** A task that another task adds to its job when it completes. */
export interface NewTask {
  /** Unique in the job: the same task added twice is one. */
  readonly name: string;
  readonly kind: TaskKind;
  readonly stage: number;
  /** The model that it asks first; null if none. */
  readonly model: string | null;
  /** Parsed by the processor of this kind. */
  readonly args: unknown;
}

/** How many attempts a task gets before it is discarded; a redrive grants as many again. Snoozes do not count. */
export const MAX_ATTEMPTS = 5;

/**
 * How many consumers may end during a task before it is discarded, if all but the first ran it alone and at least two of them
 * were not waiting for a model or a receiver. Lost attempts are not counted as attempts: a deployment, or another task that
 * ends the consumer, is not the task's fault. Each loss is an outage for everything in the isolate, so few are allowed.
 */
export const MAX_LOST = 3;

/**
 * How many consumers may end during a task for whatever reason. A task that fills the memory with a model's answer ends them
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
  /** Attempts whose consumer ended during the run. While it is above 0 the task runs alone. */
  readonly lost: number;
  readonly leaseId: string;
  readonly leasedAt: number;
  readonly createdAt: number;
  /** The deadline of its job; null for none. */
  readonly deadlineAt: number | null;
  /** Whether its job should have started earlier, and did not. */
  readonly isTooLate: boolean;
  /** Whether its calls must be reserved: a budget applies, its job has `maxNeurons`, or an earlier attempt reserved calls. */
  readonly isBudgeted: boolean;
  /** The format of its arguments (shared/jobs/formats.ts). */
  readonly format: number;
  /** The number of the latest attempt that ran with other arguments; 0 for none. */
  readonly editedAfter: number;
  /** Whether the bucket may have results of this task that the database does not know, because it was set back. */
  readonly mayBeStored: boolean;
  /** Its share of the rows that the lease read and wrote. */
  readonly leaseRows: D1Rows;
  /** Whether this lease set the job running; true for only one task of a job. */
  readonly startsJob: boolean;
}

/**
 * A message on the queue of tasks says that there is work, and names no task: what happens to the message says nothing about
 * any task. Messages of earlier versions did name one. Messages of all formats up to ours are read.
 */
export const TaskMessage = z.object({ v: z.int().min(1).max(MESSAGE_FORMAT) });
export type TaskMessage = z.infer<typeof TaskMessage>;
