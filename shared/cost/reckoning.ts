// Costs of a job, besides its models, that cannot be counted: a transaction does not know its own rows before it ends, and
// messages belong to the platform. They are calculated from what the job leaves behind.
import type { D1Rows, R2Calls } from "../jobs/operations.ts";

/** What a job has left behind. */
export interface Traces {
  /** The job reads an object of the bucket. */
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
  /** Settled attempts. Cancelled and lost ones are not part of a settlement. */
  readonly attempts: number;
  /** Settled attempts whose task was to be tried again. */
  readonly attemptsAgain: number;
  /** Settled attempts that asked a model. */
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
  job: 8, // with its first task, and its place among the jobs of its state
  source: 1, // the index that finds the jobs of an object, except the job that was made of it
  upload: 3,
  furtherTask: 4,
  laterTask: 6, // as it is added, and as it is opened
  attempt: 2, // and its task
  attemptAgain: 2, // the task is due again
  attemptAsking: 3, // the day's figures of its owner and of the account, and how long it took
  artifact: 1,
  label: 2,
  chunk: 1,
  passage: 4,
  deadLetter: 9,
  delivery: 3,
  end: 2,
} as const;

/** For a task that is submitted and settled alone; the tasks of one batch share most of it. */
const READ = { job: 13, settlement: 53, passage: 4 } as const;

export function reckonRows(traces: Traces): D1Rows {
  const d1RowsWritten =
    WRITTEN.job +
    (traces.hasSource && !traces.hasUpload ? WRITTEN.source : 0) +
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

/** The object is stored and looked up, and its first bytes are read. */
export function reckonIntake({ hasSource, hasUpload }: Traces): R2Calls {
  return { r2ClassA: hasUpload ? 1 : 0, r2ClassB: hasSource ? 2 : 0 };
}

/** A message costs three operations. The reads of messages that wake tasks are counted with the attempts. */
export function reckonMessages({ hasUpload, wokenTasks }: Traces): number {
  return 2 * wokenTasks + (hasUpload ? 3 : 0);
}
