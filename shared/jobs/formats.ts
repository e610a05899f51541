// Two versions of the Worker may run on one database and one queue: while a deployment spreads, and after a rollback. What
// one writes for another to read later has a format, and who does not know a format leaves it alone: messages and tasks are
// put off (`snooze`), never given up on. Raise a number when a version before could misread what this one writes; this
// version must go on reading all numbers below. Migrations only add: the version before runs on the newer schema.
import { JOB_KINDS, kindOf } from "../kinds/index.ts";
import type { Step } from "./steps.ts";

/** Of messages on the queue of tasks. */
export const MESSAGE_FORMAT = 1;

const FORMATS_BESIDE: Readonly<Record<Step | "deliver_webhook", number>> = {
  deliver_webhook: 1,
  summarise: 1,
  embed: 1,
  describe: 1,
};

/**
 * The format of a task's arguments (the plan of a chunk is in there) and of what earlier tasks of its job have left for it, by
 * the task's kind.
 */
export const TASK_FORMATS: ReadonlyMap<string, number> = new Map([
  ...JOB_KINDS.flatMap((kind) => Object.entries(kindOf(kind).tasks)),
  ...Object.entries(FORMATS_BESIDE),
]);

/** Whether a message was written by a version that is newer than this one. */
export function isNewerMessage(body: unknown): boolean {
  const format = typeof body === "object" && body !== null && "v" in body ? body.v : null;
  return typeof format === "number" && format > MESSAGE_FORMAT;
}

/** Whether a task was written by a version that is newer than this one; its kind may be one that this one does not know. */
export function isNewerTask({ kind, format }: { readonly kind: string; readonly format: number }): boolean {
  const known = TASK_FORMATS.get(kind);
  return known === undefined || format > known;
}
