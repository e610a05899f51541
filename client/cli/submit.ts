import { type Command, Option } from "commander";
import pLimit from "p-limit";

import { JOB_KINDS, type JobKind } from "../../shared/kinds/index.ts";
import { type Step, STEPS } from "../../shared/jobs/steps.ts";
import { PRIORITIES } from "../../shared/jobs/terms.ts";
import type { DryRunEstimate, Job, JobRequest, UploadRequest } from "../index.ts";
import { type Bars, createBars } from "./bars.ts";
import { printEstimates } from "./cost.ts";
import { EXIT, type ExitCode, exitCodeOf, firstWrong, UsageError } from "./exit-codes.ts";
import { followAll } from "./follow.ts";
import { STDIN, withSource } from "./input.ts";
import { printError, printJson, printLine } from "./output.ts";
import {
  action,
  collect,
  collectPair,
  collectStep,
  forEach,
  parseJsonObject,
  parseNeurons,
  type Session,
} from "./session.ts";

interface SubmitFlags {
  readonly kind?: JobKind;
  readonly options?: Record<string, unknown>;
  readonly name?: string;
  readonly prompt?: string;
  readonly text?: string;
  readonly then?: readonly Step[];
  readonly tag?: readonly string[];
  readonly metadata?: Record<string, string>;
  readonly priority?: "high" | "normal" | "low";
  readonly reuse: boolean;
  readonly latencyBudgetMs?: number;
  readonly maxNeurons?: number;
  readonly wait?: boolean;
  readonly dryRun?: boolean;
}

const UPLOADS_AT_ONCE = 3;

export function addSubmit(program: Command): void {
  program
    .command("submit")
    .description("submit files, a prompt or a text and print the ids of the jobs")
    .argument("[file...]", "files to submit; - reads standard input")
    .addOption(
      new Option("--kind <kind>", "kind of job; by default it depends on the content of the file").choices(JOB_KINDS),
    )
    .option("--options <json>", "options for that kind of job, as a JSON object", parseJsonObject)
    .option("--name <name>", "file name for standard input, such as talk.mp3")
    .option("--prompt <text>", "generate a picture from this prompt, or a text with --kind text_generation")
    .option("--text <text>", "classify this text")
    .option("--then <step>", `a step to run after the job: ${STEPS.join(", ")}; may be repeated`, collectStep)
    .option("--tag <tag>", "a tag for the jobs; may be repeated", collect)
    .option("--metadata <key=value>", "metadata for the jobs; may be repeated", collectPair)
    .addOption(new Option("--priority <priority>").choices(PRIORITIES))
    .option("--max-neurons <neurons>", "the most that one job may cost, over all its calls to models", parseNeurons)
    .option("--no-reuse", "run the job even if an identical one has a result")
    .option("--latency-budget-ms <ms>", "choose the most accurate model whose calls are within this time", Number)
    .addOption(new Option("--dry-run", "print what it would cost, and submit nothing").conflicts("wait"))
    .option("--wait", "wait for the jobs to end; the exit code says how they ended")
    .action(action(submit));
}

async function submit(session: Session, files: readonly string[], flags: SubmitFlags): Promise<ExitCode> {
  const described = describe(flags);
  if ((described === null) === (files.length === 0)) {
    throw new UsageError("Give files (- is standard input), or --prompt, or --text.");
  }
  if (files.filter((file) => file === STDIN).length > 1)
    throw new UsageError("Standard input can be read only once. Give - once.");
  if (flags.dryRun === true) return price(session, files, described, flags);
  const bars = createBars();
  try {
    const limit = pLimit(UPLOADS_AT_ONCE);
    const submitted =
      described === null
        ? await Promise.all(
            files.map((file) => limit(() => attempt(session, bars, file, () => put(session, file, flags, bars)))),
          )
        : [
            await attempt(session, bars, undefined, () =>
              session.client.jobs.submit(described, { signal: session.signal }),
            ),
          ];
    const taken = submitted.flatMap(({ job }) => job ?? []);
    for (const job of taken) {
      if (flags.wait === true) continue;
      bars.print(() => (session.isJson ? printJson(job) : printLine(job.id)));
    }
    const ids = [...new Set(taken.map(({ id }) => id))];
    const ended = flags.wait === true ? await followAll(session, ids, bars) : EXIT.ok;
    return firstWrong([...submitted.map(({ code }) => code), ended]);
  } finally {
    bars.stop();
  }
}

/** Submit one file. A refused file does not stop the others from being submitted. */
async function attempt(
  { isJson, signal }: Session,
  bars: Bars,
  subject: string | undefined,
  run: () => Promise<Job>,
): Promise<{ readonly job: Job | null; readonly code: ExitCode }> {
  try {
    signal.throwIfAborted();
    return { job: await run(), code: EXIT.ok };
  } catch (error) {
    signal.throwIfAborted();
    bars.print(() => printError(error, { isJson, ...(subject !== undefined && { subject }) }));
    return { job: null, code: exitCodeOf(error) };
  }
}

async function put({ client, signal }: Session, file: string, flags: SubmitFlags, bars: Bars): Promise<Job> {
  return withSource(file, signal, ({ blob, name = flags.name }) => {
    const { upload: onProgress } = bars.bar(name ?? "standard input");
    return client.uploads.put(blob, { ...requestFor(name, flags), onProgress, signal });
  });
}

function requestFor(name: string | undefined, flags: SubmitFlags): UploadRequest {
  return { ...sharedBy(flags), ...(name !== undefined && { name }), ...(flags.kind && { kind: flags.kind }) };
}

/** Print what each job would cost. A refused job does not stop the others from being priced. */
async function price(
  session: Session,
  files: readonly string[],
  described: JobRequest | null,
  flags: SubmitFlags,
): Promise<ExitCode> {
  const { client, isJson, signal } = session;
  const priced: { readonly subject: string; readonly answer: DryRunEstimate }[] = [];
  const note = (subject: string, answer: DryRunEstimate) => {
    if (isJson) printJson({ subject, ...answer });
    else priced.push({ subject, answer });
  };
  if (described !== null) note(described.kind, await client.jobs.estimate(described, { signal }));
  const codes = await forEach(session, files, async (file) => {
    const answer = await withSource(file, signal, ({ blob, name = flags.name }) => {
      return client.uploads.estimate(blob, { ...requestFor(name, flags), signal });
    });
    note(file, answer);
    return EXIT.ok;
  });
  if (priced.length > 0) printEstimates(priced);
  return firstWrong(codes);
}

/** Describe the job that needs no file; null if the command line has no such job. */
function describe(flags: SubmitFlags): JobRequest | null {
  const { prompt, text, kind = prompt === undefined ? "classification" : "image_generation" } = flags;
  if (prompt === undefined && text === undefined) return null;
  // The API checks which fields fit together and reports each one that does not.
  return {
    kind,
    ...(prompt !== undefined && { prompt }),
    ...(text !== undefined && { text }),
    ...sharedBy(flags),
  } as JobRequest;
}

function sharedBy({ options, then, tag, metadata, priority, reuse, latencyBudgetMs, maxNeurons }: SubmitFlags) {
  return {
    ...(options && { options }),
    ...(then && { then: [...then] }),
    ...(tag && { tags: [...tag] }),
    ...(metadata && { metadata }),
    ...(priority && { priority }),
    ...(maxNeurons !== undefined && { maxNeurons }),
    ...(!reuse && { reuse }),
    ...(latencyBudgetMs !== undefined && { latencyBudgetMs }),
  };
}
