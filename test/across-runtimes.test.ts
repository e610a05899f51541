// Limits that are counted for all Workers together. Two runtimes in separate processes use one store, so `npm run test:long` runs
// this file.
import { rm } from "node:fs/promises";
import { networkInterfaces } from "node:os";
import { join } from "node:path";

import { afterAll, beforeAll, expect, test } from "vitest";

import { startSomewhere } from "../bench/kill/start.ts";
import type { Apart, Runtime } from "../local/runtime.ts";
import { MAX_STREAMS_A_KEY, STREAM_LEASE_MS } from "../shared/db/keys/event-streams.ts";
import { MAX_FAILURES_A_MINUTE } from "../shared/db/keys/failed-authentications.ts";
import { LOCAL_KEY } from "../shared/keys/local-secrets.ts";
import { until } from "./harness.ts";
import { openDatabaseOf } from "./local-database.ts";
import { IS_LONG } from "./long.ts";
import { migratedFolder } from "./migrated.ts";

let apart: Apart;
let runtimes: readonly Runtime[] = [];
let firstUrl = "";
let secondUrl = "";
beforeAll(async () => {
  apart = { folder: await migratedFolder(), wakeGraceSeconds: 60 };
  for (const _ of [1, 2]) {
    // No model is called here.
    runtimes = [...runtimes, await startSomewhere({ inferenceUrl: "http://127.0.0.1:9", apart })];
  }
  [firstUrl, secondUrl] = runtimes.map(({ url }) => url.replace("localhost", "127.0.0.1")) as [string, string];
});
afterAll(async () => {
  await Promise.all(runtimes.map((runtime) => runtime.kill()));
  await rm(apart.folder, { recursive: true, force: true });
});

const call = (url: string, path: string, { key = LOCAL_KEY, ...init }: RequestInit & { key?: string } = {}) =>
  fetch(`${url}${path}`, { ...init, headers: { authorization: `Bearer ${key}` } });

/** Repeat a call that failed because the other process was writing. D1 itself never locks a writer out. */
async function untilAnswered(send: () => Promise<Response>): Promise<Response> {
  return until(send, ({ status }) => status !== 500, 10_000);
}

/** The kind of the leases of event streams. */
async function letTimePass(ms: number): Promise<void> {
  const { database } = await openDatabaseOf(join(apart.folder, "state"), "event_streams");
  database.prepare("UPDATE event_streams SET lease_expires_at = lease_expires_at - ?1").run(ms);
  database.close();
}

test.runIf(IS_LONG)("a local runtime, whose secrets everybody knows, is reached by loopback alone", async () => {
  const { port } = new URL(firstUrl);
  const others = Object.values(networkInterfaces()).flatMap((all = []) =>
    all.filter(({ family, internal }) => family === "IPv4" && !internal).map(({ address }) => address),
  );
  // A server that listens on every address is also reachable at 127.0.0.2, even without a network.
  for (const address of ["127.0.0.2", ...others]) {
    await expect(fetch(`http://${address}:${port}/healthz`)).rejects.toThrow("fetch failed");
  }
  expect((await fetch(`http://127.0.0.1:${port}/healthz`)).status).toBe(200);
});

test.runIf(IS_LONG)(
  "requests without a valid key are counted across runtimes, and beyond the limit told when to come back; a valid key goes on",
  async () => {
    // Wait for a minute that does not end before the last request of this test.
    const leftMs = 60_000 - (Date.now() % 60_000);
    if (leftMs < 15_000) await new Promise((resolve) => setTimeout(resolve, leftMs + 100));
    const wrong = ["dk_local_0000000000000000000000000000", "no key", `dk_nobody_${"0".repeat(32)}`];
    const statuses: number[] = [];
    for (let index = 0; index < MAX_FAILURES_A_MINUTE; index += 1) {
      const url = index % 2 === 0 ? firstUrl : secondUrl;
      statuses.push((await call(url, "/v1/jobs", { key: wrong[index % wrong.length]! })).status);
    }
    expect(new Set(statuses)).toEqual(new Set([401]));
    for (const url of [firstUrl, secondUrl, firstUrl]) {
      const refused = await call(url, "/v1/jobs", { key: wrong[0]! });
      expect(refused.status).toBe(429);
      const seconds = Number(refused.headers.get("retry-after"));
      expect(seconds).toBeGreaterThan(0);
      expect(seconds).toBeLessThanOrEqual(60);
      expect(await refused.json()).toMatchObject({ code: "rate_limited" });
    }
    for (const url of [firstUrl, secondUrl]) expect((await call(url, "/v1/jobs")).status).toBe(200);
  },
);

test.runIf(IS_LONG)(
  "a key's event streams are counted across runtimes; one that ends or whose runtime dies gives its place back",
  async () => {
    await untilAnswered(() => call(firstUrl, "/v1/queues/image_generation/pause", { method: "POST", body: "{}" }));
    const work = JSON.stringify({ kind: "image_generation", prompt: "a harbour" });
    const submitted = await untilAnswered(() => call(firstUrl, "/v1/jobs", { method: "POST", body: work }));
    const { id } = await submitted.json<{ id: string }>();
    const open = async (url: string) => {
      const leaving = new AbortController();
      const response = await untilAnswered(() => call(url, `/v1/jobs/${id}/events`, { signal: leaving.signal }));
      return { response, leave: () => leaving.abort() };
    };
    const streams: Awaited<ReturnType<typeof open>>[] = [];
    for (let index = 0; index < MAX_STREAMS_A_KEY; index += 1) {
      streams.push(await open(index % 2 === 0 ? firstUrl : secondUrl));
    }
    expect(streams.map(({ response }) => response.status)).toEqual(streams.map(() => 200));
    for (const url of [firstUrl, secondUrl]) {
      const { response } = await open(url);
      expect([response.status, response.headers.get("retry-after")]).toEqual([429, "15"]);
      expect(await response.json()).toMatchObject({ code: "too_many_streams" });
    }

    // When a stream of the first runtime ends, its place is free on the second.
    streams[0]!.leave();
    const mayOpen = (url: string, timeoutMs: number) =>
      until(
        () => open(url),
        ({ response }) => response.status === 200,
        timeoutMs,
      );
    await mayOpen(secondUrl, 20_000);
    expect((await open(secondUrl)).response.status).toBe(429);

    // A runtime that is killed releases nothing. Its places end with their leases.
    await runtimes[0]!.kill();
    expect((await open(secondUrl)).response.status).toBe(429);
    await letTimePass(STREAM_LEASE_MS);
    await mayOpen(secondUrl, 20_000);
  },
);
