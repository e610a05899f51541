import { readChunks } from "../shared/db/chunks.ts";
import { type DeliveryReport, readDelivery } from "../shared/db/deliveries.ts";
import { findEarlierAttempts } from "../shared/db/leases.ts";
import { type Made, readMade } from "../shared/db/made.ts";
import { notifyPrediction } from "../shared/replicate/notify-prediction.ts";
import type { ModelCall } from "../shared/ai/model-call.ts";
import { type Ai, modelRunner } from "../shared/ai/run-model.ts";
import type { EmbeddedPassages, PassageIndex } from "../shared/search/passage.ts";
import type { Failure, Settlement, Verdict } from "../shared/settlement.ts";
import type { Task } from "../shared/task.ts";
import { type Message, sendWebhook } from "../shared/webhooks/send.ts";
import type { ByteBudget } from "./byte-budget.ts";
import { diagnose } from "../shared/ai/failure.ts";
import { processors } from "./processors/index.ts";
import { decide } from "./retry-policy.ts";

export interface RunTaskDeps {
  readonly db: D1Database;
  readonly ai: Ai;
  readonly media: R2Bucket;
  readonly passages: PassageIndex;
  readonly budget: ByteBudget;
  readonly cutting: ByteBudget;
  /** See `refuseAddress`. */
  readonly allowInsecureWebhooks: boolean;
  /** Signs the links in predictions. */
  readonly urlSigningKey: string | undefined;
}

/**
 * Run one attempt of a leased task. Never throws: whatever happens is a verdict, to be settled by the caller.
 * `signal` ends the call to the model when the task has been taken away.
 */
export async function runTask(
  task: Task,
  { db, ai, media, passages, budget, cutting, allowInsecureWebhooks, urlSigningKey }: RunTaskDeps,
  signal: AbortSignal,
): Promise<Settlement> {
  const calls: ModelCall[] = [];
  const startedAt = Date.now();
  const context = {
    jobId: task.jobId,
    attempt: task.attempt,
    attemptsLeft: task.maxAttempts - task.attempt,
    media,
    models: modelRunner(ai, calls, signal),
    calls,
    earlierAttempts: async () => (task.attempt === 1 ? [] : findEarlierAttempts(db, task.id)),
    budget,
    cutting,
    readChunks: () => readChunks(db, task.jobId),
    readMade: () => readMade(db, task.jobId),
    storePassages: ({ ownerId, kind }: Made, found: EmbeddedPassages) =>
      passages.put({ id: task.jobId, ownerId, kind }, found),
    readDelivery: async (id: string) => {
      const now = Date.now();
      const delivery = await readDelivery(db, id, now);
      if (delivery?.event !== "prediction.completed") return delivery;
      const prediction = await notifyPrediction(task.jobId, { db, media, signingKey: urlSigningKey, now });
      return prediction === null ? null : { ...delivery, payload: prediction.body };
    },
    send: (message: Message) => sendWebhook(message, { allowInsecure: allowInsecureWebhooks, signal }),
  };
  let verdict: Verdict;
  let report: DeliveryReport | undefined;
  try {
    const { delivery, ...outcome } = await processors[task.kind](task.args, context);
    report = delivery;
    verdict = outcome.type === "retry" ? again(outcome, task) : outcome;
  } catch (error) {
    const message = error instanceof Error ? error.message : String(error);
    verdict = decide(diagnose(message), task, { now: Date.now(), random: Math.random });
  }
  return {
    taskId: task.id,
    leaseId: task.leaseId,
    verdict,
    calls,
    startedAt,
    finishedAt: Date.now(),
    ...(report && { delivery: report }),
  };
}

function again({ failure, delayMs }: { failure: Failure; delayMs: number }, task: Task): Verdict {
  if (task.attempt >= task.maxAttempts) return { type: "discard", failure };
  return { type: "retry", failure, scheduledAt: Date.now() + delayMs };
}
