import { type Command, Argument } from "commander";

import { BUDGET_PERIODS, type BudgetPeriod } from "../../shared/cost/budget.ts";
import { EXIT, type ExitCode } from "./exit-codes.ts";
import { printJson, printLine, printTable } from "./output.ts";
import { action, parseNeurons, type Session } from "./session.ts";

const periodArgument = () => new Argument("<period>", "which").choices(BUDGET_PERIODS);

export function addBudgets(program: Command): void {
  const budgets = program.command("budgets").description("how many neurons may be spent and how many have been spent");
  budgets.command("ls").description("list budgets and the neurons spent").action(action(ls));
  budgets
    .command("set")
    .description("set a budget; jobs that the old budget held are checked again")
    .argument("<owner>", "an owner's id, or account")
    .addArgument(periodArgument())
    .argument("<neurons>", "how many", parseNeurons)
    .option("--lets-high-through", "jobs of priority high may exceed it")
    .action(action(set));
  budgets
    .command("rm")
    .description("remove a budget; jobs that it held continue")
    .argument("<owner>", "an owner's id, or account")
    .addArgument(periodArgument())
    .action(action(remove));
}

async function ls({ client, isJson, signal }: Session): Promise<ExitCode> {
  const budgets = await client.budgets.list({ signal });
  if (isJson) {
    for (const budget of budgets) printJson(budget);
    return EXIT.ok;
  }
  const rows = budgets.map(({ ownerId, period, neurons, spentNeurons, reservedNeurons, share, resetsAt }) => [
    ownerId ?? "account",
    period,
    neurons,
    round(spentNeurons),
    round(reservedNeurons),
    `${Math.round(share * 100)} %`,
    resetsAt,
  ]);
  printTable([["OWNER", "PERIOD", "NEURONS", "SPENT", "RESERVED", "SHARE", "RESETS"], ...rows]);
  return EXIT.ok;
}

async function set(
  { client, isJson, signal }: Session,
  owner: string,
  period: BudgetPeriod,
  neurons: number,
  { letsHighThrough = false }: { letsHighThrough?: boolean },
): Promise<ExitCode> {
  const budget = await client.budgets.set(owner, period, { neurons, letsHighThrough }, { signal });
  if (isJson) printJson(budget);
  else printLine(`${owner}/${period} ${neurons} neurons, ${round(budget.spentNeurons)} spent`);
  return EXIT.ok;
}

async function remove({ client, isJson, signal }: Session, owner: string, period: BudgetPeriod): Promise<ExitCode> {
  await client.budgets.delete(owner, period, { signal });
  if (isJson) printJson({ owner, period, lifted: true });
  else printLine(`${owner}/${period} lifted`);
  return EXIT.ok;
}

function round(neurons: number): number {
  return Math.round(neurons * 100) / 100;
}
