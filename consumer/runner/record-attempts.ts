import type { SettledTask } from "../../shared/db/tasks/settle.ts";
import type { Journal } from "../../shared/jobs/journal.ts";
import { type ModelCall, neuronsOf } from "../../shared/models/model-call.ts";
import type { EndedAttempt } from "../../shared/jobs/outcome.ts";
import type { Task } from "../../shared/jobs/task.ts";

/** Record the tasks leased. The one with which its job started has `queuedMs`. */
export function recordLeases(journal: Journal, tasks: readonly Task[]): void {
  for (const { id: taskId, jobId, kind, attempt, leasedAt, createdAt, startsJob } of tasks) {
    const started = startsJob ? { queuedMs: leasedAt - createdAt } : {};
    journal.record({ event: "task.leased", kind, jobId, taskId, attempt, ...started });
  }
}

/**
 * Record the outcomes of attempts. The message of a failure stays in D1: it may quote the input.
 * @param settled the attempts that took effect, by task.
 */
export function recordAttempts(
  journal: Journal,
  attempts: readonly EndedAttempt[],
  settled: ReadonlyMap<string, SettledTask>,
): void {
  for (const { taskId, outcome, lost = false, calls, startedAt, finishedAt } of attempts) {
    const task = settled.get(taskId);
    const entry = {
      taskId,
      durationMs: finishedAt - startedAt,
      ...(outcome.type !== "completed" && { code: outcome.failure.code }),
      ...("scheduledAt" in outcome && { delayMs: Math.max(0, outcome.scheduledAt - finishedAt) }),
      ...spent(calls),
    };
    if (task === undefined) journal.record({ event: "task.lease_lost", ...entry });
    else if (lost) journal.record({ event: "task.lost", ...task, ...entry }, { verdict: outcome.type });
    else journal.record({ event: `task.${outcome.type}`, ...task, ...entry });
  }
}

function spent(calls: readonly ModelCall[]) {
  const last = calls.at(-1);
  return last && { model: last.model, engine: last.engine, neurons: neuronsOf(calls) ?? undefined };
}
