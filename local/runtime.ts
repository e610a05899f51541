// `wrangler dev` as a child: the product and, behind its AI binding, the Worker that forwards to the inference server.
import { type ChildProcess, spawn } from "node:child_process";
import { createWriteStream } from "node:fs";
import { mkdir, writeFile } from "node:fs/promises";
import { join } from "node:path";

const ROOT = join(import.meta.dirname, "..");
const WRANGLER = join(ROOT, "node_modules/wrangler/bin/wrangler.js");
const SCRATCH = join(ROOT, ".wrangler");

/** All that wrangler prints goes here; the terminal is for jobs. */
export const LOG_FILE = join(SCRATCH, "dev.log");

export interface Runtime {
  readonly url: string;
  /** Resolves when the runtime ends, by itself or by `stop`. */
  readonly ended: Promise<number | null>;
  stop(): Promise<void>;
  /** SIGKILL, without warning, to every process of it. Resolves when all are gone. */
  kill(): Promise<void>;
}

/** A runtime that shares nothing with the one of `npm start`: all it writes is in `folder`. */
export interface Apart {
  readonly folder: string;
  readonly ringGraceSeconds: number;
}

/** Create the local database, or bring it up to date, with the development key in it. */
export async function migrate(apart?: Apart): Promise<void> {
  const local = ["--local", ...persistence(apart)];
  await wrangler(["d1", "migrations", "apply", "DB", ...local], apart);
  await wrangler(["d1", "execute", "DB", ...local, "--file", join(import.meta.dirname, "dev-key.sql")], apart);
}

/**
 * Start the runtime and wait until it answers. @throws with the end of its log if it does not.
 * @param source another version's tree, with `wrangler.jsonc` in it; by default this one.
 */
export async function startRuntime({
  port,
  inferenceUrl,
  apart,
  source = ROOT,
}: {
  port: number;
  inferenceUrl: string;
  apart?: Apart;
  source?: string;
}): Promise<Runtime> {
  const aiConfig = await writeAiConfig(inferenceUrl, apart?.folder ?? SCRATCH);
  const where = ["--port", String(port), "--ip", "127.0.0.1", ...persistence(apart)];
  const vars = apart === undefined ? [] : ["--var", `RING_GRACE_SECONDS:${apart.ringGraceSeconds}`];
  const child = spawn(
    process.execPath,
    [WRANGLER, "dev", "-c", "wrangler.jsonc", "-c", aiConfig, ...where, ...vars],
    // A group of its own: Ctrl-C in the terminal reaches us alone, and we end it in order.
    { cwd: source, stdio: ["ignore", "pipe", "pipe"], detached: true, env: environment(apart) },
  );
  const log = createWriteStream(apart === undefined ? LOG_FILE : join(apart.folder, "dev.log"));
  const tail: string[] = [];
  for (const stream of [child.stdout, child.stderr]) {
    stream.on("data", (chunk: Buffer) => {
      log.write(chunk);
      tail.push(chunk.toString());
      tail.splice(0, tail.length - 20);
    });
  }
  const ended = new Promise<number | null>((resolve) => child.on("exit", resolve));
  const runtime = { url: `http://localhost:${port}`, ended, stop: () => stop(child, ended), kill: () => kill(child) };
  if (await answers(`http://127.0.0.1:${port}/healthz`, child)) return runtime;
  await runtime.stop();
  throw new Error(`the runtime did not start:\n${tail.join("")}`);
}

// `--var` reaches only the first Worker of `wrangler dev`, and the port is known only now.
async function writeAiConfig(inferenceUrl: string, folder: string): Promise<string> {
  const path = join(folder, "local-ai.json");
  const config = {
    name: "darkroom-local-ai",
    main: join(import.meta.dirname, "ai-worker.ts"),
    compatibility_date: "2026-11-01",
    compatibility_flags: ["enable_abortsignal_rpc"],
    vars: { INFERENCE_URL: inferenceUrl, FAULTS: process.env["DARKROOM_FAULTS"] ?? "" },
  };
  await mkdir(folder, { recursive: true });
  await writeFile(path, JSON.stringify(config));
  return path;
}

async function answers(url: string, child: ChildProcess): Promise<boolean> {
  for (let tries = 0; tries < 600 && child.exitCode === null; tries += 1) {
    const response = await fetch(url).catch(() => null);
    if (response?.ok) return true;
    await new Promise((resolve) => setTimeout(resolve, 100));
  }
  return false;
}

async function stop(child: ChildProcess, ended: Promise<unknown>): Promise<void> {
  signalGroup(child, "SIGTERM");
  const isEnded = await Promise.race([ended.then(() => true), new Promise((resolve) => setTimeout(resolve, 5000))]);
  // Whatever is left of the group, workerd included.
  if (isEnded !== true || child.exitCode !== 0) signalGroup(child, "SIGKILL");
}

async function kill(child: ChildProcess): Promise<void> {
  for (let tries = 0; signalGroup(child, "SIGKILL"); tries += 1) {
    if (tries === 500) throw new Error(`the process group ${child.pid} outlives SIGKILL`);
    await new Promise((resolve) => setTimeout(resolve, 10));
  }
}

/** @returns whether anybody was there to be signalled. */
function signalGroup(child: ChildProcess, signal: NodeJS.Signals): boolean {
  if (child.pid === undefined) return false;
  try {
    return process.kill(-child.pid, signal);
  } catch {
    return false; // The whole group has ended already.
  }
}

function persistence(apart: Apart | undefined): readonly string[] {
  return apart === undefined ? [] : ["--persist-to", join(apart.folder, "state")];
}

/** A runtime that is killed cleans nothing up: what it would leave behind goes into its own folder too. */
function environment(apart: Apart | undefined): NodeJS.ProcessEnv {
  if (apart === undefined) return { ...process.env, CI: "true" };
  return {
    ...process.env,
    CI: "true",
    TMPDIR: apart.folder,
    WRANGLER_REGISTRY_PATH: join(apart.folder, "registry"),
    WRANGLER_LOG_PATH: join(apart.folder, "logs"),
  };
}

async function wrangler(args: readonly string[], apart?: Apart): Promise<void> {
  const child = spawn(process.execPath, [WRANGLER, ...args], {
    cwd: ROOT,
    stdio: ["ignore", "pipe", "pipe"],
    env: environment(apart),
  });
  let output = "";
  for (const stream of [child.stdout, child.stderr]) stream.on("data", (chunk: Buffer) => (output += chunk.toString()));
  const code = await new Promise<number | null>((resolve) => child.on("exit", resolve));
  if (code !== 0) throw new Error(`wrangler ${args.join(" ")} ended with ${code}:\n${output}`);
}
