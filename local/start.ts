// `npm start`: the whole product on this machine, no account needed. Ctrl-C ends every process it started.
import { createServer } from "node:net";

import { LOCAL_KEY as KEY } from "../shared/local-secrets.ts";
import { parseFaultPlan } from "./fault-plan.ts";
import { startInferenceServer } from "./inference-server.ts";
import { type FeedJob, followJobs } from "./job-feed.ts";
import { LOG_FILE, migrate, startRuntime } from "./runtime.ts";

const CRON_EVERY_MS = 5000;
/** A runtime busy for half a minute is not yet dead. */
const MISSED_TICKS = 6;

const port = Number(process.env["PORT"] ?? 8787);
if (!(await isFree(port))) {
  console.error(`Port ${port} is taken. Stop what listens there, or: PORT=8788 npm start`);
  process.exit(1);
}

try {
  parseFaultPlan(process.env["DARKROOM_FAULTS"] ?? "");
} catch (error) {
  console.error(`DARKROOM_FAULTS: ${error instanceof Error ? error.message : String(error)}`);
  process.exit(1);
}

console.log("Starting Darkroom: database, inference server, Worker …");
await migrate();
const inference = await startInferenceServer({ port: 0 });
const runtime = await startRuntime({ port, inferenceUrl: inference.url });
const stopping = new AbortController();

// Nothing fires cron locally, and R2 sends no events: the sweep finds what was put into the bucket.
const cron = setInterval(() => void tick(), CRON_EVERY_MS);
let missedTicks = 0;
console.log(welcome(runtime.url, inference.engines));
void followJobs(readJobs, console.log, stopping.signal);

for (const signal of ["SIGINT", "SIGTERM", "SIGHUP"] as const) process.once(signal, () => void stop(0));

const code = await runtime.ended;
if (!stopping.signal.aborted) {
  console.error(`The runtime ended with ${code}. Its log is ${LOG_FILE}`);
  await stop(1);
}

async function stop(exitCode: number): Promise<void> {
  if (stopping.signal.aborted) return;
  stopping.abort();
  clearInterval(cron);
  console.log("\nStopping. Jobs and media are kept in .wrangler/state.");
  await runtime.stop();
  await inference.close();
  process.exit(exitCode);
}

async function tick(): Promise<void> {
  const signal = AbortSignal.timeout(2 * CRON_EVERY_MS);
  const response = await fetch(`${runtime.url}/cdn-cgi/local/scheduled`, { signal }).catch(() => null);
  missedTicks = response === null ? missedTicks + 1 : 0;
  if (missedTicks < MISSED_TICKS) return;
  // wrangler outlives a workerd that was killed, and answers nothing.
  console.error(`The runtime does not answer any more. Nothing is lost: run npm start again. Its log is ${LOG_FILE}`);
  await stop(1);
}

async function readJobs(): Promise<readonly FeedJob[]> {
  const response = await fetch(`${runtime.url}/v1/jobs?limit=50`, { headers: { authorization: `Bearer ${KEY}` } });
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
API key: ${KEY}

Offline engines:
${names.join("\n")}

Try it:
  curl -H "Authorization: Bearer ${KEY}" --data-binary @local/samples/voice-note.mp3 "${url}/v1/uploads?name=voice-note.mp3"
  curl -H "Authorization: Bearer ${KEY}" ${url}/v1/jobs -d '{"kind":"image_generation","prompt":"a quiet harbour at dawn"}'
  curl -H "Authorization: Bearer ${KEY}" ${url}/v1/jobs

Worker log: ${LOG_FILE}
Jobs, as they change:`;
}
