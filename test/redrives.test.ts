// Many dead letters redriven as one resource: what is claimed, at which rate, behind which canary, and how it ends.
import { expect, test } from "vitest";

import { insertJobs } from "../shared/db/jobs.ts";
import { leaseTasks } from "../shared/db/leases.ts";
import { createRedrive } from "../shared/db/redrives.ts";
import { settleTasks } from "../shared/db/settle.ts";
import { JobWork, newJob } from "../shared/new-job.ts";
import { KEYS, startDarkroom, until } from "./harness.ts";

const darkroom = startDarkroom();

interface Redrive {
  id: string;
  state: string;
  reason: string | null;
  canary: string | null;
  progress: Record<
    "matched" | "pending" | "redriven" | "skipped" | "released" | "running" | "completed" | "failed" | "cancelled",
    number
  >;
  finishedAt: string | null;
}

/** Letters of jobs that failed for good, the first of them the oldest; `prompts` say what a second attempt meets. */
async function letters(prompts: readonly string[], ownerId = "operator", failedAt = Date.now()): Promise<string[]> {
  const { DB } = darkroom.bindings();
  const jobs = prompts.map((prompt, index) => {
    const work = JobWork.parse({ kind: "image_generation", input: { prompt, options: {} } });
    const id = `job_${crypto.randomUUID().replaceAll("-", "")}`;
    return newJob(work, { id, ownerId, createdAt: failedAt - 1000 + index, ringGraceMs: 1e9 });
  });
  await insertJobs(DB, { jobs, uploads: [] }, failedAt);
  const ids = jobs.map(({ taskId }) => taskId);
  const tasks = await leaseTasks(DB, ids, { id: crypto.randomUUID(), now: failedAt, leaseMs: 1000 });
  const failure = { code: "unsupported_audio", message: "broken" };
  for (const task of tasks.toSorted((a, b) => ids.indexOf(a.id) - ids.indexOf(b.id))) {
    const now = failedAt - prompts.length + ids.indexOf(task.id);
    const ended = { taskId: task.id, leaseId: task.leaseId, calls: [], startedAt: now, finishedAt: now };
    await settleTasks(DB, [{ ...ended, verdict: { type: "discard", failure } }], { now, ringGraceMs: 0 });
  }
  return jobs.map(({ id }) => id);
}

const numbered = (length: number, prompt = "fine") => Array.from({ length }, (_, index) => `${prompt} ${index}`);
const ALL = { filter: { all: true } };
const read = async (id: string) => (await darkroom.api(`/v1/redrives/${id}`)).json<Redrive>();

async function redrive(body: object): Promise<Redrive> {
  const response = await darkroom.post("/v1/redrives", body);
  expect(response.status).toBe(202);
  const made = await response.json<Redrive>();
  expect(response.headers.get("location")).toMatch(new RegExp(`/v1/redrives/${made.id}$`));
  return made;
}

/** Cron's turn, again and again, until the redrive is as wanted. */
async function untilRedrive(id: string, isDone: (redrive: Redrive) => boolean): Promise<Redrive> {
  return until(async () => {
    await darkroom.maintain();
    return read(id);
  }, isDone);
}

async function count(where: string): Promise<number | null> {
  return darkroom.bindings().DB.prepare(`SELECT count(*) AS n FROM ${where}`).first<number>("n");
}

async function expectProblem(response: Response, status: number, code: string, detail: RegExp): Promise<void> {
  const body = await response.json<{ code: string; detail: string }>();
  expect({ status: response.status, ...body }).toMatchObject({
    status,
    code,
    detail: expect.stringMatching(detail) as string,
  });
}

test("a dry run tells how many and which, and changes nothing", async () => {
  const [oldest] = await letters(numbered(7));
  const response = await darkroom.post("/v1/redrives", { ...ALL, limit: 6, ratePerSecond: 2, dryRun: true });
  expect(response.status).toBe(200);
  expect(await response.json()).toMatchObject({
    dryRun: true,
    matched: 6,
    overLimit: 1,
    heldByOthers: 0,
    lastsSeconds: 3,
    sample: [{ jobId: oldest }, {}, {}, {}, {}],
  });
  expect(await count("dead_letters WHERE redriven_at IS NULL AND redrive_id IS NULL")).toBe(7);
  expect(await count("redrives")).toBe(0);
  expect(await count("audit")).toBe(0);
});

test("what matches is redriven up to the limit, oldest first, and the end is counted", async () => {
  const jobs = await letters([...numbered(3), "error:3010 again", "fine last", "fine beyond"]);
  const made = await redrive({ ...ALL, limit: 5, ratePerSecond: 100 });
  expect(made).toMatchObject({ state: "running", progress: { matched: 5 } });
  const ended = await untilRedrive(made.id, ({ finishedAt }) => finishedAt !== null);
  const progress = { matched: 5, pending: 0, redriven: 5, skipped: 0, running: 0, completed: 4, failed: 1 };
  expect(ended).toMatchObject({ state: "completed", progress });
  const states = await Promise.all(jobs.map(async (id) => (await darkroom.readJob(id)).state));
  expect(states).toEqual(["completed", "completed", "completed", "failed", "completed", "failed"]);
  expect((await darkroom.readJob(jobs[5]!)).attempts).toHaveLength(1);
  // History stays as it was when its letters are gone, and when the letter that failed is redriven once more.
  await darkroom.bindings().DB.prepare("DELETE FROM jobs").run();
  expect(await read(made.id)).toEqual(ended);
});

test("letters are given their moments at the rate, a minute ahead, also across runs that overlap", async () => {
  await letters(numbered(160, "sleep:1 rate"));
  const now = Date.now();
  const made = await redrive({ ...ALL, ratePerSecond: 2 });
  const moments = async () => {
    const { results } = await darkroom
      .bindings()
      .DB.prepare(
        `SELECT t.scheduled_at AS at, t.check_at - t.scheduled_at AS graceMs, t.state FROM tasks t JOIN dead_letters d ON d.task_id = t.id
          WHERE d.redriven_at IS NOT NULL ORDER BY 1`,
      )
      .all<{ at: number; graceMs: number; state: string }>();
    return results;
  };
  const first = await until(moments, (rows) => rows.length >= 120);
  expect(first).toHaveLength(120);
  const waiting = first.filter(({ state }) => state === "available");
  expect(new Set(waiting.map(({ graceMs }) => graceMs))).toEqual(new Set([60_000]));
  await Promise.all([darkroom.maintain(new Date(now)), darkroom.maintain(new Date(now))]);
  expect(await moments()).toHaveLength(120);
  await Promise.all(Array.from({ length: 4 }, () => darkroom.maintain(new Date(now + 30_000))));
  const all = await moments();
  expect(all).toHaveLength(160);
  for (const [index, { at }] of all.slice(1).entries()) expect(at - all[index]!.at).toBeGreaterThanOrEqual(499);
  expect(all.at(-1)!.at - all[0]!.at).toBeLessThan(81_000);
  // Rung when their moment comes, not before.
  const early = await untilRedrive(made.id, ({ progress }) => progress.completed >= 4);
  expect(early.progress.completed).toBeLessThanOrEqual(Math.ceil((Date.now() - all[0]!.at + 1500) / 500) + 1);
  expect((await darkroom.api(`/v1/redrives/${made.id}`, { method: "DELETE" })).status).toBe(200);
});

test("a canary that completes lets the rest follow", async () => {
  const jobs = await letters(["sleep:1500 canary", ...numbered(3)]);
  const made = await redrive({ ...ALL, canary: true, ratePerSecond: 100 });
  expect(made).toMatchObject({ state: "canary", canary: `dl_${jobs[0]!}.generate_image.1` });
  await darkroom.untilJob(jobs[0]!, ({ state }) => state === "running");
  await darkroom.maintain();
  expect(await read(made.id)).toMatchObject({ state: "canary", progress: { pending: 3, redriven: 1, running: 1 } });
  const ended = await untilRedrive(made.id, ({ finishedAt }) => finishedAt !== null);
  expect(ended).toMatchObject({ state: "completed", progress: { redriven: 4, completed: 4 } });
});

test("a canary that fails again stops the rest, which is free again", async () => {
  const jobs = await letters(["error:3010 canary", ...numbered(3)]);
  const made = await redrive({ ...ALL, canary: true });
  await darkroom.untilJob(jobs[0]!, ({ attempts }) => attempts.length === 2);
  const stopped = await untilRedrive(made.id, ({ state }) => state !== "canary");
  expect(stopped).toMatchObject({ state: "stopped", progress: { redriven: 1, failed: 1, pending: 0, released: 3 } });
  expect(stopped.reason).toMatch(/failed again: unsupported_audio: .*scripted failure/);
  expect(await count("dead_letters WHERE redriven_at IS NULL AND redrive_id IS NULL")).toBe(4);
  type Audit = { audit: { act: string; actor: string }[] };
  const { audit } = await (await darkroom.api(`/v1/audit?subject=${made.id}`)).json<Audit>();
  expect(audit.map(({ act, actor }) => `${act} by ${actor}`)).toEqual([
    "redrive.stop by system",
    "redrive.create by key:operator",
  ]);
});

test("where the canary cannot go first another does", async () => {
  const { DB } = darkroom.bindings();
  const [gone, closed, first] = await letters(numbered(4));
  // Made without its first step, so that the canary is lost before anybody looks at it.
  const wanted = { filter: { all: true as const }, limit: 10, ratePerSecond: 100, canary: true };
  const id = await createRedrive(DB, wanted, { ownerId: "operator", actor: "key:operator" }, Date.now());
  await DB.prepare("UPDATE jobs SET state = 'cancelled', error_code = NULL WHERE id = ?1").bind(gone!).run();
  await darkroom.post(`/v1/dead-letters/dl_${closed!}.generate_image.1/discard`, { note: "not this one" });
  await darkroom.maintain();
  expect((await read(id!)).canary).toBe(`dl_${first!}.generate_image.1`);
  const ended = await untilRedrive(id!, ({ finishedAt }) => finishedAt !== null);
  expect(ended).toMatchObject({ state: "completed", progress: { matched: 4, redriven: 2, skipped: 2 } });
});

test("a cancel takes back what has not been rung, and leaves what runs", async () => {
  const jobs = await letters(["sleep:4000 runs", ...numbered(100)]);
  const made = await redrive({ ...ALL, ratePerSecond: 1 });
  await darkroom.untilJob(jobs[0]!, ({ state }) => state === "running");
  await until(
    () => count("tasks WHERE state = 'available'"),
    (waiting) => waiting !== null && waiting > 50,
  );
  const cancel = () => darkroom.api(`/v1/redrives/${made.id}`, { method: "DELETE" });
  const response = await cancel();
  expect(response.status).toBe(200);
  const cancelled = await response.json<Redrive>();
  const { redriven, released, pending } = cancelled.progress;
  expect(cancelled.state).toBe("cancelled");
  expect(redriven).toBeLessThan(10);
  expect([pending, redriven + released]).toEqual([0, 101]);
  expect(await count("dead_letters WHERE redriven_at IS NULL AND redrive_id IS NULL")).toBe(released);
  expect(await count("jobs WHERE state = 'failed'")).toBe(released);
  expect((await cancel()).status).toBe(200);
  const ended = await untilRedrive(made.id, ({ finishedAt }) => finishedAt !== null);
  expect(ended).toMatchObject({ state: "cancelled", progress: { redriven, completed: redriven, released } });
  expect((await darkroom.readJob(jobs[0]!)).state).toBe("completed");
  const { audit } = await (await darkroom.api(`/v1/audit?act=redrive.cancel`)).json<{ audit: unknown[] }>();
  expect(audit).toHaveLength(1);
  // What was given back can be redriven by another.
  const again = await redrive({ ...ALL, ratePerSecond: 100 });
  expect(again.progress.matched).toBe(released);
  const finished = await untilRedrive(again.id, ({ finishedAt }) => finishedAt !== null);
  expect(finished.progress.completed).toBe(released);
  await expectProblem(
    await darkroom.api(`/v1/redrives/${again.id}`, { method: "DELETE" }),
    409,
    "redrive_finished",
    /is completed/,
  );
});

test("redrives that overlap never redrive a letter twice", async () => {
  const jobs = await letters(numbered(30));
  const answers = await Promise.all(
    Array.from({ length: 20 }, () => darkroom.post("/v1/redrives", { ...ALL, limit: 10, ratePerSecond: 100 })),
  );
  expect(answers.map(({ status }) => status).toSorted((a, b) => a - b)).toEqual([
    ...Array.from({ length: 3 }, () => 202),
    ...Array.from({ length: 17 }, () => 409),
  ]);
  for (const response of answers.filter(({ status }) => status === 409)) {
    await expectProblem(response, 409, "nothing_to_redrive", /No open dead letter matches/);
  }
  for (const id of jobs) {
    const job = await darkroom.untilJob(id, ({ state }) => state === "completed");
    expect(job.attempts).toHaveLength(2);
  }
  expect(await count("redrives")).toBe(3);
  expect(await count("audit WHERE act = 'redrive.create'")).toBe(3);
});

test("a letter that a redrive holds is not redriven by hand meanwhile; one that is closed is left out", async () => {
  const jobs = await letters(["sleep:2500 canary", "fine held", "fine closed"]);
  const [, held, closed] = jobs.map((id) => `dl_${id}.generate_image.1`);
  const made = await redrive({ ...ALL, canary: true, ratePerSecond: 100 });
  const byHand = await darkroom.post(`/v1/dead-letters/${held!}/redrive`, {});
  await expectProblem(byHand, 409, "not_redrivable", new RegExp(`waits for its turn in the redrive '${made.id}'`));
  expect((await darkroom.post(`/v1/dead-letters/${closed!}/discard`, { note: "no" })).status).toBe(200);
  const other = await darkroom.post("/v1/redrives", ALL);
  await expectProblem(other, 409, "nothing_to_redrive", /1 that do are held by another redrive/);
  const ended = await untilRedrive(made.id, ({ finishedAt }) => finishedAt !== null);
  expect(ended.progress).toMatchObject({ matched: 3, redriven: 2, skipped: 1, completed: 2 });
  expect((await darkroom.readJob(jobs[2]!)).state).toBe("failed");
});

test("messages that nobody could read are sent again too, but none can be a canary", async () => {
  await darkroom.bindings().UPLOADS.send({ action: "PutObject", object: {} });
  await until(
    () => count("dead_letters"),
    (found) => found === 1,
  );
  const filter = { kind: "media-uploads" };
  const canary = await darkroom.post("/v1/redrives", { filter, canary: true });
  await expectProblem(canary, 409, "nothing_to_redrive", /messages that nobody could read/);
  const made = await redrive({ filter });
  await until(
    () => count("dead_letters"),
    (found) => found === 2,
  );
  const ended = await untilRedrive(made.id, ({ finishedAt }) => finishedAt !== null);
  expect(ended.progress).toMatchObject({ matched: 1, redriven: 1, completed: 1 });
});

test("filters mean what they say, and bad ones are refused by name", async () => {
  const day = 24 * 3_600_000;
  const [old] = await letters(["fine old"], "operator", Date.now() - 2 * day);
  const [fresh] = await letters(["fine fresh"]);
  await letters(["fine theirs"], "other");
  const dry = async (filter: object) => {
    const response = await darkroom.post("/v1/redrives", { filter, dryRun: true });
    return (await response.json<{ sample: { jobId: string; fingerprint: string }[] }>()).sample;
  };
  const ids = async (filter: object) => (await dry(filter)).map(({ jobId }) => jobId);
  const yesterday = new Date(Date.now() - day).toISOString();
  const [sample] = await dry({ jobId: fresh });
  expect(await ids({ all: true })).toEqual([old, fresh]);
  expect(await ids({ fingerprint: sample!.fingerprint })).toEqual([old, fresh]);
  expect(await ids({ createdAfter: yesterday })).toEqual([fresh]);
  expect(await ids({ createdBefore: yesterday, code: "unsupported_audio", kind: "generate_image" })).toEqual([old]);
  expect(await ids({ code: "model_failed" })).toEqual([]);

  const bad: [object, RegExp][] = [
    [{}, /filter/],
    [{ filter: {} }, /filter: an empty filter would redrive everything/],
    [{ filter: { all: true, code: "x" } }, /filter\.all: 'all' goes without code/],
    [{ filter: { all: false } }, /filter\.all/],
    [{ filter: { state: "failed" } }, /state/],
    [{ filter: { kind: "transcription" } }, /filter\.kind/],
    [{ filter: { fingerprint: "x" } }, /filter\.fingerprint: not a fingerprint/],
    [{ filter: { createdAfter: "yesterday" } }, /filter\.createdAfter/],
    [{ filter: { createdAfter: yesterday, createdBefore: yesterday } }, /createdBefore: must be later/],
    [{ ...ALL, limit: 0 }, /limit/],
    [{ ...ALL, limit: 10_001 }, /limit/],
    [{ ...ALL, ratePerSecond: 101 }, /ratePerSecond/],
    [{ ...ALL, dryRun: "yes" }, /dryRun/],
    [{ ...ALL, rate: 1 }, /rate/],
  ];
  for (const [body, detail] of bad) {
    await expectProblem(await darkroom.post("/v1/redrives", body), 422, "invalid_request", detail);
  }
  expect(await count("redrives")).toBe(0);
});

test("history is paged, newest first, and another owner's redrives are not there", async () => {
  const ids: string[] = [];
  for (const _ of [1, 2, 3]) {
    await letters(["fine"]);
    ids.unshift((await redrive({ ...ALL, ratePerSecond: 100 })).id);
  }
  type History = { redrives: Redrive[]; nextCursor: string | null };
  const page = await (await darkroom.api("/v1/redrives?limit=2")).json<History>();
  const rest = await (await darkroom.api(`/v1/redrives?limit=2&cursor=${page.nextCursor!}`)).json<History>();
  expect([...page.redrives, ...rest.redrives].map(({ id }) => id)).toEqual(ids);
  expect(rest.nextCursor).toBeNull();

  await letters(["fine theirs"], "other");
  const theirs = await darkroom.post("/v1/redrives", ALL);
  await expectProblem(theirs, 409, "nothing_to_redrive", /No open dead letter/);
  const path = `/v1/redrives/${ids[0]!}`;
  for (const method of ["GET", "DELETE"]) {
    const response = await darkroom.api(path, { method, key: KEYS.other });
    await expectProblem(response, 404, "redrive_not_found", /There is no redrive/);
  }
  expect((await darkroom.api("/v1/redrives", { key: KEYS.other }).then((r) => r.json<History>())).redrives).toEqual([]);
});
