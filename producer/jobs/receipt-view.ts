import { parseOwn } from "../../shared/input/read-json.ts";
import { type ModelCall, neuronsOf } from "../../shared/models/model-call.ts";
import type { ReceiptAttempt, ReceiptDetail } from "../../shared/db/cost/receipt-reads.ts";
import { microUsd } from "../../shared/cost/neurons.ts";
import type { Operations } from "../../shared/jobs/operations.ts";
import { type Operation, OPERATION_PRICES, operationMicroUsd } from "../usage/prices.ts";
import { reckonIntake, reckonMessages, reckonRows, type Traces } from "../../shared/cost/reckoning.ts";
import { iso } from "../http/time.ts";
import type { Receipt } from "../usage/schema.ts";

type Item = Receipt["operations"][number];
type Counted = ReceiptAttempt & { readonly calls: readonly ModelCall[] };

/** What a job has cost so far, item by item. Costs that are not counted, or that several jobs share, are left out: docs/cost.md. */
export function receiptView({ job, attempts, traces }: ReceiptDetail): Receipt {
  const counted = attempts.map((attempt): Counted => ({ ...attempt, calls: callsOf(attempt) }));
  const calls = counted.flatMap((attempt) => attempt.calls);
  const neurons = neuronsOf(calls) ?? 0;
  const operations = operationsOf(counted, traces);
  const operationsMicroUsd = toMicro(operations.reduce((sum, { microUsd: cost }) => sum + cost, 0));
  return {
    jobId: job.id,
    kind: job.kind,
    state: job.state,
    finishedAt: iso(job.finalizedAt),
    attempts: counted.map(attemptView),
    reused:
      job.reusedFrom === null
        ? null
        : {
            jobId: job.reusedFrom,
            savedNeurons: job.savedNeurons,
            savedMicroUsd: job.savedNeurons === null ? null : microUsd(job.savedNeurons),
          },
    operations,
    total: {
      neurons,
      estimatedNeurons: neuronsOf(calls.filter(({ isEstimated }) => isEstimated)) ?? 0,
      modelMicroUsd: microUsd(neurons),
      operationsMicroUsd,
      microUsd: toMicro(microUsd(neurons) + operationsMicroUsd),
    },
  };
}

function attemptView({ kind, finishedAt, calls, ...attempt }: Counted): Receipt["attempts"][number] {
  const neurons = neuronsOf(calls) ?? 0;
  return {
    taskId: attempt.taskId,
    task: kind,
    number: attempt.number,
    outcome: attempt.outcome,
    finishedAt: iso(finishedAt),
    neurons,
    microUsd: microUsd(neurons),
    calls: calls.map((call) => ({
      model: call.model,
      engine: call.engine,
      units: { ...call.units },
      neurons: call.neurons,
      isEstimated: call.isEstimated,
      ...(call.recalledFrom !== undefined && { recalledFrom: call.recalledFrom }),
      microUsd: microUsd(call.neurons),
    })),
  };
}

/** Outcomes of attempts that were never settled. Only their model calls are recorded. */
const UNSETTLED: ReadonlySet<string> = new Set(["cancelled", "lost"]);

function operationsOf(attempts: readonly Counted[], left: ReceiptDetail["traces"]): Item[] {
  const settled = attempts.filter(({ outcome }) => !UNSETTLED.has(outcome));
  const traces: Traces = {
    ...left,
    attempts: settled.length,
    attemptsAgain: settled.filter(({ outcome }) => outcome === "retry" || outcome === "snooze").length,
    attemptsAsking: settled.filter(({ calls }) => calls.length > 0).length,
  };
  const seen = attempts.flatMap(
    ({ operations }) => (operations === null ? [] : [parseOwn(operations) as Operations]), // our own JSON, from settleTasks
  );
  const sum = (name: keyof Operations) => seen.reduce((total, operations) => total + (operations[name] ?? 0), 0);
  const intake = reckonIntake(traces);
  const rows = reckonRows(traces);
  return [
    item("r2ClassA", "counted", "results", sum("r2ClassA")),
    item("r2ClassB", "counted", "sources", sum("r2ClassB")),
    item("r2ClassA", "reckoned", "the upload", intake.r2ClassA),
    item("r2ClassB", "reckoned", "accepting the job", intake.r2ClassB),
    item("imageTransformations", "counted", "pictures that no model takes", sum("imageTransformations")),
    item("queueOperations", "counted", "a message read for each attempt", attempts.length),
    item("queueOperations", "reckoned", "messages written and deleted", reckonMessages(traces)),
    item("d1RowsRead", "counted", "leases and stored passages", sum("d1RowsRead")),
    item("d1RowsWritten", "counted", "leases and stored passages", sum("d1RowsWritten")),
    item("d1RowsRead", "reckoned", "accepting and settling the job", rows.d1RowsRead),
    item("d1RowsWritten", "reckoned", "accepting and settling the job", rows.d1RowsWritten),
  ].filter(({ quantity }) => quantity > 0);
}

function item(operation: Operation, basis: Item["basis"], of: string, quantity: number): Item {
  const { usdPerMillion, source, asOf } = OPERATION_PRICES[operation];
  return {
    operation,
    quantity,
    basis,
    of,
    usdPerMillion,
    source,
    asOf,
    microUsd: operationMicroUsd(operation, quantity),
  };
}

function callsOf({ usage }: ReceiptAttempt): readonly ModelCall[] {
  return parseOwn(usage ?? "[]") as ModelCall[]; // our own JSON, from settleTasks
}

/** Round a sum of fractions, without its floating-point noise. */
function toMicro(value: number): number {
  return Number(value.toFixed(6));
}
