// Client libraries as their users install them, unmodified, each program in a process of its own. They are installed into
// .results/clients/, so that the project does not depend on them.
import { execFile, spawn } from "node:child_process";
import { copyFile, mkdir, readFile, writeFile } from "node:fs/promises";
import { join, resolve } from "node:path";
import { createInterface } from "node:readline";
import { promisify } from "node:util";

import * as z from "zod";

import { speech } from "../../test/speech.ts";
import { note } from "../report.ts";
import type { Runtime } from "./runtime.ts";
import { WORDS } from "./sources.ts";

const run = promisify(execFile);

const SOURCES = join(import.meta.dirname, "clients");
const FOLDER = resolve(".results/clients");
const PROGRAMS = ["openai.mjs", "ai-sdk.mjs", "webhooks.mjs"];
const PYTHON_PROGRAM = "clients.py";

const Result = z.object({ name: z.string(), failure: z.string().nullable() });
type Result = z.infer<typeof Result>;

/** Run all cases of the installed clients. Python's are left out, with a note, if there is no Python that can make an environment. */
export async function runInstalledClients({ origin, key }: Runtime): Promise<readonly Result[]> {
  await mkdir(FOLDER, { recursive: true });
  for (const name of [...PROGRAMS, PYTHON_PROGRAM, "report.mjs", "inputs.mjs"]) {
    await copyFile(join(SOURCES, name), join(FOLDER, name));
  }
  await writeFile(join(FOLDER, "talk.wav"), speech(WORDS));
  // Old and new clients are installed side by side, and ask for different versions of zod, which each of them can do without.
  await installOnce("package.json", () =>
    run("npm", ["install", "--no-audit", "--no-fund", "--no-package-lock", "--legacy-peer-deps"], { cwd: FOLDER }),
  );
  const results: Result[] = [];
  for (const program of PROGRAMS)
    results.push(...(await runProgram(program, process.execPath, [program, origin, key])));
  if (await installPython()) {
    results.push(...(await runProgram(PYTHON_PROGRAM, python(), [PYTHON_PROGRAM, origin, key])));
  }
  return results;
}

/** Install what a file lists, unless that was done before. */
async function installOnce(list: string, install: () => Promise<unknown>): Promise<void> {
  const wanted = await readFile(join(SOURCES, list), "utf8");
  const done = join(FOLDER, `${list}.installed`);
  if ((await readFile(done, "utf8").catch(() => null)) === wanted) return;
  note(`installing the client libraries of ${list}`);
  await writeFile(join(FOLDER, list), wanted);
  await install();
  await writeFile(done, wanted);
}

function python(): string {
  return join(FOLDER, "venv/bin/python");
}

async function installPython(): Promise<boolean> {
  const version = await run("python3", ["-c", "import venv, ensurepip"]).catch(() => null);
  if (version === null) {
    note("Python's clients are left out: there is no python3 with venv");
    return false;
  }
  await installOnce("requirements.txt", async () => {
    await run("python3", ["-m", "venv", "venv"], { cwd: FOLDER });
    await run(python(), ["-m", "pip", "install", "--quiet", "-r", "requirements.txt"], { cwd: FOLDER });
  });
  return true;
}

/** Run a program and read its results. A program that ends early counts as one more failure. */
async function runProgram(program: string, command: string, args: readonly string[]): Promise<readonly Result[]> {
  const child = spawn(command, args, { cwd: FOLDER, stdio: ["ignore", "pipe", "pipe"] });
  const complaints: string[] = [];
  child.stderr.on("data", (text: Buffer) => complaints.push(text.toString()));
  const ended = new Promise<number | null>((done) => child.on("close", done));
  const results: Result[] = [];
  for await (const line of createInterface({ input: child.stdout })) {
    if (!line.startsWith("{")) continue;
    const result = Result.parse(JSON.parse(line));
    note(`${result.failure === null ? "ok    " : "FAILED"} ${result.name}`);
    results.push(result);
  }
  const code = await ended;
  if (code === 0 && results.length > 0) return results;
  return [...results, { name: program, failure: `it ended with ${code}: ${complaints.join("").slice(-500)}` }];
}
