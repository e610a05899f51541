import type { Progress, Pulse } from "../../shared/db/jobs/watch-job.ts";

/**
 * How much of a job a client has been sent. The id of each event contains it, so that any server can continue from there. States
 * and segments have an order, so they are counted. The cursor also has the latest progress that was sent.
 */
export interface EventCursor {
  readonly states: number;
  /** The end of the job that the client was sent: epoch milliseconds, or 0 if none was sent. */
  readonly endedAt: number;
  readonly tasksCompleted: number;
  readonly tasksTotal: number;
  readonly audioMsDone: number;
  readonly segments: number;
  readonly isDone: boolean;
}

export const BEGINNING: EventCursor = {
  states: 0,
  endedAt: 0,
  tasksCompleted: 0,
  tasksTotal: 0,
  audioMsDone: 0,
  segments: 0,
  isDone: false,
};

export function encodeEventId(jobId: string, cursor: EventCursor): string {
  const { states, endedAt, tasksCompleted, tasksTotal, audioMsDone, segments, isDone } = cursor;
  return [tagOf(jobId), states, endedAt, tasksCompleted, tasksTotal, audioMsDone, segments, Number(isDone)].join(".");
}

/** @returns the beginning for an id that `encodeEventId` did not make, or that belongs to another job. */
export function decodeEventId(jobId: string, id: string | undefined): EventCursor {
  const [, tag, ...numbers] =
    /^(\w+)\.([0-3])\.(\d{1,15})\.(\d{1,9})\.(\d{1,9})\.(\d{1,15})\.(\d{1,9})\.([01])$/.exec(id ?? "") ?? [];
  if (tag !== tagOf(jobId)) return BEGINNING;
  const [states = 0, endedAt = 0, tasksCompleted = 0, tasksTotal = 0, audioMsDone = 0, segments = 0, done = 0] =
    numbers.map(Number);
  return { states, endedAt, tasksCompleted, tasksTotal, audioMsDone, segments, isDone: done === 1 };
}

/** Enough of a job's id to distinguish it from another's. */
function tagOf(jobId: string): string {
  return jobId.replaceAll(/\W/g, "").slice(-8);
}

/** The cursor for the current run of a job. If the job was redriven after the client was sent its end, its states are sent again. */
export function inThisLife(cursor: EventCursor, { finalizedAt }: Pulse): EventCursor {
  if (cursor.endedAt === 0 || cursor.endedAt === finalizedAt) return cursor;
  return { ...cursor, states: 0, endedAt: 0, isDone: false };
}

/** The states of a run in their order, each with its time. They never change: later states are only added. */
export function statesOf({
  state,
  createdAt,
  startedAt,
  finalizedAt,
}: Pulse): readonly { state: string; at: number }[] {
  return [
    { state: "queued", at: createdAt },
    ...(startedAt === null ? [] : [{ state: "running", at: startedAt }]),
    ...(finalizedAt === null ? [] : [{ state, at: finalizedAt }]),
  ];
}

export function hasProgress(cursor: EventCursor, progress: Progress): boolean {
  return (
    cursor.tasksCompleted === progress.tasksCompleted &&
    cursor.tasksTotal === progress.tasksTotal &&
    cursor.audioMsDone === (progress.audioMsDone ?? 0)
  );
}
