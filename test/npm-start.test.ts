// `npm start` leaves no process of node, wrangler or workerd behind.
import { execFileSync, spawn } from "node:child_process";
import { rm } from "node:fs/promises";
import { join } from "node:path";

import { expect, test } from "vitest";

import { freePort } from "../bench/kill/start.ts";
import { until } from "./harness.ts";
import { migratedFolder } from "./migrated.ts";

interface Process {
  readonly pid: number;
  readonly parent: number;
  readonly command: string;
}

function readProcesses(): readonly Process[] {
  const lines = execFileSync("ps", ["-eo", "pid=,ppid=,stat=,args="], { encoding: "utf8" }).trim().split("\n");
  return lines.flatMap((line) => {
    const [, pid, parent, state = "", command = ""] = /^\s*(\d+)\s+(\d+)\s+(\S+)\s+(.*)$/.exec(line) ?? [];
    // A zombie, which has ended and whose parent has not read its status, does not count as a process.
    return pid === undefined || state.startsWith("Z") ? [] : [{ pid: Number(pid), parent: Number(parent), command }];
  });
}

/** Return a process and all processes that it started. */
function treeOf(root: number): readonly Process[] {
  const all = readProcesses();
  const tree = all.filter(({ pid }) => pid === root);
  for (const { pid } of tree) tree.push(...all.filter(({ parent }) => parent === pid));
  return tree;
}

test("SIGTERM to `npm start` ends every process that it started", async ({ onTestFinished }) => {
  const folder = await migratedFolder();
  const port = await freePort();
  const child = spawn("npm", ["start"], {
    cwd: join(import.meta.dirname, ".."),
    env: { ...process.env, PORT: String(port), DARKROOM_STATE: folder },
    stdio: ["ignore", "pipe", "pipe"],
  });
  let output = "";
  for (const stream of [child.stdout, child.stderr]) stream.on("data", (chunk: Buffer) => (output += chunk.toString()));
  const ended = new Promise<void>((resolve) => child.once("exit", () => resolve()));
  let started: readonly Process[] = [];
  const stillThere = () => {
    const now = readProcesses();
    return started.filter((one) => now.some(({ pid, command }) => pid === one.pid && command === one.command));
  };
  onTestFinished(async () => {
    for (const { pid } of [...stillThere(), ...treeOf(child.pid!)]) process.kill(pid, "SIGKILL");
    await rm(folder, { recursive: true, force: true });
  });
  await until(
    async () => output,
    (text) => text.includes(`Darkroom runs on http://localhost:${port}`),
    100_000,
  );
  started = treeOf(child.pid!);
  const names = started.map(({ command }) => command).join("\n");
  for (const name of ["local/start.ts", "wrangler.js dev", "workerd"]) expect(names).toContain(name);
  child.kill("SIGTERM");
  await ended;
  // npm may end shortly before the processes to which it passed the signal.
  await until(
    async () => stillThere(),
    (left) => left.length === 0,
    10_000,
  );
  expect(stillThere()).toEqual([]);
});
