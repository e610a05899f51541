// Generates clients from the OpenAPI document, compiles them with strict TypeScript, and lets each work with a running Darkroom. Prints
// each failure, then "N of N", then one JSON line. It needs a package registry, and about three minutes.
import { cp, mkdir, mkdtemp, readdir, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";

import { speech } from "../../test/speech.ts";
import { startRuntime } from "../conformance/runtime.ts";
import { note, print, say } from "../report.ts";
import { runTool } from "../run-tool.ts";
import { CLIENTS, type Client, ORVAL_CONFIG, PACKAGE_JSON, TSCONFIG } from "./tools.ts";

process.env["WRANGLER_LOG"] ??= "error";

/** The most that a report shows of a tool's output. */
const SHOWN_CHARS = 1500;
const WORDS = "one two three four";
/** The steps of `smoke/steps.ts`, and before them the generator and the compiler. */
const STEPS = ["generate", "compile", "submit", "wait", "upload", "read the result", "list", "estimate", "error"];

const folder = await mkdtemp(join(tmpdir(), "darkroom-clients-"));
const runtime = await startRuntime();
try {
  await writeFile(join(folder, "openapi.json"), await (await fetch(`${runtime.origin}/openapi.json`)).text());
  await prepare();
  const failures: string[] = [];
  for (const client of CLIENTS) {
    const failed = await attempt(client);
    for (const step of STEPS) note(`${failed.has(step) ? "FAILED" : "ok    "} ${client.name}: ${step}`);
    failures.push(...[...failed].map(([step, reason]) => `${client.name}: ${step}: ${reason.slice(0, SHOWN_CHARS)}`));
  }
  const total = CLIENTS.length * STEPS.length;
  const passed = total - failures.length;
  for (const failure of failures) say(`failed: ${failure}`);
  say(`${passed} of ${total}`);
  print({ case: "generated clients", value: passed, peer: total, ratio: passed / total, unit: "steps" });
  process.exitCode = passed === total ? 0 : 1;
} finally {
  await runtime.close();
  await rm(folder, { recursive: true, force: true });
}

/** Install the generators, and put down what they and the programs read. */
async function prepare(): Promise<void> {
  const smoke = join(import.meta.dirname, "smoke");
  for (const name of await readdir(smoke)) await cp(join(smoke, name), join(folder, name));
  await mkdir(join(folder, "generated"));
  await writeFile(join(folder, "recording.wav"), speech(WORDS));
  await writeFile(join(folder, "recording.txt"), WORDS);
  await writeFile(join(folder, "package.json"), JSON.stringify(PACKAGE_JSON));
  await writeFile(join(folder, "orval.config.mjs"), ORVAL_CONFIG);
  note("installing the generators …");
  const installed = await runTool("npm", ["install", "--ignore-scripts", "--no-audit", "--no-fund"], { folder });
  if (!installed.ok) throw new Error(`the generators could not be installed: ${installed.output}`);
}

/** Return the steps that failed, with the reasons. A step that was not reached has failed too. */
async function attempt({ program, generate }: Client): Promise<ReadonlyMap<string, string>> {
  const failed = new Map(STEPS.map((step) => [step, "it was not reached"]));
  const [tool = "", ...args] = generate;
  const generated = await runTool(bin(tool), args, { folder });
  if (!generated.ok) return failed.set("generate", generated.output);
  failed.delete("generate");

  const config = `tsconfig.${program}.json`;
  await writeFile(join(folder, config), JSON.stringify({ ...TSCONFIG, files: [program] }));
  const compiled = await runTool(bin("tsc"), ["--project", config], { folder });
  if (compiled.ok) failed.delete("compile");
  else failed.set("compile", compiled.output);

  const env = { DARKROOM_URL: runtime.origin, DARKROOM_KEY: runtime.key };
  const { output } = await runTool(bin("tsx"), [program], { folder, env });
  const lines = output.split("\n").filter((line) => line.startsWith('{"step"'));
  if (lines.length === 0) failed.set("submit", output);
  for (const line of lines) {
    const { step, failure } = JSON.parse(line) as { step: string; failure: string | null };
    if (failure === null) failed.delete(step);
    else failed.set(step, failure);
  }
  return failed;
}

function bin(tool: string): string {
  return join(folder, "node_modules", ".bin", tool);
}
