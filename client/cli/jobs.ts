import { type Command, Option } from "commander";

import { JOB_KINDS, type JobKind } from "../../shared/kinds/index.ts";
import { JOB_STATES, type JobState } from "../../shared/jobs/job.ts";
import { DarkroomError, type Job, type Listing, type TranscriptFormat } from "../index.ts";
import { createBars, figureOf } from "./bars.ts";
import { EXIT, type ExitCode, firstWrong } from "./exit-codes.ts";
import { followAll } from "./follow.ts";
import { readIds } from "./input.ts";
import { printJson, printLine, printStream, printTable } from "./output.ts";
import { action, collect, collectPair, forEach, parseCount, type Session } from "./session.ts";

const DEFAULT_LIMIT = 20;
/** The largest page that the API returns. */
const MOST_A_PAGE = 100;

export function addJobs(program: Command): void {
  program
    .command("watch")
    .description("wait for jobs to end; the exit code says how they ended")
    .argument("<id...>", "ids of jobs; - reads them from standard input")
    .action(action(watch));
  program
    .command("get")
    .description("print a job, or one of its results")
    .argument("<id>", "id of a job")
    .addOption(new Option("--artifact <name>", "print the bytes of this result").conflicts("format"))
    .addOption(
      new Option("--format <format>", "print the transcript so far in this format").choices([
        "srt",
        "vtt",
        "txt",
        "json",
      ]),
    )
    .action(action(get));
  program
    .command("ls")
    .description("list jobs, newest first")
    .addOption(new Option("--state <state>").choices(JOB_STATES))
    .addOption(new Option("--kind <kind>").choices(JOB_KINDS))
    .option("--tag <tag>", "only jobs with this tag; may be repeated", collect)
    .option("--metadata <key=value>", "only jobs with this metadata; may be repeated", collectPair)
    .option("--limit <count>", "the most to list", parseCount, DEFAULT_LIMIT)
    .option("--all", "list all")
    .action(action(ls));
  program
    .command("cancel")
    .description("cancel jobs")
    .argument("<id...>", "ids of jobs; - reads them from standard input")
    .action(action(cancel));
  program
    .command("rm")
    .description("delete jobs and their results, even while they run")
    .argument("<id...>", "ids of jobs; - reads them from standard input")
    .option("--source", "also delete the object that each job read, unless another job uses it")
    .action(action(remove));
}

async function watch(session: Session, given: readonly string[]): Promise<ExitCode> {
  const bars = createBars();
  try {
    return await followAll(session, await readIds(given), bars);
  } finally {
    bars.stop();
  }
}

async function get(
  { client, isJson, signal }: Session,
  id: string,
  { artifact, format }: { artifact?: string; format?: TranscriptFormat },
): Promise<ExitCode> {
  if (artifact !== undefined && !isJson) {
    await printStream((await client.jobs.download(id, artifact, { signal })).stream, signal);
    return EXIT.ok;
  }
  if (format !== undefined) {
    const transcript = await client.jobs.transcript(id, format, {}, { signal });
    if (typeof transcript !== "string") printJson(transcript);
    else if (isJson) printJson({ jobId: id, format, text: transcript });
    else process.stdout.write(transcript);
    return EXIT.ok;
  }
  const job = await client.jobs.get(id, { signal });
  if (artifact !== undefined) printJson(artifactOf(job, artifact));
  else if (isJson) printJson(job);
  else printJob(job);
  return EXIT.ok;
}

interface ListFlags {
  readonly state?: JobState;
  readonly kind?: JobKind;
  readonly tag?: readonly string[];
  readonly metadata?: Record<string, string>;
  readonly limit: number;
  readonly all?: boolean;
}

async function ls({ client, isJson, signal }: Session, { limit, all, ...filter }: ListFlags): Promise<ExitCode> {
  const size = { limit, ...(all !== undefined && { all }) };
  const query = { ...filter, limit: pageSize(size) };
  await printList(client.jobs.list(query, { signal }), {
    ...size,
    isJson,
    columns: ["ID", "KIND", "STATE", "CREATED", "ERROR"],
    row: (job) => [job.id, job.kind, job.state, job.createdAt, job.error?.code ?? null],
  });
  return EXIT.ok;
}

async function cancel(session: Session, given: readonly string[]): Promise<ExitCode> {
  const codes = await forEach(session, await readIds(given), async (id) => {
    const job = await session.client.jobs.cancel(id, { signal: session.signal });
    if (session.isJson) printJson(job);
    else printLine(`${job.id} ${job.state}`);
    return EXIT.ok;
  });
  return firstWrong(codes);
}

async function remove(session: Session, given: readonly string[], { source = false }: { source?: boolean }) {
  const codes = await forEach(session, await readIds(given), async (id) => {
    const deleted = await session.client.jobs.delete(id, { source, signal: session.signal });
    if (session.isJson) printJson(deleted);
    else printLine(`${id} deleted${source ? `, source ${deleted.source}` : ""}`);
    return EXIT.ok;
  });
  return firstWrong(codes);
}

export function pageSize({ limit, all }: { limit: number; all?: boolean }): number {
  return all === true ? MOST_A_PAGE : Math.min(limit, MOST_A_PAGE);
}

/** Print a list up to its limit: JSON lines as they arrive, or one table for each page. */
export async function printList<Item>(
  list: Listing<Item>,
  wanted: {
    readonly limit: number;
    readonly all?: boolean;
    readonly isJson: boolean;
    readonly columns: readonly string[];
    readonly row: (item: Item) => readonly (string | number | null)[];
  },
): Promise<void> {
  let left = wanted.all === true ? Number.POSITIVE_INFINITY : wanted.limit;
  let isFirst = true;
  for await (const page of list.pages()) {
    const items = page.items.slice(0, left);
    left -= items.length;
    if (wanted.isJson) for (const item of items) printJson(item);
    else if (items.length > 0) printTable([...(isFirst ? [wanted.columns] : []), ...items.map(wanted.row)]);
    isFirst &&= items.length === 0;
    if (left <= 0) return;
  }
}

function artifactOf(job: Job, name: string): Job["artifacts"][number] {
  const found = job.artifacts.find((artifact) => artifact.name === name);
  if (found !== undefined) return found;
  const detail = `Job '${job.id}' has no artifact '${name}'.`;
  const title = "No such artifact";
  throw new DarkroomError({
    type: "urn:darkroom:problem:artifact_not_found",
    title,
    status: 404,
    detail,
    code: "artifact_not_found",
  });
}

function printJob(job: Job): void {
  const rows = [
    ["id", job.id],
    ["kind", job.kind],
    ["state", job.state],
    ["progress", figureOf(job.progress)],
    ["created", job.createdAt],
    ["finished", job.finishedAt],
    ["waiting", job.waiting === null ? null : `${job.waiting.code ?? ""}: ${job.waiting.message ?? ""}`],
    ["error", job.error === null ? null : `${job.error.code ?? ""}: ${job.error.message ?? ""}`],
    ...job.artifacts.map(({ name, contentType, sizeBytes }) => [
      "artifact",
      `${name} (${contentType}, ${sizeBytes} bytes)`,
    ]),
    ...job.labels.map(({ label, score }) => ["label", `${label} ${score}`]),
  ];
  printTable(rows.filter(([, value]) => value !== null).map(([name = "", value = ""]) => [name, value]));
}
