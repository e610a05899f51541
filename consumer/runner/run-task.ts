import { readChunks } from "../../shared/db/jobs/chunks.ts";
import { type DeliveryReport, readDelivery } from "../../shared/db/webhooks/deliveries.ts";
import { findEarlierAttempts, hasFailedWith } from "../../shared/db/tasks/leases.ts";
import { type Made, readMade } from "../../shared/db/jobs/contents.ts";
import { type Connections, NoConnection } from "../../shared/connections.ts";
import { notifyPrediction } from "./notify-prediction.ts";
import type { Estimate } from "../../shared/cost/estimate.ts";
import { isNewerTask } from "../../shared/jobs/formats.ts";
import type { ModelCall } from "../../shared/models/model-call.ts";
import { ModelError } from "../../shared/models/model-error.ts";
import { type Ai, modelRunner } from "../../shared/models/run-model.ts";
import type { EmbeddedPassages, PassageIndex } from "../../shared/search/passage.ts";
import { addRows, countedBucket } from "../../shared/jobs/operations.ts";
import type { Fallbacks } from "../../shared/settings.ts";
import type { Failure, Settlement, Verdict } from "../../shared/jobs/settlement.ts";
import type { Task } from "../../shared/jobs/task.ts";
import { type Message, sendWebhook } from "../../shared/webhooks/send.ts";
import { type BudgetKey, CallRefused } from "../../shared/cost/budget-refusal.ts";
import type { IsolateMemory } from "./memory-limit.ts";
import { type CallGate, gated } from "./call-gate.ts";
import { diagnose } from "../../shared/models/failure.ts";
import { noteWaits, withWaits } from "./note-waits.ts";
import { processors } from "../processors/index.ts";
import { fallBack } from "./fall-back.ts";
import { findStoredAttempts } from "../processors/stored-attempts.ts";
import { decide, decideNewer, decideRefused } from "./retry-policy.ts";

export interface RunTaskDeps {
  readonly db: D1Database;
  readonly ai: Ai;
  readonly connections: Connections;
  readonly media: R2Bucket;
  readonly passages: PassageIndex;
  readonly memory: IsolateMemory;
  readonly gate: CallGate;
  /** See `refuseAddress`. */
  readonly allowInsecureWebhooks: boolean;
  readonly fallbacks: Fallbacks;
}

/**
 * Run one attempt of a leased task. Never throws: whatever happens is a verdict, to be settled by the caller.
 * `signal` ends the call to the model when the task has been taken away.
 */
export async function runTask(
  task: Task,
  { db, ai, connections, media, passages, memory, gate, allowInsecureWebhooks, fallbacks }: RunTaskDeps,
  signal: AbortSignal,
): Promise<Settlement> {
  if (isNewerTask(task)) return putOff(task);
  const calls: ModelCall[] = [];
  const waits = noteWaits(db, task);
  const counted = countedBucket(media);
  let foreseen: Estimate | undefined;
  let rows = task.leaseRows;
  const startedAt = Date.now();
  const context = {
    jobId: task.jobId,
    attempt: task.attempt,
    attemptsLeft: task.maxAttempts - task.attempt,
    media: counted.bucket,
    models: gated(withWaits(modelRunner(ai, calls, signal), waits), gate, task),
    calls,
    foresee: (estimate: Estimate) => {
      foreseen = estimate;
    },
    memory,
    editedAfter: task.editedAfter,
    mayBeStored: task.mayBeStored,
    earlierAttempts: async () => {
      if (task.mayBeStored) return findStoredAttempts(task, { db, media: counted.bucket });
      return task.attempt === 1 ? [] : findEarlierAttempts(db, task.id);
    },
    readChunks: () => readChunks(db, task.jobId),
    readMade: () => readMade(db, task.jobId),
    storePassages: async ({ ownerId, kind }: Made, found: EmbeddedPassages) => {
      rows = addRows(rows, await passages.put({ id: task.jobId, ownerId, kind }, found));
    },
    readDelivery: async (id: string) => {
      const now = Date.now();
      const delivery = await readDelivery(db, id, now);
      if (delivery?.event !== "prediction.completed") return delivery;
      const prediction = await notifyPrediction(task.jobId, {
        db,
        media: counted.bucket,
        now,
      });
      return prediction === null ? null : { ...delivery, payload: prediction.body };
    },
    send: (message: Message) =>
      waits(() => sendWebhook(message, { allowInsecure: allowInsecureWebhooks, signal, connections })),
  };
  let verdict: Verdict;
  let report: DeliveryReport | undefined;
  let refusedBy: readonly BudgetKey[] | undefined;
  try {
    const { delivery, ...outcome } = await processors[task.kind](task.args, context);
    report = delivery;
    verdict = outcome.type === "retry" ? again(outcome, task) : outcome;
  } catch (error) {
    const chance = { now: Date.now(), random: Math.random };
    if (error instanceof CallRefused) {
      verdict = decideRefused(error.refusal, task, chance);
      if (error.refusal.type === "hold") refusedBy = error.refusal.budgets;
    } else if (error instanceof NoConnection) {
      verdict = { type: "snooze", failure: { code: "no_connection", message: error.message }, scheduledAt: Date.now() };
    } else {
      const diagnosis = diagnose(error);
      const instead = canStandIn(error) ? fallBack(task, fallbacks) : null;
      const hasFailedSo = diagnosis.remedy === "retry_once" && (await hasFailedWith(db, task, diagnosis.failure.code));
      verdict = decide(diagnosis, task, { ...chance, askedAt: startedAt, instead, hasFailedSo });
    }
  }
  return {
    taskId: task.id,
    leaseId: task.leaseId,
    verdict,
    calls,
    isBudgeted: task.isBudgeted,
    ...(refusedBy && { refusedBy }),
    operations: { ...counted.counts, ...rows },
    ...(foreseen && { estimate: foreseen }),
    startedAt,
    finishedAt: Date.now(),
    ...(report && { delivery: report }),
  };
}

/** Leave a task to the version that wrote it: its arguments might be misread. */
function putOff(task: Task): Settlement {
  const now = Date.now();
  const { id: taskId, leaseId, isBudgeted, leaseRows } = task;
  const verdict = decideNewer(task, { now, random: Math.random });
  const operations = { r2ClassA: 0, r2ClassB: 0, ...leaseRows };
  return { taskId, leaseId, verdict, calls: [], isBudgeted, operations, startedAt: now, finishedAt: now };
}

/** Whether another model may do what this one does not: it has no capacity, was withdrawn, or is not for this account. */
function canStandIn(error: unknown): boolean {
  return error instanceof ModelError && (error.code === "out_of_capacity" || error.isModelUnusable);
}

function again({ failure, delayMs }: { failure: Failure; delayMs: number }, task: Task): Verdict {
  if (task.attempt >= task.maxAttempts) return { type: "discard", failure };
  return { type: "retry", failure, scheduledAt: Date.now() + delayMs };
}
