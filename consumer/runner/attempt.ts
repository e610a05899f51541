import type { Estimate } from "../../shared/cost/estimate.ts";
import type { Tally } from "../../shared/jobs/operations.ts";
import type { Outcome } from "../../shared/jobs/outcome.ts";
import type { Task } from "../../shared/jobs/task.ts";
import type { ModelCall } from "../../shared/models/model-call.ts";
import type { ModelRunner } from "../../shared/models/run-model.ts";
import { noteWaits, type Waits } from "./note-waits.ts";
import type { TaskKind } from "../../shared/jobs/task-kind.ts";

/**
 * One run of a task. It is all that a processor is given when it runs: whatever else a processor may touch, it was made with, and
 * neither D1 nor the queue is among that. So no processor can get a state wrong.
 */
export interface Attempt {
  readonly task: Task;
  /** Aborted when the task has been taken away. */
  readonly signal: AbortSignal;
  /** What this attempt has been charged for so far. */
  readonly calls: ModelCall[];
  /** Its operations beside its models so far. */
  readonly operations: Tally;
  readonly waits: Waits;
  /** Say what the job will consume, once that is known: before the model is asked, so that it is kept whatever comes of it. */
  readonly foresee: (estimate: Estimate) => void;
  readonly estimate: Estimate | undefined;
}

/** The bucket, as one attempt uses it: its calls are counted there. */
export type MediaOf = (attempt: Attempt) => R2Bucket;

/** The models, as one attempt asks them: each call passes the gate of its batch, and is recorded there. */
export type ModelsOf = (attempt: Attempt) => ModelRunner;

/** The function for one kind of task. `args` is the task's JSON. An error that it throws is a failure of the attempt. */
export type Processor = (args: string, attempt: Attempt) => Promise<Outcome>;

export type Processors = Readonly<Record<TaskKind, Processor>>;

export function beginAttempt(task: Task, { db, signal }: { db: D1Database; signal: AbortSignal }): Attempt {
  let foreseen: Estimate | undefined;
  return {
    task,
    signal,
    calls: [],
    operations: { r2ClassA: 0, r2ClassB: 0, ...task.leaseRows },
    waits: noteWaits(db, task),
    foresee: (estimate) => {
      foreseen = estimate;
    },
    get estimate() {
      return foreseen;
    },
  };
}
