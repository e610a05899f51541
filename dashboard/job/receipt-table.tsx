import { useQuery } from "@tanstack/preact-query";

import type { Job, Receipt } from "../../client/index.ts";
import { api } from "../api/session.ts";
import { formatCount, formatModel, formatNeurons, formatUsd } from "../ui/format.ts";
import { ErrorState, Skeleton } from "../ui/states.tsx";
import { hasEnded } from "./use-job.ts";

interface ModelLine {
  readonly model: string;
  readonly task: string;
  readonly calls: number;
  readonly neurons: number;
  readonly microUsd: number;
  readonly isEstimated: boolean;
}

/** What a job cost: model calls by purpose, then the price of the platform's operations. */
export function ReceiptTable({ job }: { job: Job }) {
  const { id, finishedAt } = job;
  const receipt = useQuery({
    queryKey: ["receipt", id, finishedAt],
    queryFn: ({ signal }) => api().jobs.receipt(id, { signal }),
    staleTime: hasEnded(job) ? 60_000 : 0,
    refetchInterval: hasEnded(job) ? false : 10_000,
  });
  if (receipt.error !== null) return <ErrorState error={receipt.error} retry={() => void receipt.refetch()} isInline />;
  if (receipt.data === undefined) return <Skeleton rows={2} height={36} />;
  const { operations, total, reused } = receipt.data;
  const lines = linesOf(receipt.data);
  return (
    <>
      <div class="scroll-x" tabIndex={0} role="region" aria-label="Receipt">
        <table class="plain receipt">
          <thead>
            <tr>
              <th scope="col">For</th>
              <th scope="col" class="number">
                Count
              </th>
              <th scope="col" class="number">
                Neurons
              </th>
              <th scope="col" class="number">
                Price
              </th>
            </tr>
          </thead>
          <tbody>
            {lines.map(({ model, task, calls, neurons, microUsd, isEstimated }) => (
              <tr key={`${task} ${model}`}>
                <td>
                  {formatModel(model)} <span class="dim">for {task.replaceAll("_", " ")}</span>
                  {isEstimated && <span class="dim"> · estimated from the catalogue</span>}
                </td>
                <td class="number">{formatCount(calls)}</td>
                <td class="number">{formatNeurons(neurons)}</td>
                <td class="number">{formatUsd(microUsd)}</td>
              </tr>
            ))}
            <tr>
              <td class="dim">Storage, queue and database</td>
              <td />
              <td />
              <td class="number dim">{formatUsd(total.operationsMicroUsd)}</td>
            </tr>
          </tbody>
          <tfoot>
            <tr>
              <th scope="row">
                Total
                {reused?.savedNeurons != null &&
                  `, ${formatNeurons(reused.savedNeurons)} neurons saved by a stored result`}
              </th>
              <td />
              <td class="number">{formatNeurons(total.neurons)}</td>
              <td class="number">{formatUsd(total.microUsd)}</td>
            </tr>
          </tfoot>
        </table>
      </div>
      <details class="more receipt-more">
        <summary>Storage, queue and database in detail</summary>
        <Operations operations={operations} />
      </details>
    </>
  );
}

const OPERATIONS: Readonly<Record<Receipt["operations"][number]["operation"], string>> = {
  r2ClassA: "Storage writes",
  r2ClassB: "Storage reads",
  imageTransformations: "Converted pictures",
  queueOperations: "Queue operations",
  d1RowsRead: "Rows read",
  d1RowsWritten: "Rows written",
  workerRequests: "Requests",
  logEvents: "Log lines",
};

function Operations({ operations }: Pick<Receipt, "operations">) {
  return (
    <div class="scroll-x" tabIndex={0} role="region" aria-label="Storage, queue and database">
      <table class="plain receipt">
        <tbody>
          {operations.map(({ operation, quantity, of, microUsd, basis }) => (
            <tr key={`${operation} ${of}`}>
              <td>
                {OPERATIONS[operation]} <span class="dim">for {of}</span>
              </td>
              <td class="number">{formatCount(quantity)}</td>
              <td class="number dim">{basis === "counted" ? "counted" : "typical"}</td>
              <td class="number">{formatUsd(microUsd)}</td>
            </tr>
          ))}
        </tbody>
      </table>
    </div>
  );
}

function linesOf({ attempts }: Receipt): readonly ModelLine[] {
  const lines = new Map<string, ModelLine>();
  for (const { task, calls } of attempts) {
    for (const call of calls) {
      const key = `${task} ${call.model}`;
      const before = lines.get(key);
      lines.set(key, {
        model: call.model,
        task,
        calls: (before?.calls ?? 0) + 1,
        neurons: (before?.neurons ?? 0) + call.neurons,
        microUsd: (before?.microUsd ?? 0) + call.microUsd,
        isEstimated: (before?.isEstimated ?? false) || call.isEstimated,
      });
    }
  }
  return [...lines.values()];
}
