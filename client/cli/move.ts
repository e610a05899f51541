import { createReadStream } from "node:fs";
import { createInterface } from "node:readline";

import type { Command } from "commander";

import { EXIT, type ExitCode, UsageError } from "./exit-codes.ts";
import { STDIN } from "./input.ts";
import { printError, printJson, printLine } from "./output.ts";
import { action, type Session } from "./session.ts";

/** The most lines that one request may have, and how long they may be together. */
const LINES_A_REQUEST = 50;
const CHARS_A_REQUEST = 4_000_000;

export function addMove(program: Command): void {
  program
    .command("export")
    .description("print every ended job as a line of JSON, for another Darkroom (operator only)")
    .action(action(exportJobs));
  program
    .command("import")
    .description("insert the jobs that another Darkroom has exported, after their results were copied (operator only)")
    .argument("<file>", "a file of lines; - reads standard input")
    .action(action(importJobs));
}

async function exportJobs({ client, signal }: Session): Promise<ExitCode> {
  for await (const job of client.archive.export({ signal })) printJson(job);
  return EXIT.ok;
}

async function importJobs(session: Session, path: string): Promise<ExitCode> {
  const { client, isJson, signal } = session;
  const counts = { imported: 0, known: 0, refused: 0 };
  for await (const jobs of readRequests(path)) {
    for (const result of await client.archive.import(jobs, { signal })) {
      counts[result.outcome] += 1;
      if (isJson) printJson(result);
      else if (result.outcome === "refused") {
        printError(new Error(result.reason), { isJson, subject: result.job ?? "a line without an id" });
      }
    }
  }
  if (!isJson) printLine(`${counts.imported} imported, ${counts.known} known, ${counts.refused} refused`);
  return counts.refused === 0 ? EXIT.ok : EXIT.usage;
}

/** Read lines in requests. Empty lines are skipped. */
async function* readRequests(path: string): AsyncGenerator<readonly unknown[]> {
  const input = path === STDIN ? process.stdin : createReadStream(path);
  let jobs: unknown[] = [];
  let [chars, number] = [0, 0];
  for await (const line of createInterface({ input })) {
    number += 1;
    if (line.trim() === "") continue;
    if (jobs.length === LINES_A_REQUEST || (jobs.length > 0 && chars + line.length > CHARS_A_REQUEST)) {
      yield jobs;
      [jobs, chars] = [[], 0];
    }
    jobs.push(parse(line, number));
    chars += line.length;
  }
  if (jobs.length > 0) yield jobs;
}

function parse(line: string, number: number): unknown {
  try {
    return JSON.parse(line);
  } catch (error) {
    throw new UsageError(`Line ${number} is not JSON: ${String(error)}. Export the jobs again.`);
  }
}
