import type { ModelCall, Settlement, Verdict } from "../shared/settlement.ts";
import type { Task } from "../shared/task.ts";
import type { ByteBudget } from "./byte-budget.ts";
import { diagnose } from "./failure.ts";
import { type AiBinding, modelRunner } from "./models/run-model.ts";
import type { Outcome } from "./processor.ts";
import { processors } from "./processors/index.ts";
import { decide } from "./retry-policy.ts";

export interface RunTaskDeps {
  readonly ai: AiBinding;
  readonly media: R2Bucket;
  readonly budget: ByteBudget;
}

/** Run one attempt of a leased task. Never throws: whatever happens is a verdict, to be settled by the caller. */
export async function runTask(task: Task, { ai, media, budget }: RunTaskDeps): Promise<Settlement> {
  const calls: ModelCall[] = [];
  const startedAt = Date.now();
  const context = { jobId: task.jobId, attempt: task.attempt, media, models: modelRunner(ai, calls), budget };
  let verdict: Verdict;
  try {
    verdict = verdictOf(await processors[task.kind](task.args, context));
  } catch (error) {
    const message = error instanceof Error ? error.message : String(error);
    verdict = decide(diagnose(message), task, { now: Date.now(), random: Math.random });
  }
  return { taskId: task.id, leaseId: task.leaseId, verdict, calls, startedAt, finishedAt: Date.now() };
}

function verdictOf(outcome: Outcome): Verdict {
  switch (outcome.type) {
    case "completed":
      return { type: "completed", artifacts: outcome.artifacts, labels: outcome.labels ?? [] };
    case "discard":
      return outcome;
  }
}
