import type { RecordingTracks } from "../../shared/audio/chunks/audio-track.ts";
import type { Estimate } from "../../shared/cost/estimate.ts";
import type { Tally } from "../../shared/jobs/operations.ts";
import type { Outcome } from "../../shared/jobs/outcome.ts";
import type { Task } from "../../shared/jobs/task.ts";
import type { ModelCall } from "../../shared/models/model-call.ts";
import type { ModelRunner } from "../../shared/models/run-model.ts";
import { noteWaits, type Waits } from "./note-waits.ts";
import type { TaskKind } from "../../shared/jobs/task-kind.ts";

/**
 * One run of a task. A processor gets only this when it runs, and everything else that it may touch when it is created. D1 and
 * the queue are not part of that, so no processor can write a wrong state.
 */
export interface Attempt {
  readonly task: Task;
  /** Aborted when the task was cancelled or its lease ran out. */
  readonly signal: AbortSignal;
  /** What this attempt has been charged for so far. */
  readonly calls: ModelCall[];
  /** Its operations so far, except its calls to models. */
  readonly operations: Tally;
  /** The names under which it has put objects into the bucket, or has begun to. */
  readonly stored: string[];
  readonly waits: Waits;
  /**
   * Report what the job will consume, as soon as that is known. Call it before the model is asked, so that the estimate is kept
   * even if the attempt fails.
   */
  readonly foresee: (estimate: Estimate) => void;
  readonly estimate: Estimate | undefined;
  /** Report the tracks of the job's recording, as soon as they are known, so that the job names them even if the attempt fails. */
  readonly nameTracks: (recording: RecordingTracks) => void;
  readonly recording: RecordingTracks | undefined;
}

/** The bucket, as one attempt uses it: the attempt counts its calls. */
export type MediaOf = (attempt: Attempt) => R2Bucket;

/** The models, as one attempt asks them: each call passes the gate of its batch, and the attempt records it. */
export type ModelsOf = (attempt: Attempt) => ModelRunner;

/** The function for one kind of task. `args` is the task's JSON. If it throws an error, the attempt has failed. */
export type Processor = (args: string, attempt: Attempt) => Promise<Outcome>;

export type Processors = Readonly<Record<TaskKind, Processor>>;

export function beginAttempt(task: Task, { db, signal }: { db: D1Database; signal: AbortSignal }): Attempt {
  let foreseen: Estimate | undefined;
  let named: RecordingTracks | undefined;
  return {
    task,
    signal,
    calls: [],
    operations: { r2ClassA: 0, r2ClassB: 0, ...task.leaseRows },
    stored: [],
    waits: noteWaits(db, task),
    foresee: (estimate) => {
      foreseen = estimate;
    },
    get estimate() {
      return foreseen;
    },
    nameTracks: (recording) => {
      named = recording;
    },
    get recording() {
      return named;
    },
  };
}
