import { NoConnection } from "../../shared/connections.ts";
import { CallRefused } from "../../shared/cost/budget-refusal.ts";
import { hasFailedWith } from "../../shared/db/tasks/leases.ts";
import { NewerWork } from "../../shared/kinds/index.ts";
import { isNewerTask } from "../../shared/jobs/formats.ts";
import type { EndedAttempt, Outcome } from "../../shared/jobs/outcome.ts";
import type { Task } from "../../shared/jobs/task.ts";
import { anotherMayAnswer, failureOf } from "../../shared/models/model-error.ts";
import type { Fallbacks } from "../../shared/settings.ts";
import { type Attempt, beginAttempt, type Processors } from "./attempt.ts";
import { fallBack } from "./fall-back.ts";
import { decide, decideNewer, decideRefused } from "./retry-policy.ts";
import type { BudgetKey } from "../../shared/cost/budget.ts";

export interface RunTaskDeps {
  readonly db: D1Database;
  readonly processors: Processors;
  readonly fallbacks: Fallbacks;
}

/** The outcome of an attempt, and the budgets that hold its task. */
interface Came {
  readonly outcome: Outcome;
  readonly refusedBy?: readonly BudgetKey[];
}

/**
 * Run one attempt of a leased task. Never throws: every error becomes an outcome, which the caller settles. `signal` ends
 * the call to the model when the task was cancelled or its lease ran out.
 */
export async function runTask(task: Task, deps: RunTaskDeps, signal: AbortSignal): Promise<EndedAttempt> {
  const startedAt = Date.now();
  const attempt = beginAttempt(task, { db: deps.db, signal });
  const came = isNewerTask(task) ? putOff(task) : await run(attempt, startedAt, deps);
  const { calls, operations, stored, estimate, recording } = attempt;
  return {
    taskId: task.id,
    leaseId: task.leaseId,
    ...came,
    calls,
    isBudgeted: task.isBudgeted,
    operations,
    stored,
    ...(estimate && { estimate }),
    ...(recording && { recording }),
    startedAt,
    finishedAt: Date.now(),
  };
}

/** Leave a task to the version that wrote it: its arguments might be misread. */
function putOff(task: Task): Came {
  return { outcome: decideNewer(task, { now: Date.now(), random: Math.random }) };
}

async function run(attempt: Attempt, startedAt: number, deps: RunTaskDeps): Promise<Came> {
  const { task } = attempt;
  try {
    return { outcome: withinAttempts(await deps.processors[task.kind](task.args, attempt), task) };
  } catch (error) {
    return decideThrown(error, task, startedAt, deps);
  }
}

async function decideThrown(
  error: unknown,
  task: Task,
  startedAt: number,
  { db, fallbacks }: RunTaskDeps,
): Promise<Came> {
  const chance = { now: Date.now(), random: Math.random };
  if (error instanceof CallRefused) {
    const { refusal } = error;
    const outcome = decideRefused(refusal, task, chance);
    return { outcome, ...(refusal.type === "hold" && { refusedBy: refusal.budgets }) };
  }
  if (error instanceof NewerWork) return putOff(task);
  if (error instanceof NoConnection) {
    const failure = { code: "no_connection", message: error.message };
    return { outcome: { type: "snooze", failure, scheduledAt: Date.now() } };
  }
  const failed = failureOf(error);
  const instead = anotherMayAnswer(error) ? fallBack(task, fallbacks) : null;
  const hasFailedSo = failed.remedy === "retry_once" && (await hasFailedWith(db, task, failed.failure.code));
  return { outcome: decide(failed, task, { ...chance, askedAt: startedAt, instead, hasFailedSo }) };
}

function withinAttempts(outcome: Outcome, { attempt, maxAttempts }: Task): Outcome {
  if (outcome.type !== "retry" || attempt < maxAttempts) return outcome;
  const { scheduledAt: _, ...spent } = outcome;
  return { ...spent, type: "discard" };
}
