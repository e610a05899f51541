import type { Command } from "commander";

import type { DryRunEstimate, Receipt, UsageGroup, UsageQuery } from "../index.ts";
import { EXIT, type ExitCode } from "./exit-codes.ts";
import { printJson, printTable } from "./output.ts";
import { action, type Session } from "./session.ts";

export function addCost(program: Command): void {
  program
    .command("usage")
    .description("list what was consumed; the operator sees every owner")
    .option("--from <day>", "first day in UTC, such as 2026-11-01; the default is thirty days ago")
    .option("--to <day>", "last day")
    .option("--by <groups>", "group by some of day,model,kind,owner", "day")
    .option("--owner <id>", "only this owner (operator only)")
    .action(action(usage));
  program
    .command("receipt")
    .description("list what a job has cost so far, item by item")
    .argument("<id>", "id of a job")
    .action(action(receipt));
}

interface UsageFlags {
  readonly from?: string;
  readonly to?: string;
  readonly by: string;
  readonly owner?: string;
}

async function usage({ client, isJson, signal }: Session, { from, to, by, owner }: UsageFlags): Promise<ExitCode> {
  // The API refuses a name that is not a group.
  const groups = by.split(",") as UsageGroup[];
  const query: UsageQuery = { by: groups, ...(from && { from }), ...(to && { to }), ...(owner && { ownerId: owner }) };
  const found = await client.usage(query, { signal });
  if (isJson) printJson(found);
  else {
    const { total, free } = found;
    printTable([
      [...groups.map((group) => group.toUpperCase()), "CALLS", "NEURONS", "ESTIMATED", "COST"],
      ...[...found.rows, total].map((row) => [
        ...groups.map((group, index) => (group in row ? String(Reflect.get(row, group)) : index === 0 ? "total" : "")),
        row.calls,
        neurons(row.neurons),
        neurons(row.estimatedNeurons),
        usd(row.microUsd),
      ]),
    ]);
    const left = free.left === null ? "" : `, ${neurons(free.left)} left`;
    const billed = total.billedMicroUsd === null ? "" : `; beyond the free neurons ${usd(total.billedMicroUsd)}`;
    printTable([[`today ${neurons(free.used)} of ${free.neurons}${left} until ${free.resetsAt}${billed}`]]);
  }
  return EXIT.ok;
}

async function receipt({ client, isJson, signal }: Session, id: string): Promise<ExitCode> {
  const found = await client.jobs.receipt(id, { signal });
  if (isJson) printJson(found);
  else printReceipt(found);
  return EXIT.ok;
}

function printReceipt({ attempts, reused, operations, total }: Receipt): void {
  printTable([
    ["ITEM", "OF", "QUANTITY", "NEURONS", "COST"],
    ...attempts.flatMap(({ task, number, outcome, calls }) =>
      calls.map((call) => [
        call.model,
        `${task} ${number}, ${outcome}`,
        Object.entries(call.units)
          .map(([unit, quantity]) => `${round(quantity)} ${unit}`)
          .join(", "),
        `${neurons(call.neurons)}${call.isEstimated ? "~" : ""}`,
        usd(call.microUsd),
      ]),
    ),
    ...operations.map(({ operation, of, basis, quantity, microUsd }) => [
      operation,
      `${of} (${basis})`,
      round(quantity),
      "",
      usd(microUsd),
    ]),
    ["total", "", "", neurons(total.neurons), usd(total.microUsd)],
  ]);
  if (reused !== null) printTable([[`result of ${reused.jobId}; saved ${neurons(reused.savedNeurons ?? 0)} neurons`]]);
}

/** Print a line for each job that was priced. */
export function printEstimates(priced: readonly { readonly subject: string; readonly answer: DryRunEstimate }[]): void {
  const rows = priced.map(({ subject, answer: { estimate } }) =>
    estimate === null
      ? [subject, null, "unknown", null]
      : [subject, estimate.calls, `${estimate.isRough ? "~" : ""}${neurons(estimate.neurons)}`, usd(estimate.microUsd)],
  );
  printTable([["", "CALLS", "NEURONS", "COST"], ...rows]);
}

function usd(microUsd: number): string {
  return `$${(microUsd / 1e6).toFixed(6)}`;
}

function neurons(value: number): string {
  return String(round(value));
}

function round(value: number): number {
  return Number(value.toFixed(4));
}
