import type { Changes } from "./changes.ts";
import type { Journal } from "./journal.ts";

interface RecordedChanges extends Pick<Changes, "opened" | "endedJobs">, Partial<Pick<Changes, "cancelledTasks">> {
  /** Webhook endpoints that want no more. */
  readonly disabledEndpoints?: readonly { readonly id: string; readonly ownerId: string }[];
}

/** Note tasks that may run now, tasks and jobs that ended, and endpoints that are told no more. */
export function recordChanges(
  journal: Journal,
  { opened, endedJobs, cancelledTasks = [], disabledEndpoints = [] }: RecordedChanges,
): void {
  for (const taskId of opened) journal.record({ event: "task.opened", taskId });
  for (const taskId of cancelledTasks) journal.record({ event: "task.cancelled", taskId });
  for (const { state, code, queuedMs, ...job } of endedJobs) {
    journal.record({ event: `job.${state}`, ...job, code: code ?? undefined, queuedMs: queuedMs ?? undefined });
  }
  for (const { id, ownerId } of disabledEndpoints) {
    journal.record({ event: "webhook.disabled", ownerId, code: "endpoint_gone" }, { endpointId: id });
  }
}
