import { type Command, Option } from "commander";

import type { DeadLetterDetail, RedriveOneRequest, RedriveRequest } from "../index.ts";
import { EXIT, type ExitCode, firstWrong, UsageError } from "./exit-codes.ts";
import { readIds } from "./input.ts";
import { pageSize, printList } from "./jobs.ts";
import { printJson, printLine, printTable } from "./output.ts";
import { action, forEach, parseCount, parseJsonObject, parseNeurons, type Session } from "./session.ts";

const STATES = ["open", "redriven", "discarded", "all"] as const;

export function addDeadLetters(program: Command): void {
  program
    .command("dead-letters")
    .description("list failed tasks in groups, or print one dead letter")
    .argument("[id]", "id of a dead letter")
    .addOption(new Option("--state <state>", "only letters in this state").choices(STATES).default("open"))
    .option("--fingerprint <fingerprint>", "list the single letters of this group")
    .option("--list", "list single letters")
    .option("--limit <count>", "the most to list", parseCount, 20)
    .option("--all", "list all")
    .action(action(deadLetters));
  program
    .command("redrive")
    .description("run failed tasks again: single tasks at once, or many at a rate")
    .argument("[id...]", "ids of dead letters; - reads them from standard input")
    .option("--options <json>", "replace options of single letters; null removes one", parseJsonObject)
    .option(
      "--max-neurons <neurons>",
      "for single letters: the most that their jobs may cost from now on",
      parseNeurons,
    )
    .option("--fingerprint <fingerprint>", "redrive all open letters of this group")
    .option("--all", "redrive all open letters")
    .option("--limit <count>", "for many: the most to redrive, oldest first", parseCount)
    .option("--rate <count>", "for many: tasks a second", parseCount)
    .option("--dry-run", "for many: only show which letters match")
    .option("--canary", "for many: run the oldest task first, and the others only if it completes")
    .action(action(redrive));
}

interface ListFlags {
  readonly state: (typeof STATES)[number];
  readonly fingerprint?: string;
  readonly list?: boolean;
  readonly limit: number;
  readonly all?: boolean;
}

async function deadLetters(session: Session, id: string | undefined, flags: ListFlags): Promise<ExitCode> {
  const { client, isJson, signal } = session;
  const { state, fingerprint, list, ...size } = flags;
  if (id !== undefined) {
    const letter = await client.deadLetters.get(id, { signal });
    if (isJson) printJson(letter);
    else printLetter(letter);
    return EXIT.ok;
  }
  const query = { state, limit: pageSize(size) };
  if (list === true || fingerprint !== undefined) {
    const asked = { ...query, ...(fingerprint !== undefined && { fingerprint }) };
    await printList(client.deadLetters.list(asked, { signal }), {
      ...size,
      isJson,
      columns: ["ID", "STATE", "JOB", "CREATED", "CODE", "REASON"],
      row: (letter) => [letter.id, letter.state, letter.jobId, letter.createdAt, letter.code, letter.reason],
    });
    return EXIT.ok;
  }
  await printList(client.deadLetters.groups(query, { signal }), {
    ...size,
    isJson,
    columns: ["COUNT", "LAST SEEN", "FINGERPRINT", "MESSAGE"],
    row: (group) => [`${group.count}${group.isAtLeast ? "+" : ""}`, group.lastSeenAt, group.fingerprint, group.message],
  });
  return EXIT.ok;
}

interface RedriveFlags {
  readonly options?: Record<string, unknown>;
  readonly maxNeurons?: number;
  readonly fingerprint?: string;
  readonly all?: boolean;
  readonly limit?: number;
  readonly rate?: number;
  readonly dryRun?: boolean;
  readonly canary?: boolean;
}

async function redrive(session: Session, ids: readonly string[], flags: RedriveFlags): Promise<ExitCode> {
  const { options, maxNeurons, fingerprint, all, ...how } = flags;
  const edits = { ...(options && { options }), ...(maxNeurons !== undefined && { maxNeurons }) };
  const ways = [ids.length > 0, fingerprint !== undefined, all === true].filter(Boolean);
  if (ways.length !== 1) throw new UsageError("Give either ids of dead letters, or --fingerprint, or --all.");
  if (ids.length > 0) {
    if (Object.keys(how).length > 0) {
      throw new UsageError("--limit, --rate, --dry-run and --canary require --fingerprint or --all.");
    }
    return redriveEach(session, await readIds(ids), edits);
  }
  if (Object.keys(edits).length > 0) throw new UsageError("--options and --max-neurons require ids of dead letters.");
  return redriveMany(session, fingerprint === undefined ? { all: true } : { fingerprint }, how);
}

async function redriveEach(session: Session, ids: readonly string[], edits: RedriveOneRequest): Promise<ExitCode> {
  const { client, isJson, signal } = session;
  const codes = await forEach(session, ids, async (id) => {
    const redriven = await client.deadLetters.redrive(id, edits, { signal });
    if (isJson) printJson(redriven);
    // The job's id comes first so that `watch -` can read it. An unreadable message has no job.
    else printLine(`${redriven.jobId ?? redriven.id} redriven`);
    return EXIT.ok;
  });
  return firstWrong(codes);
}

async function redriveMany(
  { client, isJson, signal }: Session,
  filter: RedriveRequest["filter"],
  { limit, rate, dryRun = false, canary = false }: Omit<RedriveFlags, "options" | "maxNeurons" | "fingerprint" | "all">,
): Promise<ExitCode> {
  const sizes = { ...(limit !== undefined && { limit }), ...(rate !== undefined && { ratePerSecond: rate }) };
  const made = await client.redrives.create({ filter, ...sizes, dryRun, canary }, { signal });
  if (isJson) printJson(made);
  else if ("dryRun" in made) {
    const { neurons, unknown: unpriced } = made.estimate;
    const unknown = unpriced === 0 ? "" : `, and ${unpriced} of unknown cost`;
    printLine(
      `${made.matched} would be redriven in ${made.lastsSeconds} s for about ${Math.ceil(neurons)} neurons${unknown}; other redrives hold ${made.heldByOthers}`,
    );
    for (const { id, jobId } of made.sample) printLine(`${id} ${jobId ?? ""}`.trimEnd());
  } else printLine(`${made.id} ${made.state}, ${made.progress.matched} letters`);
  return EXIT.ok;
}

function printLetter(letter: DeadLetterDetail): void {
  const rows = [
    ["id", letter.id],
    ["state", letter.state],
    ["job", letter.jobId],
    ["fingerprint", letter.fingerprint],
    ["reason", letter.reason],
    ["note", letter.note],
    ["created", letter.createdAt],
    ["options", letter.options === null ? null : JSON.stringify(letter.options)],
    ...letter.attempts.map(({ number, outcome, error }) => ["attempt", `${number} ${outcome} ${error?.code ?? ""}`]),
    ...letter.audit.map(({ at, actor, act }) => ["audit", `${at} ${actor} ${act}`]),
  ];
  printTable(rows.filter(([, value]) => value !== null).map(([name = "", value = ""]) => [name, value]));
}
