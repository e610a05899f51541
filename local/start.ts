// `npm start`: runs all of Darkroom on this machine, without an account. Ctrl-C ends every process that it started.
import { createServer } from "node:net";
import { join, resolve as resolvePath } from "node:path";

import { LOCAL_KEY as KEY } from "../shared/keys/local-secrets.ts";
import { parseFaultPlan } from "./fault-plan.ts";
import { startInferenceServer } from "./inference-server.ts";
import { type FeedJob, followJobs } from "./job-feed.ts";
import { keepRunning } from "./keep-running.ts";
import { migrate } from "./migrate.ts";
import { LOG_FILE, startRuntime } from "./runtime.ts";

/** Set up first, so that a signal also stops a start in progress. Further signals change nothing. */
const stopping = new AbortController();
for (const signal of ["SIGINT", "SIGTERM", "SIGHUP"] as const) process.on(signal, () => stopping.abort());

const [unknown] = process.argv.slice(2);
if (unknown !== undefined) {
  console.error(`npm start takes no arguments, but was given '${unknown}'. To use another port: PORT=8788 npm start`);
  process.exit(1);
}

const port = Number(process.env["PORT"] ?? 8787);
if (!(await isFree(port))) {
  console.error(`Port ${port} is in use. Stop the program that uses it, or use another port: PORT=8788 npm start`);
  process.exit(1);
}

try {
  parseFaultPlan(process.env["DARKROOM_FAULTS"] ?? "");
} catch (error) {
  console.error(`DARKROOM_FAULTS: ${error instanceof Error ? error.message : String(error)}`);
  process.exit(1);
}

const { signal } = stopping;
/** Keeps state and log apart from those of another `npm start` in the same checkout. */
const folder = process.env["DARKROOM_STATE"];
const apart = folder === undefined ? undefined : { folder: resolvePath(folder), wakeGraceSeconds: 5 };
const logFile = apart === undefined ? LOG_FILE : join(apart.folder, "dev.log");
const address = `http://localhost:${port}`;
console.log("Starting Darkroom: database, inference server, Worker …");
process.exitCode = await run().catch((error: unknown) => {
  if (signal.aborted) return 0;
  console.error(error instanceof Error ? error.message : String(error));
  return 1;
});
// Connections that clients keep open would delay the end.
process.exit();

async function run(): Promise<number> {
  await migrate(apart, signal);
  const inference = await startInferenceServer({ port: 0 });
  signal.addEventListener("abort", () =>
    console.log(`\nStopping. Jobs and media are kept in ${apart?.folder ?? ".wrangler"}/state.`),
  );
  let isFirst = true;
  try {
    const start = () => startRuntime({ port, inferenceUrl: inference.url, signal, ...(apart && { apart }) });
    await keepRunning({ start, say: console.error, signal }, () => {
      if (!isFirst) return;
      isFirst = false;
      console.log(welcome(address, inference.engines));
      void followJobs(readJobs, console.log, signal);
    });
    return 0;
  } catch (error) {
    if (!signal.aborted) console.error(`The Worker's log is ${logFile}`);
    throw error;
  } finally {
    await inference.close();
  }
}

async function readJobs(): Promise<readonly FeedJob[]> {
  const response = await fetch(`${address}/v1/jobs?limit=50`, { headers: { authorization: `Bearer ${KEY}` } });
  const body: { jobs: readonly FeedJob[] } = await response.json();
  return body.jobs;
}

function isFree(wanted: number): Promise<boolean> {
  return new Promise((resolve) => {
    const probe = createServer();
    probe.once("error", () => resolve(false));
    probe.listen(wanted, "127.0.0.1", () => probe.close(() => resolve(true)));
  });
}

function welcome(url: string, engines: object): string {
  const names = Object.entries(engines).map(([task, engine]) => `  ${task.padEnd(10)} ${engine}`);
  return `
Darkroom runs on ${url}

  Open the page, signed in:  ${url}/#key=${KEY}

API key: ${KEY}

Offline engines:
${names.join("\n")}

Try it:
  curl -H "Authorization: Bearer ${KEY}" --data-binary @local/samples/voice-note.mp3 "${url}/v1/uploads?name=voice-note.mp3"
  curl -H "Authorization: Bearer ${KEY}" ${url}/v1/jobs -d '{"kind":"image_generation","prompt":"a quiet harbour at dawn"}'
  curl -H "Authorization: Bearer ${KEY}" ${url}/v1/jobs

Worker log: ${logFile}
Jobs, as they change:`;
}
