import type { Changes } from "../db/jobs/ends.ts";
import type { Journal } from "./journal.ts";

/** Note tasks that may run now, and tasks and jobs that ended. */
export function recordChanges(
  journal: Journal,
  { opened, endedJobs, cancelledTasks }: Pick<Changes, "opened" | "endedJobs"> & Partial<Changes>,
): void {
  for (const taskId of opened) journal.record({ event: "task.opened", taskId });
  for (const taskId of cancelledTasks ?? []) journal.record({ event: "task.cancelled", taskId });
  for (const { state, code, queuedMs, ...job } of endedJobs) {
    journal.record({ event: `job.${state}`, ...job, code: code ?? undefined, queuedMs: queuedMs ?? undefined });
  }
}
