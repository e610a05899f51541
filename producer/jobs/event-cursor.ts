import type { Progress, Pulse } from "../../shared/db/jobs/watch-job.ts";

/**
 * What a client has been told of a job: the id of each event says it, so that any server can go on from there. States
 * and segments are counted, since their order is given; of progress the client has the latest.
 */
export interface EventCursor {
  readonly states: number;
  /** When the job ended, as the client knows it: epoch milliseconds; 0 for never. */
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

/** @returns the beginning for an id that is none of ours, or another job's. */
export function decodeEventId(jobId: string, id: string | undefined): EventCursor {
  const [, tag, ...numbers] =
    /^(\w+)\.([0-3])\.(\d{1,15})\.(\d{1,9})\.(\d{1,9})\.(\d{1,15})\.(\d{1,9})\.([01])$/.exec(id ?? "") ?? [];
  if (tag !== tagOf(jobId)) return BEGINNING;
  const [states = 0, endedAt = 0, tasksCompleted = 0, tasksTotal = 0, audioMsDone = 0, segments = 0, done = 0] =
    numbers.map(Number);
  return { states, endedAt, tasksCompleted, tasksTotal, audioMsDone, segments, isDone: done === 1 };
}

/** Enough of a job's id to tell it from another's. */
function tagOf(jobId: string): string {
  return jobId.replaceAll(/\W/g, "").slice(-8);
}

/** A job that was redriven since the client was told of its end lives again: its states are told anew. */
export function inThisLife(cursor: EventCursor, { finalizedAt }: Pulse): EventCursor {
  if (cursor.endedAt === 0 || cursor.endedAt === finalizedAt) return cursor;
  return { ...cursor, states: 0, endedAt: 0, isDone: false };
}

/** The states of a life in their order, each with its moment: the same whenever one looks. */
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
