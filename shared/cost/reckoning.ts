// What a job costs beside its models and cannot be counted: a transaction does not know its own rows before it ends, and
// messages are the platform's. It is reckoned by what is left of it.
import type { D1Rows, R2Calls } from "../jobs/operations.ts";

/** What a job has left behind. */
export interface Traces {
  /** It reads an object of the bucket. */
  readonly hasSource: boolean;
  /** That object was announced. */
  readonly hasUpload: boolean;
  /** It has ended. */
  readonly isEnded: boolean;
  /** Tasks that were added after the first one and could run at once. */
  readonly furtherTasks: number;
  /** Tasks that had to wait for an earlier stage. */
  readonly laterTasks: number;
  /** Tasks for which a message was sent. */
  readonly wokenTasks: number;
  /** Settled ones; cancelled and lost ones are no part of a settlement. */
  readonly attempts: number;
  /** Of those, the ones that were to be tried again. */
  readonly attemptsAgain: number;
  /** Of those, the ones that asked a model. */
  readonly attemptsAsking: number;
  readonly artifacts: number;
  readonly labels: number;
  readonly chunks: number;
  readonly passages: number;
  readonly deadLetters: number;
  readonly deliveries: number;
}

/** Rows, and the entries of their indexes, as test/reckoning.test.ts counts them on D1. */
const WRITTEN = {
  job: 7, // with its first task
  source: 1, // the index that finds the jobs of an object
  upload: 3,
  furtherTask: 4,
  laterTask: 6, // as it is added, and as it is opened
  attempt: 2, // and its task
  attemptAgain: 2, // the task is due again
  attemptAsking: 3, // the day's figures of its owner and of everybody, and how long it took
  artifact: 1,
  label: 2,
  chunk: 1,
  passage: 4,
  deadLetter: 5,
  delivery: 3,
  end: 2,
} as const;

/** Of a task that is taken in and settled alone; those of one batch share most of it. */
const READ = { job: 13, settlement: 53, passage: 4 } as const;

export function reckonRows(traces: Traces): D1Rows {
  const d1RowsWritten =
    WRITTEN.job +
    (traces.hasSource ? WRITTEN.source : 0) +
    (traces.hasUpload ? WRITTEN.upload : 0) +
    traces.furtherTasks * WRITTEN.furtherTask +
    traces.laterTasks * WRITTEN.laterTask +
    traces.attempts * WRITTEN.attempt +
    traces.attemptsAgain * WRITTEN.attemptAgain +
    traces.attemptsAsking * WRITTEN.attemptAsking +
    traces.artifacts * WRITTEN.artifact +
    traces.labels * WRITTEN.label +
    traces.chunks * WRITTEN.chunk +
    traces.passages * WRITTEN.passage +
    traces.deadLetters * WRITTEN.deadLetter +
    traces.deliveries * WRITTEN.delivery +
    (traces.isEnded ? WRITTEN.end : 0);
  const d1RowsRead = READ.job + traces.attempts * READ.settlement + traces.passages * READ.passage;
  return { d1RowsRead, d1RowsWritten };
}

/** The object is stored, asked after, and its first bytes are read. */
export function reckonIntake({ hasSource, hasUpload }: Traces): R2Calls {
  return { r2ClassA: hasUpload ? 1 : 0, r2ClassB: hasSource ? 2 : 0 };
}

/** A message costs three operations; the reads of those that wake tasks are the attempts'. */
export function reckonMessages({ hasUpload, wokenTasks }: Traces): number {
  return 2 * wokenTasks + (hasUpload ? 3 : 0);
}
