import { readFile } from "node:fs/promises";
import { type Command, InvalidArgumentError, Option } from "commander";

import { TIERS, type Tier } from "../../shared/models/models.ts";
import type { AnswerDone, AnswerUsage, GenerateStart } from "../index.ts";
import { EXIT, type ExitCode, UsageError } from "./exit-codes.ts";
import { readStdinText, STDIN } from "./input.ts";
import { clean, printJson, printLine } from "./output.ts";
import { action, parseCount, parseJsonObject, parseNeurons, type Session } from "./session.ts";

interface GenerateFlags {
  readonly system?: string;
  readonly tier?: Tier;
  readonly maxTokens?: number;
  readonly temperature?: number;
  readonly jsonSchema?: string;
  readonly latencyBudgetMs?: number;
  readonly maxNeurons?: number;
  readonly dryRun?: boolean;
}

export function addGenerate(program: Command): void {
  program
    .command("generate")
    .description("generate a text; prints it as the model writes it, and the model and the cost on standard error")
    .argument(
      "[prompt...]",
      "the prompt; end it with - to put it after the text on standard input; without a prompt, that text is the prompt",
    )
    .option("--system <text>", "instructions for the model")
    .addOption(new Option("--tier <tier>", "the model to ask; by default the fast one").choices(TIERS))
    .option("--max-tokens <count>", "how much the model may write; 512 by default", parseCount)
    .option("--temperature <number>", "0 to 2; by default the model's own", parseTemperature)
    .option("--json-schema <file>", "answer with JSON that fits the schema in this file, in one piece")
    .option("--latency-budget-ms <ms>", "choose the most accurate model that answers within this time", parseCount)
    .option("--max-neurons <neurons>", "the most that the text may cost", parseNeurons)
    .option("--dry-run", "print the most that it would cost, and ask no model")
    .action(action(generate));
}

async function generate(session: Session, words: readonly string[], flags: GenerateFlags): Promise<ExitCode> {
  const { client, isJson, signal } = session;
  const { jsonSchema: file, dryRun, ...given } = flags;
  const jsonSchema = file === undefined ? undefined : await readSchema(file);
  const prompt = await promptOf(words);
  const options = { ...given, signal, ...(jsonSchema && { jsonSchema }) };
  if (dryRun === true) {
    const { estimate, free } = await client.estimateText(prompt, options);
    if (isJson) printJson({ estimate, free });
    else printLine(`at most ${figure(estimate?.neurons ?? 0)} neurons`);
    return EXIT.ok;
  }
  if (isJson) {
    printJson(await client.generateWhole(prompt, options));
    return EXIT.ok;
  }
  let start: GenerateStart | undefined;
  let usage: AnswerUsage | undefined;
  let done: AnswerDone | undefined;
  const events = {
    onStart: (told: GenerateStart) => void (start = told),
    onUsage: (told: AnswerUsage) => void (usage = told),
    onDone: (told: AnswerDone) => void (done = told),
  };
  let last = "\n";
  try {
    for await (const text of client.generate(prompt, { ...options, ...events })) {
      process.stdout.write(text);
      last = text;
    }
  } finally {
    // What follows on a terminal starts on a line of its own.
    if (!last.endsWith("\n")) process.stdout.write("\n");
  }
  if (start !== undefined && usage !== undefined && done !== undefined) noteEnd(start, usage, done);
  return EXIT.ok;
}

/** Print on standard error which model answered and what it cost, so that standard output has only the text. */
function noteEnd({ model, choice, cut }: GenerateStart, usage: AnswerUsage, { finishReason }: AnswerDone): void {
  const { outputTokens, neurons, firstTextMs, tokensASecond } = usage;
  const parts = [
    model === choice.model ? model : `${model} in place of ${choice.model}`,
    `${outputTokens} tokens`,
    `${figure(neurons)} neurons`,
    ...(firstTextMs === undefined ? [] : [`first text after ${Math.round(firstTextMs)} ms`]),
    ...(tokensASecond === undefined ? [] : [`${figure(tokensASecond)} tokens a second`]),
  ];
  note(parts.join(", "));
  if (cut !== null) note(cut.notice);
  if (finishReason === "length") note("the model reached the limit of tokens, so the text is cut; raise --max-tokens");
}

function note(text: string): void {
  process.stderr.write(`darkroom: ${clean(text)}\n`);
}

function figure(value: number): string {
  return value.toLocaleString("en", { maximumFractionDigits: value < 1 ? 3 : 1 });
}

function parseTemperature(text: string): number {
  const temperature = Number(text);
  if (text.trim() === "" || !(temperature >= 0 && temperature <= 2)) {
    throw new InvalidArgumentError("Give a number from 0 to 2.");
  }
  return temperature;
}

/** Standard input if it is asked for, and then the words: small models follow best what they read last. */
async function promptOf(words: readonly string[]): Promise<string> {
  const isStdin = words.length === 0 || words.at(-1) === STDIN;
  if (!isStdin) return words.join(" ");
  if (words.length === 0 && process.stdin.isTTY)
    throw new UsageError("There is no prompt. Give it as an argument, or send it to standard input.");
  const given = words.slice(0, -1).join(" ");
  const read = await readStdinText();
  return given === "" ? read : `${read}\n\n${given}`;
}

async function readSchema(file: string): Promise<Record<string, unknown>> {
  try {
    return parseJsonObject(await readFile(file, "utf8"));
  } catch (error) {
    const reason = error instanceof Error ? error.message : String(error);
    throw new UsageError(`--json-schema: '${file}' cannot be used: ${reason}`);
  }
}
