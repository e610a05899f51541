import type { Changes } from "./changes.ts";
import type { Intake } from "./intake.ts";
import type { Journal } from "./journal.ts";
import { spreadWakes } from "./spread-wakes.ts";
import { wakeLater } from "./wake.ts";

/**
 * Record what a change of state did, and wake consumers for the tasks that may run. Call it after the change is in D1. Never
 * throws.
 * @param now epoch milliseconds: the delay of a redriven task's wake-up is counted from here.
 */
export async function announce(
  changes: Partial<Changes> & { readonly isBusy?: boolean },
  { journal, tasks, ...rates }: Pick<Intake, "journal" | "tasks"> & Partial<Pick<Intake, "db" | "callsAMinute">>,
  now: number = Date.now(),
): Promise<void> {
  record(changes, journal);
  const { opened = [], ready = [], redriven = [] } = changes;
  await wakeLater(tasks, await spreadWakes([...opened, ...ready], { ...rates, isBusy: changes.isBusy === true }, now));
  await wakeLater(
    tasks,
    redriven.map(({ scheduledAt }) => ({ delaySeconds: Math.ceil((scheduledAt - now) / 1000) })),
  );
}

function record(
  {
    opened = [],
    redriven = [],
    cancelledTasks = [],
    endedJobs = [],
    disabledEndpoints = [],
    budgetNews = [],
    heldUntil = null,
  }: Partial<Changes>,
  journal: Journal,
): void {
  for (const taskId of opened) journal.record({ event: "task.opened", taskId });
  for (const { letterId, taskId, jobId } of redriven) {
    journal.record({ event: "job.queued", jobId, taskId }, { redriven: letterId });
  }
  for (const taskId of cancelledTasks) journal.record({ event: "task.cancelled", taskId });
  for (const { state, code, queuedMs, ...job } of endedJobs) {
    journal.record({ event: `job.${state}`, ...job, code: code ?? undefined, queuedMs: queuedMs ?? undefined });
  }
  for (const { id, ownerId } of disabledEndpoints) {
    journal.record({ event: "webhook.disabled", ownerId, code: "endpoint_gone" }, { endpointId: id });
  }
  for (const { event, ownerId, ...figures } of budgetNews) journal.record({ event, ownerId }, figures);
  if (heldUntil !== null) journal.record({ event: "account.held" }, { until: heldUntil });
}
