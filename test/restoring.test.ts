// The database is restored to an earlier moment, as Time Travel does it. Jobs that were described, uploaded and paid for since then
// continue, and nothing is paid for twice.
import { copyFile, rm } from "node:fs/promises";
import { join } from "node:path";
import { DatabaseSync } from "node:sqlite";

import { afterAll, beforeAll, expect, test } from "vitest";

import { type Client, createClient } from "../bench/kill/client.ts";
import { isOf } from "../bench/kill/judge.ts";
import { openLedger } from "../bench/kill/ledger.ts";
import { planWork } from "../bench/kill/work.ts";
import { startSomewhere } from "../bench/kill/start.ts";
import type { Runtime } from "../local/runtime.ts";
import { openDatabaseOf } from "./local-database.ts";
import { IS_LONG } from "./long.ts";
import { migratedFolder } from "./migrated.ts";
import type { JobView } from "./views.ts";
import { LOCAL_KEY as KEY } from "../shared/keys/local-secrets.ts";

const JOBS = 200;
const BEFORE = 20;
const NEVER = new AbortController().signal;

let folder: string;
let ledger: Awaited<ReturnType<typeof openLedger>>;
let runtime: Runtime | undefined;
let url = "";
beforeAll(async () => {
  folder = await migratedFolder();
  ledger = await openLedger(() => 20);
}, 120_000);
afterAll(async () => {
  await runtime?.kill();
  await ledger.close();
  await rm(folder, { recursive: true, force: true });
});

async function start(): Promise<void> {
  const apart = { folder, wakeGraceSeconds: 1 };
  runtime = await startSomewhere({ inferenceUrl: ledger.url, apart });
  url = runtime.url.replace("localhost", "127.0.0.1");
}

async function stop(): Promise<void> {
  await runtime?.kill();
  runtime = undefined;
}

/** Return the file of the database that has this table, with all its data, while nothing uses it. */
async function databaseOf(table: string): Promise<string> {
  const { path, database } = await openDatabaseOf(join(folder, "state"), table);
  database.exec("PRAGMA wal_checkpoint(TRUNCATE)");
  database.close();
  return path;
}

/** Make the copy look older, because all of it was made within a minute. */
function setBack(path: string, ms: number): void {
  const database = new DatabaseSync(path);
  database.prepare("UPDATE cursors SET value = value - ?1 WHERE name = 'clock'").run(ms);
  database.close();
}

async function api(path: string, init: RequestInit = {}): Promise<Response> {
  return fetch(`${url}${path}`, { ...init, headers: { authorization: `Bearer ${KEY}` } });
}

async function untilEnded(client: Client, count: number): Promise<void> {
  const deadline = Date.now() + 400_000;
  for (;;) {
    await client.tick();
    const jobs = await client.list();
    const open = jobs.filter((job) => job.finishedAt === null).length;
    if (jobs.length >= count && open === 0) return;
    if (Date.now() > deadline) throw new Error(`${jobs.length} of ${count} jobs are there, and ${open} have not ended`);
    await new Promise((resolve) => setTimeout(resolve, 500));
  }
}

async function usage(): Promise<{ calls: number; neurons: number }> {
  const { rows } = await (await api("/v1/usage?by=owner")).json<{ rows: { calls: number; neurons: number }[] }>();
  return rows.reduce((sum, row) => ({ calls: sum.calls + row.calls, neurons: sum.neurons + row.neurons }), {
    calls: 0,
    neurons: 0,
  });
}

// Whole runtimes are started and killed, which takes minutes: `npm run test:long`.
test.runIf(IS_LONG)(
  `a copy of the database is put back after ${JOBS} jobs: none is lost, and none is paid for twice`,
  async () => {
    const client = createClient(() => url, folder);
    const works = planWork(JOBS + BEFORE);
    const [before, since] = [works.slice(0, BEFORE), works.slice(BEFORE)];
    await start();
    for (const { way } of before) await client.submit(way, NEVER);
    await untilEnded(client, before.length);
    // This job waits, and runs after the copy was made.
    await api("/v1/queues/image_generation/pause", { method: "POST", body: "{}" });
    const deadline = { kind: "image_generation", prompt: "a picture that waits", deadlineSeconds: 900 };
    const waiting = await (await api("/v1/jobs", { method: "POST", body: JSON.stringify(deadline) })).json<JobView>();
    await client.tick();
    await stop();

    const database = await databaseOf("tasks");
    await copyFile(database, join(folder, "copy.sqlite"));
    setBack(join(folder, "copy.sqlite"), 10 * 60_000);

    await start();
    await api("/v1/queues/image_generation/resume", { method: "POST" });
    for (let first = 0; first < since.length; first += 10) {
      await Promise.all(since.slice(first, first + 10).map(({ way }) => client.submit(way, NEVER)));
    }
    const marked = { kind: "classification", text: "good marks", tags: ["kept"], metadata: { order: "A-1" } };
    const described = await (await api("/v1/jobs", { method: "POST", body: JSON.stringify(marked) })).json<JobView>();
    const gone = { kind: "classification", text: "to be deleted" };
    const deleted = await (await api("/v1/jobs", { method: "POST", body: JSON.stringify(gone) })).json<JobView>();
    const expected = works.length + 2;
    await untilEnded(client, expected + 1);
    expect((await api(`/v1/jobs/${deleted.id}`, { method: "DELETE" })).status).toBe(200);
    await client.tick();
    const then = await client.readJobs();
    const paid = ledger.calls.length;
    const used = await usage();
    expect(then.filter(({ state }) => state !== "completed")).toEqual([]);
    await stop();

    await copyFile(join(folder, "copy.sqlite"), database);
    for (const suffix of ["-wal", "-shm"]) await rm(`${database}${suffix}`, { force: true });
    await start();
    // The state is that of the copy. Tasks are leased before maintenance notices the restore.
    await api("/v1/queues/image_generation/resume", { method: "POST" });
    await untilEnded(client, expected);
    const now = await client.readJobs();

    // There are the same jobs with the same ids and the same descriptions.
    expect(now.map(({ id }) => id).toSorted()).toEqual(then.map(({ id }) => id).toSorted());
    expect(now.filter(({ state }) => state !== "completed")).toEqual([]);
    expect(await (await api(`/v1/jobs/${described.id}`)).json()).toMatchObject({
      tags: ["kept"],
      metadata: { order: "A-1" },
      createdAt: described.createdAt,
    });
    expect((await api(`/v1/jobs/${waiting.id}`)).status).toBe(200);
    expect((await api(`/v1/jobs/${deleted.id}`)).status).toBe(404);
    for (const work of works) {
      const job = now.find((one) => isOf(one, work))!;
      const bytes = await client.readArtifact(job.id, work.expected.artifact);
      expect([work.tag, bytes !== null && work.expected.isRight(bytes)]).toEqual([work.tag, true]);
    }
    // No model was called again, and the earlier payments are recorded again.
    expect(ledger.calls.slice(paid)).toEqual([]);
    expect(await usage()).toEqual({ ...used, calls: used.calls - 1, neurons: used.neurons - 1 });
  },
  900_000,
);
