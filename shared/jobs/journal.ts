// Records events for people and programs that watch: a JSON line for each and, in production, a point in Analytics Engine.
import { clip } from "../input/characters.ts";
import type { JobKind } from "../kinds/index.ts";
import type { TaskKind } from "./task-kind.ts";

/** Changes of state. */
export type StateEvent =
  | "job.queued"
  | "job.completed"
  | "job.failed"
  | "job.cancelled"
  | "job.deleted"
  | "task.opened"
  | "task.leased"
  | "task.completed"
  | "task.retry"
  | "task.snooze"
  | "task.discard"
  | "task.lost"
  | "task.cancelled"
  | "upload.ignored"
  | "kind.paused"
  | "kind.resumed"
  | "dead_letter.discarded"
  | "redrive.created"
  | "redrive.stopped"
  | "redrive.cancelled"
  | "redrive.ended"
  | "account.held"
  | "account.released"
  | "webhook.disabled";

/** Events that change no state and are worth counting. */
export type Notice =
  | "task.lease_lost"
  | "upload.known"
  | "maintenance.ran"
  | "webhook.tested"
  | "message.quarantined"
  | "message.let_go"
  | "messages.buried"
  | "model.unusable"
  | "budget.warning"
  | "budget.exhausted"
  | "database.restored"
  | "database.taken_up"
  | "transcript.edited"
  | "alert.raised"
  | "alert.ended";

/** Errors that should not happen. */
export type Fault =
  | "lease.failed"
  | "settle.failed"
  | "stop.failed"
  | "ingest.failed"
  | "inspect.failed"
  | "estimate.failed"
  | "quarantine.failed"
  | "bury.failed"
  | "maintenance.failed"
  | "redrive.failed"
  | "redrive.unsent"
  | "queues.failed"
  | "events.failed"
  | "delete.failed"
  | "alerts.failed"
  | "restore.failed"
  | "edit.unrecorded"
  | "words.failed"
  | "archive.failed"
  | "archive.unreadable"
  | "ask.unaccounted"
  | "unusable.failed"
  | "request.failed"
  | "limit.failed"
  | "access.failed"
  | "search.failed"
  | "health.failed"
  | "wake.failed"
  | "point.failed";

/** An event. It never has a prompt, a text, a transcript, an API key or a model's own words, which may quote them. */
export interface Entry<Event extends string = StateEvent | Notice> {
  readonly event: Event;
  readonly kind?: JobKind | TaskKind | undefined;
  readonly jobId?: string | undefined;
  readonly taskId?: string | undefined;
  readonly ownerId?: string | undefined;
  readonly attempt?: number | undefined;
  /** The duration of an attempt, of a job from its creation to its end, or of a maintenance run. */
  readonly durationMs?: number | undefined;
  /** From a job's creation to its first lease. */
  readonly queuedMs?: number | undefined;
  /** Until a task is due again. */
  readonly delayMs?: number | undefined;
  readonly model?: string | undefined;
  readonly engine?: string | null | undefined;
  readonly neurons?: number | undefined;
  readonly code?: string | undefined;
}

/** Fields of the line that the point does not have. */
export type Details = Readonly<Record<string, string | number | null | undefined>>;

export interface Journal {
  /** Record an event. Never throws. */
  record(entry: Entry, details?: Details): void;
  /** Record an error that should not happen. Never throws. */
  fault(entry: Entry<Fault>, error: unknown, details?: Details): void;
}

/** Analytics Engine takes this many points from an invocation; further events are only printed. */
const MAX_POINTS = 250;

/** A long recording opens hundreds of chunks at once: their lines are enough. */
const WITHOUT_POINT: ReadonlySet<string> = new Set<StateEvent>(["task.opened", "task.cancelled"]);

/** Room for D1's longest sentences, but not for a page of a client's text. */
const MAX_ERROR_CHARS = 200;

/** The messages of these errors quote what was read: a piece of the JSON, or keys of the value. */
const QUOTING: ReadonlySet<string> = new Set(["SyntaxError", "ZodError", "$ZodError"]);

/**
 * Return an error as the log may have it: its name and message, without what the message quotes, which may be a transcript or a
 * secret. Everything from the first quotation mark to the last is removed, because a quotation may contain quotation marks.
 */
export function describeError(error: unknown): string {
  if (!(error instanceof Error)) return `thrown: ${typeof error}`;
  if (QUOTING.has(error.name)) return error.name;
  const message = error.message.replace(/["'`\u2018-\u201f].*["'`\u2018-\u201f]/s, "[...]");
  return clip(`${error.name}: ${message}`, MAX_ERROR_CHARS);
}

/** Print only the line of a fault, where there is no journal. Never throws. */
export function printFault(entry: Entry<Fault>, error: unknown, details?: Details): void {
  console.error(JSON.stringify({ ...entry, ...details, error: describeError(error) }));
}

/** Create a journal for one invocation. If a request made it, each line has the request's id. */
export function createJournal({ EVENTS: dataset, REQUEST_ID }: Pick<Env, "EVENTS" | "REQUEST_ID"> = {}): Journal {
  const named = REQUEST_ID === undefined ? {} : { requestId: REQUEST_ID };
  let points = 0;
  function point(entry: Entry<string>): void {
    if (dataset === undefined || points === MAX_POINTS || WITHOUT_POINT.has(entry.event)) return;
    points += 1;
    try {
      dataset.writeDataPoint(pointOf(entry));
    } catch (error) {
      printFault({ event: "point.failed" }, error);
    }
  }
  return {
    record(entry, details) {
      console.log(JSON.stringify({ ...entry, ...details, ...named }));
      point(entry);
    },
    fault(entry, error, details) {
      printFault(entry, error, { ...details, ...named });
      point(entry);
    },
  };
}

/** The columns of docs/operations.md. Their order must never change: the dataset has no names, and keeps three months. */
function pointOf(entry: Entry<string>): AnalyticsEngineDataPoint {
  const { event, kind = "", jobId = "", taskId = "", ownerId = "", model = "", engine, code = "" } = entry;
  const { durationMs = 0, queuedMs = 0, delayMs = 0, neurons = 0, attempt = 0 } = entry;
  return {
    indexes: [kind === "" ? event : kind],
    blobs: [event, kind, jobId, taskId, ownerId, model, engine ?? "", code],
    doubles: [durationMs, queuedMs, delayMs, neurons, attempt],
  };
}
