import { readChunks } from "../shared/db/chunks.ts";
import { type DeliveryReport, readDelivery } from "../shared/db/deliveries.ts";
import { findEarlierAttempts, hasFailedWith } from "../shared/db/leases.ts";
import { type Made, readMade } from "../shared/db/made.ts";
import { notifyPrediction } from "../shared/replicate/notify-prediction.ts";
import type { Estimate } from "../shared/estimate.ts";
import type { ModelCall } from "../shared/ai/model-call.ts";
import { ModelError } from "../shared/ai/model-error.ts";
import { type Ai, modelRunner } from "../shared/ai/run-model.ts";
import type { EmbeddedPassages, PassageIndex } from "../shared/search/passage.ts";
import { addRows, countedBucket } from "../shared/operations.ts";
import type { Failure, Settlement, Verdict } from "../shared/settlement.ts";
import type { Task } from "../shared/task.ts";
import { type Message, sendWebhook } from "../shared/webhooks/send.ts";
import { type BudgetKey, CallRefused } from "../shared/budgets/refusal.ts";
import type { ByteBudget } from "./byte-budget.ts";
import { type CallGate, gated } from "./call-gate.ts";
import { diagnose } from "../shared/ai/failure.ts";
import { processors } from "./processors/index.ts";
import { fallBack, type Fallbacks } from "./fall-back.ts";
import { decide, decideRefused } from "./retry-policy.ts";

export interface RunTaskDeps {
  readonly db: D1Database;
  readonly ai: Ai;
  readonly media: R2Bucket;
  readonly passages: PassageIndex;
  readonly budget: ByteBudget;
  readonly cutting: ByteBudget;
  readonly gate: CallGate;
  /** See `refuseAddress`. */
  readonly allowInsecureWebhooks: boolean;
  /** Signs the links in predictions. */
  readonly urlSigningKey: string | undefined;
  readonly fallbacks: Fallbacks;
}

/**
 * Run one attempt of a leased task. Never throws: whatever happens is a verdict, to be settled by the caller.
 * `signal` ends the call to the model when the task has been taken away.
 */
export async function runTask(
  task: Task,
  { db, ai, media, passages, budget, cutting, gate, allowInsecureWebhooks, urlSigningKey, fallbacks }: RunTaskDeps,
  signal: AbortSignal,
): Promise<Settlement> {
  const calls: ModelCall[] = [];
  const counted = countedBucket(media);
  let foreseen: Estimate | undefined;
  let rows = task.leaseRows;
  const startedAt = Date.now();
  const context = {
    jobId: task.jobId,
    attempt: task.attempt,
    attemptsLeft: task.maxAttempts - task.attempt,
    media: counted.bucket,
    models: gated(modelRunner(ai, calls, signal), gate, task),
    calls,
    foresee: (estimate: Estimate) => {
      foreseen = estimate;
    },
    earlierAttempts: async () => (task.attempt === 1 ? [] : findEarlierAttempts(db, task.id)),
    budget,
    cutting,
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
        signingKey: urlSigningKey,
        now,
      });
      return prediction === null ? null : { ...delivery, payload: prediction.body };
    },
    send: (message: Message) => sendWebhook(message, { allowInsecure: allowInsecureWebhooks, signal }),
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

/** Whether another model may do what this one does not: it has no capacity, was withdrawn, or is not for this account. */
function canStandIn(error: unknown): boolean {
  return error instanceof ModelError && (error.code === "out_of_capacity" || error.isModelUnusable);
}

function again({ failure, delayMs }: { failure: Failure; delayMs: number }, task: Task): Verdict {
  if (task.attempt >= task.maxAttempts) return { type: "discard", failure };
  return { type: "retry", failure, scheduledAt: Date.now() + delayMs };
}
