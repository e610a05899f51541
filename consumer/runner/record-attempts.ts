import type { Settled } from "../../shared/db/tasks/settle.ts";
import type { Journal } from "../../shared/jobs/journal.ts";
import { recordChanges } from "../../shared/jobs/record-changes.ts";
import { type ModelCall, neuronsOf } from "../../shared/models/model-call.ts";
import type { Settlement } from "../../shared/jobs/settlement.ts";
import type { Task } from "../../shared/jobs/task.ts";

/** Note the tasks leased, and the jobs that began with one of them. */
export function recordLeases(journal: Journal, tasks: readonly Task[]): void {
  for (const { id: taskId, jobId, kind, attempt, leasedAt, createdAt, startsJob } of tasks) {
    if (startsJob) journal.record({ event: "job.started", kind, jobId, taskId, queuedMs: leasedAt - createdAt });
    journal.record({ event: "task.leased", kind, jobId, taskId, attempt });
  }
}

/** Note what became of attempts, and of the jobs that ended with them. A failure's words stay in D1: they may quote the input. */
export function recordSettlements(journal: Journal, settlements: readonly Settlement[], result: Settled): void {
  for (const { taskId, verdict, lost = false, calls, startedAt, finishedAt } of settlements) {
    const task = result.settled.get(taskId);
    const entry = {
      taskId,
      durationMs: finishedAt - startedAt,
      ...(verdict.type !== "completed" && { code: verdict.failure.code }),
      ...("scheduledAt" in verdict && { delayMs: Math.max(0, verdict.scheduledAt - finishedAt) }),
      ...spent(calls),
    };
    if (task === undefined) journal.record({ event: "task.lease_lost", ...entry });
    else if (lost) journal.record({ event: "task.lost", ...task, ...entry }, { verdict: verdict.type });
    else journal.record({ event: `task.${verdict.type}`, ...task, ...entry });
  }
  recordChanges(journal, result);
  for (const { id, ownerId } of result.disabledEndpoints) {
    journal.record({ event: "webhook.disabled", ownerId, code: "endpoint_gone" }, { endpointId: id });
  }
  for (const { event, ownerId, ...figures } of result.budgetNews) journal.record({ event, ownerId }, figures);
  if (result.heldUntil !== null) journal.record({ event: "account.held" }, { until: result.heldUntil });
}

function spent(calls: readonly ModelCall[]) {
  const last = calls.at(-1);
  return last && { model: last.model, engine: last.engine, neurons: neuronsOf(calls) ?? undefined };
}
