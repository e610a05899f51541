// Calls every documented operation through the typed client and the SDKs, against the real runtime, and lets client libraries
// that are installed as their users do call the dialects. Prints each failure, then "N of N", then one JSON line. A documented operation without a case counts as failed, so the list cannot shrink unnoticed.
import { note, print, say } from "../report.ts";
import { type Case, createCallers } from "./case.ts";
import { chatCases } from "./chat-cases.ts";
import { operationOf, readDocumented } from "./documented.ts";
import { runInstalledClients } from "./installed-clients.ts";
import { jobCases } from "./job-cases.ts";
import { operatorCases } from "./operator-cases.ts";
import { pageCases } from "./page-cases.ts";
import { type Runtime, startRuntime } from "./runtime.ts";
import { sdkCases } from "./sdk-cases.ts";
import { transcriptCases } from "./transcript-cases.ts";

process.env["WRANGLER_LOG"] ??= "error";

const CASE_MS = 90_000;
const cases: readonly Case[] = [
  ...jobCases,
  ...transcriptCases,
  ...operatorCases,
  ...sdkCases,
  ...chatCases,
  ...pageCases,
];

const runtime = await startRuntime();
try {
  const { source, operations } = await readDocumented(runtime.origin);
  note(`${operations.size} operations are documented in ${source}`);
  const covered = new Set(cases.map(({ operation }) => operationOf(...split(operation))));
  const failures = [...operations]
    .filter((operation) => !covered.has(operation))
    .map((operation) => `${operation}: documented, but no case calls it`);
  const inProcess = cases.length + failures.length;
  for (const one of cases) {
    const failure = await attempt(one, runtime);
    note(`${failure === null ? "ok    " : "FAILED"} ${nameOf(one)}`);
    if (failure !== null) failures.push(`${nameOf(one)}: ${failure}`);
  }
  const installed = await runInstalledClients(runtime);
  failures.push(...installed.flatMap(({ name, failure }) => (failure === null ? [] : `${name}: ${failure}`)));
  const total = inProcess + installed.length;
  const passed = total - failures.length;
  for (const failure of failures) say(`failed: ${failure}`);
  say(`${passed} of ${total}`);
  print({ case: "conformance", value: passed, peer: total, ratio: passed / total, unit: "operations" });
  process.exitCode = passed === total ? 0 : 1;
} finally {
  await runtime.close();
}

/** Run a case and return why it failed; null if it passed. A case that never called its operation has failed. */
async function attempt({ operation, via, run }: Case, running: Runtime): Promise<string | null> {
  const requests: string[] = [];
  const timer = Promise.withResolvers<never>();
  const timeout = setTimeout(() => timer.reject(new Error(`it did not end within ${CASE_MS} ms`)), CASE_MS);
  try {
    const callers = createCallers(running, (request) => requests.push(request));
    await Promise.race([run(callers, running), timer.promise]);
    return requests.some((request) => patternOf(operation).test(request)) ? null : `${via} did not call it`;
  } catch (error) {
    return error instanceof Error ? error.message : String(error);
  } finally {
    clearTimeout(timeout);
  }
}

function nameOf({ operation, via, of }: Case): string {
  return `${operation} (${via}${of === undefined ? "" : `, ${of}`})`;
}

function split(operation: string): [method: string, path: string] {
  const [method = "", path = ""] = operation.split(" ");
  return [method, path];
}

function patternOf(operation: string): RegExp {
  const literal = operationOf(...split(operation)).split("{}");
  return new RegExp(`^${literal.map((text) => text.replaceAll(/[.*+?^$()|[\]\\]/g, "\\$&")).join("[^/]+")}$`);
}
