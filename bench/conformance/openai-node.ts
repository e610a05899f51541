// Runs openai-node's own test files against Darkroom: `npm run conformance:openai -- --repo DIR`, where DIR is a checkout of
// github.com/openai/openai-node. Each file is copied with two edits: a real recording in the place of its example bytes, and a key
// of ours. Darkroom runs with OPENAI_LENIENT, because these tests send every parameter that exists. Prints "N of N", the tests that are out of scope with the reason, and one JSON line.
import { execFile } from "node:child_process";
import { mkdir, readFile, rm, writeFile } from "node:fs/promises";
import { join, resolve } from "node:path";
import { parseArgs } from "node:util";

import * as z from "zod";

import { speech } from "../../test/speech.ts";
import { note, print, say } from "../report.ts";
import { startRuntime } from "./runtime.ts";
import { WORDS } from "./sources.ts";

process.env["WRANGLER_LOG"] ??= "error";

/** The files, and the tests in each that Darkroom has the operations for. */
const SCOPE: Readonly<Record<string, RegExp>> = {
  "audio/transcriptions.test.ts": /./,
  "audio/translations.test.ts": /./,
  "images.test.ts": /^generate/,
  "models.test.ts": /^(list|retrieve)/,
  "embeddings.test.ts": /./,
  "chat/completions/completions.test.ts": /^create/,
  "responses/responses.test.ts": /^create/,
};

const NO_OPERATION = "Darkroom has no such operation: it keeps no conversations, trains nothing and edits no pictures";

/** Names in the test files that are newer than the table of names. An operator adds them in the same way. */
const NAMES = { "gpt-5.4": "@cf/meta/llama-3.2-3b-instruct", "gpt-image-2": "@cf/black-forest-labs/flux-1-schnell" };

const Report = z.object({
  testResults: z.array(
    z.object({
      name: z.string(),
      message: z.string().optional(),
      assertionResults: z.array(
        z.object({ title: z.string(), status: z.string(), failureMessages: z.array(z.string()).nullish() }),
      ),
    }),
  ),
});

const { values } = parseArgs({ options: { repo: { type: "string" } } });
if (values.repo === undefined) throw new Error("name a checkout of openai-node: --repo DIR");
const repo = resolve(values.repo);
const folder = resolve(".results/openai-node");

const runtime = await startRuntime({ vars: { OPENAI_LENIENT: "true", OPENAI_MODELS: JSON.stringify(NAMES) } });
try {
  await rm(folder, { recursive: true, force: true });
  await mkdir(folder, { recursive: true });
  await writeFile(join(folder, "talk.wav"), speech(WORDS));
  for (const file of Object.keys(SCOPE)) await copyEdited(file);
  await writeFile(join(folder, "vitest.config.mjs"), configOf());
  const report = await runTests();
  const failures: string[] = [];
  const outside: string[] = [];
  let passed = 0;
  for (const { name, assertionResults, message } of report.testResults) {
    const file = Object.keys(SCOPE).find((one) => name.endsWith(`/${one}`)) ?? name;
    if (assertionResults.length === 0) failures.push(`${file}: ${message ?? "it has no tests"}`);
    for (const { title, status, failureMessages } of assertionResults) {
      const test = `${file}: ${title}`;
      if (SCOPE[file]?.test(title) !== true) outside.push(`${test}: ${NO_OPERATION}`);
      else if (status === "passed") passed += 1;
      else failures.push(`${test}: ${failureMessages?.[0]?.split("\n")[0] ?? status}`);
    }
  }
  for (const test of outside) note(`out of scope: ${test}`);
  for (const failure of failures) say(`failed: ${failure}`);
  const total = passed + failures.length;
  say(`${passed} of ${total}`);
  print({ case: "conformance.openai-node", value: passed, peer: total, ratio: passed / total, unit: "tests" });
  process.exitCode = failures.length === 0 ? 0 : 1;
} finally {
  await runtime.close();
}

async function copyEdited(file: string): Promise<void> {
  const source = await readFile(join(repo, "tests/api-resources", file), "utf8");
  const edited = source
    .replaceAll("'My API Key'", JSON.stringify(runtime.key))
    .replaceAll(
      /toFile\(Buffer\.from\('Example data'\), 'README\.md'\)/g,
      `toFile(process.getBuiltinModule("fs").readFileSync(${JSON.stringify(join(folder, "talk.wav"))}), "talk.wav")`,
    );
  const path = join(folder, "tests/api-resources", file);
  await mkdir(join(path, ".."), { recursive: true });
  await writeFile(path, edited);
}

function configOf(): string {
  const config = {
    test: { globals: true, include: ["tests/**/*.test.ts"], testTimeout: 60_000, maxWorkers: 1 },
    resolve: { alias: [{ find: "openai", replacement: join(repo, "src/index.ts") }] },
  };
  return `export default ${JSON.stringify(config)};\n`;
}

async function runTests(): Promise<z.infer<typeof Report>> {
  const output = join(folder, "report.json");
  const vitest = resolve("node_modules/vitest/vitest.mjs");
  const args = [vitest, "run", "--config", join(folder, "vitest.config.mjs"), "--root", folder, "--reporter=json"];
  await new Promise<void>((done) => {
    const env = { ...process.env, TEST_API_BASE_URL: `${runtime.origin}/openai/v1` };
    // It exits with 1 if a test fails, as those that are out of scope do.
    execFile(process.execPath, [...args, `--outputFile=${output}`], { env, maxBuffer: 2 ** 26 }, () => done());
  });
  return Report.parse(JSON.parse(await readFile(output, "utf8")));
}
