// A program that hangs instead of the real wrangler.
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";

import { afterAll, beforeAll, expect, test } from "vitest";

import { ensure } from "../deploy/part.ts";
import { createWrangler } from "../deploy/wrangler.ts";

/** Prints something, starts a process that keeps its output open, and ends neither by itself nor when it is asked to. */
const HANGING = `
import { spawn } from "node:child_process";
process.on("SIGTERM", () => {});
const child = spawn(process.execPath, ["-e", "setInterval(() => {}, 1000)"], { stdio: ["ignore", "inherit", "inherit"] });
console.log("child " + child.pid);
setInterval(() => {}, 1000);
`;

let folder = "";
const started: number[] = [];

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), "darkroom-wrangler-"));
  await writeFile(join(folder, "hanging.mjs"), HANGING);
  await writeFile(join(folder, "ending.mjs"), `console.log("done " + process.argv.slice(2).join(" "));`);
});

afterAll(async () => {
  for (const pid of started) process.kill(pid, "SIGKILL");
  await rm(folder, { recursive: true });
});

function wrangler(program: string, timeLimitMs: number) {
  return createWrangler({ isDryRun: false, program: join(folder, program), timeLimitMs });
}

/** Record the process that a command has left behind. */
function noteChild(output: string): void {
  const [, pid] = /child (\d+)/.exec(output) ?? [];
  expect(pid).toBeDefined();
  started.push(Number(pid));
}

test("a command that hangs is stopped, has failed, and says what to do", async () => {
  const ran = await wrangler("hanging.mjs", 1500).look("deploy", "--dry-run");
  noteChild(ran.output);
  expect(ran.ok).toBe(false);
  expect(ran.output).toMatch(
    /\n'wrangler deploy --dry-run --env=' did not end within 2 seconds and was stopped\. .*run this again/,
  );
});

test("a part that could not be created in time is a warning that gives the reason", async () => {
  const warnings: string[] = [];
  const print = console.warn;
  console.warn = (line: string) => void warnings.push(line);
  const output: string[] = [];
  try {
    const hanging = wrangler("hanging.mjs", 1500);
    const make = async (...args: readonly string[]) => {
      const ran = await hanging.make(...args);
      output.push(ran.output);
      return ran;
    };
    const part = { name: "the bucket", command: ["r2", "bucket", "create"], meanwhile: "Nothing is stored." };
    expect(await ensure({ ...part, find: async () => ({ state: "missing" }) }, { ...hanging, make })).toBe(false);
  } finally {
    console.warn = print;
  }
  noteChild(output.join(""));
  expect(warnings[0]).toMatch(
    /^warning: could not create the bucket: 'wrangler r2 bucket create --env=' did not end within/,
  );
});

test("a command that ends in time is what it was", async () => {
  const ran = await wrangler("ending.mjs", 60_000).look("whoami");
  expect(ran).toEqual({ ok: true, stdout: "done whoami --env=\n", output: "done whoami --env=\n" });
});
