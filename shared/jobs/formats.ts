// Two versions of the Worker may run on one database and one queue: while a deployment spreads, and after a rollback. What
// one writes for another to read later has a format, and who does not know a format leaves it alone: messages and tasks are
// put off (`snooze`), never given up on. Raise a number when a version before could misread what this one writes; this
// version must go on reading all numbers below. Migrations only add: the version before runs on the newer schema.
import type { TaskKind } from "./task.ts";

/** Of messages on the queue of tasks. */
export const MESSAGE_FORMAT = 1;

/** Of a task's arguments (the plan of a chunk is in there), and of what earlier tasks of its job have left for it. */
export const TASK_FORMATS: Readonly<Record<TaskKind, number>> = {
  transcribe: 1,
  transcribe_chunk: 1,
  join_transcript: 1,
  generate_image: 1,
  classify: 1,
  deliver_webhook: 1,
  summarise: 1,
  embed: 1,
  describe: 1,
};

/** Whether a message was written by a version that is newer than this one. */
export function isNewerMessage(body: unknown): boolean {
  const format = typeof body === "object" && body !== null && "v" in body ? body.v : null;
  return typeof format === "number" && format > MESSAGE_FORMAT;
}

/** Whether a task was written by a version that is newer than this one; its kind may be one that this one does not know. */
export function isNewerTask({ kind, format }: { readonly kind: string; readonly format: number }): boolean {
  const known = Object.entries(TASK_FORMATS).find(([one]) => one === kind);
  return known === undefined || format > known[1];
}
