// Two versions of the Worker may run on one database and one queue: while a deployment spreads, and after a rollback. What one
// version writes for another to read later has a format. A version that does not know a format does not touch it: it puts
// messages and tasks off (`snooze`), and never gives up on them. Raise a number when an earlier version could misread what this
// one writes. This version must continue to read all lower numbers. Migrations only add, so an earlier version runs on the
// newer schema.
import { JOB_KINDS, kindOf } from "../kinds/index.ts";
import type { Step } from "./steps.ts";

/** The format of messages on the queue of tasks. */
export const MESSAGE_FORMAT = 1;

const FORMATS_BESIDE: Readonly<Record<Step | "deliver_webhook", number>> = {
  deliver_webhook: 1,
  summarise: 1,
  embed: 1,
  describe: 1,
};

/**
 * The formats of tasks by kind: of their arguments, which contain the plan of a chunk, and of what earlier tasks of the job
 * have left for them.
 */
export const TASK_FORMATS: ReadonlyMap<string, number> = new Map([
  ...JOB_KINDS.flatMap((kind) => Object.entries(kindOf(kind).tasks)),
  ...Object.entries(FORMATS_BESIDE),
]);

/** Return whether a message was written by a newer version than this one. */
export function isNewerMessage(body: unknown): boolean {
  const format = typeof body === "object" && body !== null && "v" in body ? body.v : null;
  return typeof format === "number" && format > MESSAGE_FORMAT;
}

/** Return whether a task was written by a newer version than this one, which may not know the task's kind. */
export function isNewerTask({ kind, format }: { readonly kind: string; readonly format: number }): boolean {
  const known = TASK_FORMATS.get(kind);
  return known === undefined || format > known;
}
