import type { Command } from "commander";

import { EXIT, type ExitCode } from "./exit-codes.ts";
import { printJson, printLine, printTable } from "./output.ts";
import { action, parseCount, type Session } from "./session.ts";

export function addRetention(program: Command): void {
  const retention = program.command("retention").description("for how many days ended jobs are kept");
  retention
    .command("ls")
    .description("list the default number of days, and the owners with another number")
    .action(action(ls));
  retention
    .command("set")
    .description("set for how many days an owner's ended jobs are kept; older jobs are deleted soon")
    .argument("<owner>", "an owner's id")
    .argument("<days>", "number of days", parseCount)
    .action(action(set));
  retention
    .command("rm")
    .description("keep an owner's ended jobs for the default number of days")
    .argument("<owner>", "an owner's id")
    .action(action(remove));
}

async function ls({ client, isJson, signal }: Session): Promise<ExitCode> {
  const list = await client.retention.list({ signal });
  if (isJson) printJson(list);
  else {
    const rows = list.retentions.map(({ ownerId, days }) => [ownerId, days]);
    printTable([["OWNER", "DAYS"], ["(all others)", list.days], ...rows]);
  }
  return EXIT.ok;
}

async function set({ client, isJson, signal }: Session, owner: string, days: number): Promise<ExitCode> {
  const retention = await client.retention.set(owner, days, { signal });
  if (isJson) printJson(retention);
  else printLine(`${owner} ${retention.days} days`);
  return EXIT.ok;
}

async function remove({ client, isJson, signal }: Session, owner: string): Promise<ExitCode> {
  await client.retention.delete(owner, { signal });
  if (isJson) printJson({ owner, lifted: true });
  else printLine(`${owner} lifted`);
  return EXIT.ok;
}
