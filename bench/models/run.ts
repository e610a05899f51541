// Tries every model that can do the user's own work, and reports how long calls take, what they cost, and how far the smaller
// models agree with the largest.
import { createClient, type Client } from "../../client/index.ts";
import { startInferenceServer } from "../../local/inference-server.ts";
import { startRuntime } from "../conformance/runtime.ts";
import { note, percentile, print, say } from "../report.ts";
import { agreement } from "./agreement.ts";
import { readArguments } from "./arguments.ts";
import { CANDIDATES, type Candidate, type Group, groupOf } from "./candidates.ts";
import { type Input, readInputs } from "./inputs.ts";
import { percent, recommend, round, type Row } from "./recommend.ts";
import { type Trial, tryModel } from "./try-model.ts";
import { tryText } from "./try-text.ts";

const OFFLINE = [
  "\nThese are the offline engines of this machine, not the models: their times and results say nothing about Workers AI, and",
  "one engine stands in for several models. Neurons are what the models would cost. To compare the models, deploy Darkroom and add --remote.",
];

try {
  process.exitCode = await run();
} catch (error) {
  note(error instanceof Error ? error.message : String(error));
  process.exitCode = 2;
}

async function run(): Promise<number> {
  const asked = readArguments(process.argv.slice(2), process.env);
  const { taken, ignored } = await readInputs(asked.inputs, asked.generates ? "text_generation" : undefined);
  for (const { name, reason } of ignored) note(`skipped ${name}: ${reason}`);
  if (taken.length === 0) throw new Error(`no file in '${asked.inputs}' can become a job`);
  const groups = [...Map.groupBy(taken, ({ work }) => groupOf(work))];
  const { client, close } = asked.remote === null ? await startOffline() : connect(asked.remote);
  let failures = 0;
  try {
    for (const [group, inputs] of groups) {
      const rows = await measure(client, group, inputs, asked.rounds);
      failures += rows.reduce((sum, { failed }) => sum + failed, 0);
      const recommendation = recommend(group, rows);
      if (asked.json) for (const row of rows) print(figureOf(group, row, recommendation));
      else show(group, inputs, rows, recommendation);
    }
    if (asked.remote === null && !asked.json) for (const line of OFFLINE) say(line);
  } finally {
    await close();
  }
  return failures === 0 ? 0 : 1;
}

async function measure(client: Client, group: Group, inputs: readonly Input[], rounds: number): Promise<Row[]> {
  const rows: Row[] = [];
  let largest: readonly Trial[] = [];
  for (const candidate of CANDIDATES[group]) {
    const trials: Trial[] = [];
    // One after the other: in parallel they would wait for each other.
    for (let turn = 0; turn < rounds; turn += 1) {
      for (const input of inputs) trials.push(await attempt(client, group, input, candidate));
    }
    if (largest.length === 0) largest = trials;
    rows.push(rowOf(candidate, trials, largest));
  }
  return rows;
}

async function attempt(client: Client, group: Group, input: Input, candidate: Candidate): Promise<Trial> {
  note(`${candidate.model}  ${input.name}`);
  const trial = await (group === "text prompts" ? tryText : tryModel)(client, input, candidate);
  if (trial.error !== null) note(`  failed: ${trial.error}`);
  return trial;
}

function rowOf({ model }: Candidate, trials: readonly Trial[], largest: readonly Trial[]): Row {
  const callMs = trials.flatMap((trial) => trial.callMs);
  const shares = trials.flatMap(({ result }, index) => agreement(result, largest[index]?.result ?? null) ?? []);
  return {
    model,
    engines: [...new Set(trials.flatMap(({ engines }) => engines))],
    files: trials.length,
    failed: trials.filter(({ state }) => state !== "completed").length,
    p50Ms: callMs.length === 0 ? null : percentile(callMs, 0.5),
    p95Ms: callMs.length === 0 ? null : percentile(callMs, 0.95),
    neuronsPerFile: trials.reduce((sum, { neurons }) => sum + neurons, 0) / trials.length,
    ...streamsOf(trials),
    agreement: shares.length === 0 ? null : shares.reduce((sum, share) => sum + share, 0) / shares.length,
  };
}

/** The times of streams, if there were any. */
function streamsOf(trials: readonly Trial[]): Pick<Row, "firstTextMs" | "tokensASecond"> {
  const streams = trials.flatMap(({ stream }) => stream ?? []);
  if (streams.length === 0) return {};
  const middle = (values: readonly number[]) => (values.length === 0 ? null : Math.round(percentile(values, 0.5)));
  return {
    firstTextMs: middle(streams.flatMap(({ firstTextMs }) => firstTextMs ?? [])),
    tokensASecond: middle(streams.flatMap(({ tokensASecond }) => tokensASecond ?? [])),
  };
}

function show(group: Group, inputs: readonly Input[], rows: readonly Row[], recommendation: string): void {
  const isStreamed = group === "text prompts";
  const times = ["p50 ms", "p95 ms", ...(isStreamed ? ["first text ms", "tokens a second"] : [])];
  const header = ["model", "answered by", "failed", ...times, "neurons a file", "agrees with the largest"];
  const lines = rows.map((row) => [
    row.model,
    row.engines.join(", "),
    `${row.failed} of ${row.files}`,
    String(row.p50Ms ?? "-"),
    String(row.p95Ms ?? "-"),
    ...(isStreamed ? [String(row.firstTextMs ?? "-"), String(row.tokensASecond ?? "-")] : []),
    round(row.neuronsPerFile),
    percent(row.agreement),
  ]);
  const widths = header.map((title, column) => Math.max(title.length, ...lines.map((line) => line[column]!.length)));
  say(`\n${group}: ${inputs.length} ${inputs.length === 1 ? "file" : "files"}`);
  for (const line of [header, ...lines])
    say(
      line
        .map((cell, column) => cell.padEnd(widths[column]!))
        .join("  ")
        .trimEnd(),
    );
  say(`\n${recommendation}`);
}

function figureOf(group: Group, row: Row, recommendation: string) {
  const { model, p50Ms, ...rest } = row;
  return {
    case: `models.${group}.${model}`,
    value: p50Ms ?? -1,
    unit: "ms",
    ...rest,
    isOffline: isOffline([row]),
    recommendation,
  };
}

function isOffline(rows: readonly Row[]): boolean {
  return rows.some(({ engines }) => engines.some((engine) => engine !== "workers-ai"));
}

async function startOffline(): Promise<{ client: Client; close: () => Promise<void> }> {
  note("starting the offline engines");
  const inference = await startInferenceServer({ port: 0 });
  const runtime = await startRuntime({ inferenceUrl: inference.url });
  return {
    client: createClient({ baseUrl: runtime.origin, key: runtime.key }),
    async close() {
      await runtime.close();
      await inference.close();
    },
  };
}

function connect({ url, key }: { url: string; key: string }): { client: Client; close: () => Promise<void> } {
  return { client: createClient({ baseUrl: url, key }), close: async () => {} };
}
