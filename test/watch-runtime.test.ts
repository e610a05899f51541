// The local watchdog with runtimes that a test makes. It checks for progress, and gives up after three restarts.
import { mkdir, mkdtemp, rm, utimes, writeFile } from "node:fs/promises";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";

import { expect, onTestFinished, test } from "vitest";

import { keepRunning } from "../local/keep-running.ts";
import { type Runtime, wroteAt } from "../local/runtime.ts";
import { createRestarts, untilLost } from "../local/watch-runtime.ts";

const WATCH = { checkEveryMs: 40, silentChecks: 5 };
const SILENT_MS = WATCH.checkEveryMs * WATCH.silentChecks;

/** A runtime that accepts every request. The test controls its answers, its writes and its end. */
async function listen(answer: (respond: () => void) => void = () => {}) {
  const server = createServer((_, response) => answer(() => response.end("ok")));
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const { port } = server.address() as AddressInfo;
  const stop = async () => {
    server.closeAllConnections();
    await new Promise((resolve) => server.close(resolve));
  };
  onTestFinished(stop);
  const counts = { answered: 0, wroteAt: 1, killed: 0 };
  const { promise: ended, resolve: end } = Promise.withResolvers<number | null>();
  const kill = async () => {
    counts.killed += 1;
    end(null);
  };
  const runtime: Runtime = {
    url: `http://127.0.0.1:${port}`,
    ended,
    answered: () => counts.answered,
    wroteAt: async () => counts.wroteAt,
    stop: kill,
    kill,
  };
  return { runtime, counts, end };
}

/** Whether the runtime counts as lost within four times the watchdog's time. */
async function watch(runtime: Runtime, during: () => void = () => {}): Promise<string | null> {
  const timer = setInterval(during, WATCH.checkEveryMs / 2);
  try {
    return await untilLost(runtime, WATCH, AbortSignal.timeout(4 * SILENT_MS));
  } finally {
    clearInterval(timer);
  }
}

test("a runtime that does nothing is lost after a number of checks without progress", async () => {
  const { runtime } = await listen();
  const startedAt = Date.now();
  expect(await untilLost(runtime, WATCH, new AbortController().signal)).toBe("has done nothing for 0.2 seconds");
  // A timer can fire a millisecond early.
  expect(Date.now() - startedAt).toBeGreaterThan(SILENT_MS - 10);
});

test("a runtime that answers the watchdog's own question lives", async () => {
  const { runtime } = await listen((respond) => respond());
  expect(await watch(runtime)).toBeNull();
});

test("a runtime that answers another client lives, although the watchdog waits", async () => {
  const { runtime, counts } = await listen();
  expect(await watch(runtime, () => (counts.answered += 1))).toBeNull();
});

test("a runtime that stores uploads lives, although it answers nobody", async () => {
  const { runtime, counts } = await listen();
  expect(await watch(runtime, () => (counts.wroteAt += 1))).toBeNull();
});

test("a runtime that stops making progress is lost, whatever it did before", async () => {
  const { runtime, counts } = await listen();
  let left = 6;
  expect(await watch(runtime, () => (counts.answered += left-- > 0 ? 1 : 0))).toContain("has done nothing");
});

test("a runtime that ends is lost at once, with its code", async () => {
  const { runtime, end } = await listen();
  setTimeout(() => end(1), 10);
  expect(await watch(runtime)).toBe("ended with 1");
});

test("writes to D1 and R2 are progress, and those to the trace store are not", async () => {
  const state = await mkdtemp(join(tmpdir(), "darkroom-wrote-"));
  onTestFinished(() => rm(state, { recursive: true, force: true }));
  const touch = async (path: string, seconds: number) => {
    const folder = join(state, "v3", path, "..");
    await mkdir(folder, { recursive: true });
    await writeFile(join(state, "v3", path), "");
    for (const one of [join(state, "v3", path), folder, join(folder, "..")]) await utimes(one, seconds, seconds);
  };
  await touch("d1/database/a.sqlite-wal", 1000);
  expect(await wroteAt(state)).toBe(1_000_000);
  await touch("observability/store/b.sqlite-wal", 2000);
  await touch("ratelimits/limiter/c.sqlite", 2000);
  expect(await wroteAt(state)).toBe(1_000_000);
  await touch("r2/bucket/blobs/d", 3000);
  expect(await wroteAt(state)).toBe(3_000_000);
});

test("three restarts in ten minutes are allowed, and the fourth when the first is older than that", () => {
  const restarts = createRestarts();
  const mayRestart = (now: number) => restarts.mayRestart(now);
  const MINUTE_MS = 60_000;
  expect([0, 1, 2, 3, 9.9].map((minute) => mayRestart(minute * MINUTE_MS))).toEqual([true, true, true, false, false]);
  expect([10, 10.5, 11].map((minute) => mayRestart(minute * MINUTE_MS))).toEqual([true, false, true]);
});

test("a runtime that hangs is killed and started again three times, and then `npm start` ends with its reason", async () => {
  const started: Awaited<ReturnType<typeof listen>>[] = [];
  const said: string[] = [];
  let between = 0;
  const options = {
    start: async () => {
      const one = await listen();
      started.push(one);
      return one.runtime;
    },
    say: (message: string) => void said.push(message),
    signal: new AbortController().signal,
    watch: WATCH,
    between: async () => void (between += 1),
  };
  await expect(keepRunning(options, () => {})).rejects.toThrow(
    "The runtime has done nothing for 0.2 seconds, for the fourth time in ten minutes. No jobs are lost. Run npm start again.",
  );
  expect(started.map(({ counts }) => counts.killed)).toEqual([1, 1, 1, 1]);
  expect(said).toEqual(
    Array.from(
      { length: 3 },
      () => "The runtime has done nothing for 0.2 seconds. It starts again now; no jobs are lost.",
    ),
  );
  expect(between).toBe(3);
});
