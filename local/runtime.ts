// `wrangler dev` as a child process. It runs Darkroom and, behind the AI binding, the Worker that forwards to the inference server.
import { type ChildProcess, spawn } from "node:child_process";
import { createWriteStream } from "node:fs";
import { mkdir, readdir, stat, writeFile } from "node:fs/promises";
import { join } from "node:path";

const ROOT = join(import.meta.dirname, "..");
const WRANGLER = join(ROOT, "node_modules/wrangler/bin/wrangler.js");
const SCRATCH = join(ROOT, ".wrangler");
/** Compiled code of wrangler, kept from start to start: it begins a third sooner. */
const COMPILED = join(ROOT, "node_modules/.cache/node");

/** Everything that wrangler prints goes here. The terminal shows jobs. */
export const LOG_FILE = join(SCRATCH, "dev.log");

export interface Runtime {
  readonly url: string;
  /** Resolves when the runtime ends, by itself or after `stop`. */
  readonly ended: Promise<number | null>;
  /** How many requests it has answered. */
  answered(): number;
  /** When it last wrote to D1 or R2, in epoch milliseconds. */
  wroteAt(): Promise<number>;
  /** Send SIGTERM, and after five seconds SIGKILL to what is left. Resolves when all its processes have ended. */
  stop(): Promise<void>;
  /** Send SIGKILL to all its processes, without warning. Resolves when all have ended. */
  kill(): Promise<void>;
}

/** A runtime that shares nothing with that of `npm start`: everything it writes is in `folder`. */
export interface Apart {
  readonly folder: string;
  readonly wakeGraceSeconds: number;
}

/** The line that wrangler prints when the Worker has answered a request. */
const ANSWERED = /\[wrangler:info\] [A-Z]+ \S+ \d{3} /g;

const STOP_WITHIN_MS = 5000;

/**
 * Start the runtime and wait until it answers. `config` replaces wrangler.jsonc; `source` is the tree of another version. If
 * `signal` is aborted before the runtime answers, it is stopped. @throws with the end of its log if it does not answer.
 */
export async function startRuntime({
  port,
  inferenceUrl,
  apart,
  config = "wrangler.jsonc",
  source = ROOT,
  signal,
}: {
  port: number;
  inferenceUrl: string;
  apart?: Apart;
  config?: string;
  source?: string;
  signal?: AbortSignal;
}): Promise<Runtime> {
  const aiConfig = await writeAiConfig(inferenceUrl, apart?.folder ?? SCRATCH);
  const where = ["--port", String(port), "--ip", "127.0.0.1", ...persistence(apart)];
  const vars = apart === undefined ? [] : ["--var", `WAKE_GRACE_SECONDS:${apart.wakeGraceSeconds}`];
  const child = spawn(
    process.execPath,
    [WRANGLER, "dev", "-e", "local", "-c", config, "-c", aiConfig, ...where, ...vars],
    // Its own process group: Ctrl-C in the terminal then reaches only this process, which stops the runtime in order.
    { cwd: source, stdio: ["ignore", "pipe", "pipe"], detached: true, env: environment(apart) },
  );
  const log = createWriteStream(apart === undefined ? LOG_FILE : join(apart.folder, "dev.log"), { flags: "a" });
  const tail: string[] = [];
  let answered = 0;
  for (const stream of [child.stdout, child.stderr]) {
    stream.on("data", (chunk: Buffer) => {
      log.write(chunk);
      const text = chunk.toString();
      answered += text.match(ANSWERED)?.length ?? 0;
      tail.push(text);
      tail.splice(0, tail.length - 20);
    });
  }
  const ended = new Promise<number | null>((resolve) => child.on("exit", resolve));
  const runtime = {
    url: `http://localhost:${port}`,
    ended,
    answered: () => answered,
    wroteAt: () => wroteAt(join(apart?.folder ?? SCRATCH, "state")),
    stop: () => stop(child),
    kill: () => kill(child),
  };
  if (await answers(`http://127.0.0.1:${port}/healthz`, child, signal)) return runtime;
  await runtime.stop();
  throw new Error(`the runtime did not start:\n${tail.join("")}`);
}

// `--var` applies only to the first Worker of `wrangler dev`, and the address is known only now.
async function writeAiConfig(inferenceUrl: string, folder: string): Promise<string> {
  const path = join(folder, "local-ai.json");
  const name = "darkroom-local-ai";
  const vars = { INFERENCE_URL: inferenceUrl, FAULTS: process.env["DARKROOM_FAULTS"] ?? "" };
  const config = {
    name,
    main: join(import.meta.dirname, "ai-worker.ts"),
    compatibility_date: "2026-11-01",
    compatibility_flags: ["enable_abortsignal_rpc"],
    vars,
    // `wrangler dev -e local` looks up that environment in each Worker's configuration, and renames a Worker without a name there.
    env: { local: { name, vars } },
  };
  await mkdir(folder, { recursive: true });
  await writeFile(path, JSON.stringify(config));
  return path;
}

async function answers(url: string, child: ChildProcess, signal: AbortSignal | undefined): Promise<boolean> {
  for (let tries = 0; tries < 600 && child.exitCode === null; tries += 1) {
    if (signal?.aborted === true) return false;
    const response = await fetch(url, { signal: AbortSignal.timeout(5000) }).catch(() => null);
    if (response?.ok) return true;
    await new Promise((resolve) => setTimeout(resolve, 100));
  }
  return false;
}

/**
 * Return when D1 or R2 was last written to in this state, in epoch milliseconds. A stored object is a new file in its folder;
 * everything else is in SQLite files. The trace store and the rate limiter are left out, because requests that never get an
 * answer also write to them.
 */
export async function wroteAt(state: string): Promise<number> {
  const folders = ["d1", "r2"].map((store) => join(state, "v3", store));
  const found = folders.map((folder) => readdir(folder, { recursive: true, withFileTypes: true }).catch(() => []));
  const entries = (await Promise.all(found)).flat();
  const telling = entries.filter((entry) => entry.isDirectory() || /\.sqlite(-wal)?$/.test(entry.name));
  const times = telling.map((entry) =>
    stat(join(entry.parentPath, entry.name)).then(
      ({ mtimeMs }) => mtimeMs,
      () => 0, // It has just been deleted.
    ),
  );
  return (await Promise.all(times)).reduce((latest, time) => Math.max(latest, time), 0);
}

async function stop(child: ChildProcess): Promise<void> {
  const until = Date.now() + STOP_WITHIN_MS;
  // wrangler ends before workerd, so this waits for the group, not the child. SIGTERM is sent once.
  for (let isThere = signalGroup(child, "SIGTERM"); isThere && Date.now() < until; isThere = signalGroup(child, 0)) {
    await new Promise((resolve) => setTimeout(resolve, 20));
  }
  await kill(child);
}

async function kill(child: ChildProcess): Promise<void> {
  for (let tries = 0; signalGroup(child, "SIGKILL"); tries += 1) {
    if (tries === 500) throw new Error(`the process group ${child.pid} outlives SIGKILL`);
    await new Promise((resolve) => setTimeout(resolve, 10));
  }
}

/** Signal the group. Returns whether it still exists. */
function signalGroup(child: ChildProcess, signal: NodeJS.Signals | 0): boolean {
  if (child.pid === undefined) return false;
  try {
    return process.kill(-child.pid, signal);
  } catch {
    return false; // The whole group has ended already.
  }
}

function persistence(apart: Apart | undefined): readonly string[] {
  return apart === undefined ? [] : ["--persist-to", stateOf(apart)];
}

/** Where wrangler keeps what is local. */
export function stateOf(apart: Apart | undefined): string {
  return join(apart?.folder ?? SCRATCH, "state");
}

/** A killed runtime cleans nothing up, so its temporary files go into its own folder too. */
function environment(apart: Apart | undefined): NodeJS.ProcessEnv {
  // Otherwise wrangler asks the network where this machine is, and prints a stack trace where there is none.
  const quiet = { CLOUDFLARE_CF_FETCH_ENABLED: "false" };
  const common = { NODE_COMPILE_CACHE: COMPILED, ...quiet, ...process.env, CI: "true" };
  if (apart === undefined) return common;
  return {
    ...common,
    TMPDIR: apart.folder,
    WRANGLER_REGISTRY_PATH: join(apart.folder, "registry"),
    WRANGLER_LOG_PATH: join(apart.folder, "logs"),
  };
}
