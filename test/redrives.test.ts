// Bulk redrives of dead letters: which are claimed, at which rate, and how they are reported.
import { CHECK_AFTER_MS } from "../shared/db/tasks/check-at.ts";
import { expect, test } from "vitest";

import { findUnfinished, reserveUntil } from "../shared/db/redrives/steps.ts";
import { createRedrive } from "../shared/db/redrives/redrives.ts";
import { KEYS, startDarkroom, until } from "./harness.ts";
import { ALL, expectProblem, numbered, type Redrive, redriving } from "./redriving.ts";

const darkroom = startDarkroom();
const { letters, read, redrive, untilRedrive, count } = redriving(darkroom);

test("a dry run shows how many letters match and which, and changes nothing", async () => {
  const [oldest] = await letters(numbered(7));
  const response = await darkroom.post("/v1/redrives", { ...ALL, limit: 6, ratePerSecond: 2, dryRun: true });
  expect(response.status).toBe(200);
  expect(await response.json()).toMatchObject({
    dryRun: true,
    matched: 6,
    overLimit: 1,
    heldByOthers: 0,
    lastsSeconds: 3,
    estimate: { unknown: 0 },
    sample: [{ jobId: oldest }, {}, {}, {}, {}],
  });
  expect(await count("dead_letters WHERE redriven_at IS NULL AND redrive_id IS NULL")).toBe(7);
  expect(await count("redrives")).toBe(0);
  expect(await count("audit")).toBe(0);
});

test("a dry run says what the letters would cost: the whole job for its first task, a share of its line for a part", async () => {
  const { DB } = darkroom.bindings();
  const [one, two, three] = await letters(numbered(3, "priced"));
  const line = (task: string, calls: number, neurons: number) => ({ task, model: "m", calls, units: {}, neurons });
  const estimates = [
    [one, { lines: [line("generate_image", 1, 10), line("describe", 1, 5)], isRough: false }],
    [two, { lines: [line("transcribe_chunk", 4, 8)], isRough: false }],
    [three, null],
  ] as const;
  for (const [id, estimate] of estimates) {
    await DB.prepare("UPDATE jobs SET estimate = ?2 WHERE id = ?1")
      .bind(id, estimate && JSON.stringify(estimate))
      .run();
  }
  await DB.prepare("UPDATE dead_letters SET kind = 'transcribe_chunk' WHERE job_id = ?1").bind(two).run();
  const dry = async (body: object) =>
    (await darkroom.post("/v1/redrives", { ...ALL, dryRun: true, ...body })).json<{ estimate: unknown }>();
  expect((await dry({})).estimate).toEqual({ neurons: 17, microUsd: 187, unknown: 1 });
  expect((await dry({ limit: 1 })).estimate).toMatchObject({ neurons: 15, unknown: 0 });
  expect((await dry({ filter: { jobId: three } })).estimate).toEqual({ neurons: 0, microUsd: 0, unknown: 1 });
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
  // The history does not change when its letters are gone, or when the failed letter is redriven once more.
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
        `SELECT t.scheduled_at AS at, t.check_at AS checkAt, t.state FROM tasks t JOIN dead_letters d ON d.task_id = t.id
          WHERE d.redriven_at IS NOT NULL ORDER BY 1`,
      )
      .all<{ at: number; checkAt: number; state: string }>();
    return results;
  };
  const first = await until(moments, (rows) => rows.length >= 120);
  expect(first).toHaveLength(120);
  const waiting = first.filter(({ state }) => state === "available");
  expect(waiting.map(({ checkAt }) => checkAt)).toEqual(waiting.map(({ at }) => at + CHECK_AFTER_MS));
  await Promise.all([darkroom.maintain(new Date(now)), darkroom.maintain(new Date(now))]);
  expect(await moments()).toHaveLength(120);
  await Promise.all(Array.from({ length: 4 }, () => darkroom.maintain(new Date(now + 30_000))));
  const all = await moments();
  expect(all).toHaveLength(160);
  for (const [index, { at }] of all.slice(1).entries()) expect(at - all[index]!.at).toBeGreaterThanOrEqual(499);
  expect(all.at(-1)!.at - all[0]!.at).toBeLessThan(81_000);
  // Consumers are woken when the tasks are due, and not earlier.
  const early = await untilRedrive(made.id, ({ progress }) => progress.completed >= 4);
  expect(early.progress.completed).toBeLessThanOrEqual(Math.ceil((Date.now() - all[0]!.at + 1500) / 500) + 1);
  expect((await darkroom.api(`/v1/redrives/${made.id}`, { method: "DELETE" })).status).toBe(200);
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

test("one of several runs that begin at the same moment takes the redrive", async () => {
  const { DB } = darkroom.bindings();
  await letters(numbered(1));
  const wanted = { filter: { all: true as const }, limit: 10, ratePerSecond: 1, canary: false };
  const id = await createRedrive(DB, wanted, { ownerId: "operator", actor: "key:operator" }, Date.now());
  const seen = await findUnfinished(DB, id!);
  const taken = await Promise.all(Array.from({ length: 5 }, () => reserveUntil(DB, seen!, seen!.nextAt + 1000)));
  expect(taken.filter(Boolean)).toHaveLength(1);
});

test("a letter that a redrive holds is not redriven by hand meanwhile; one that is closed is left out", async () => {
  const jobs = await letters(["sleep:2500 canary", "fine held", "fine closed"]);
  const [, held, closed] = jobs.map((id) => `dl_${id}.generate_image.1`);
  const made = await redrive({ ...ALL, canary: true, ratePerSecond: 100 });
  const byHand = await darkroom.post(`/v1/dead-letters/${held!}/redrive`, {});
  await expectProblem(byHand, 409, "not_redrivable", new RegExp(`waits for its turn in the redrive '${made.id}'`));
  expect((await darkroom.post(`/v1/dead-letters/${closed!}/discard`, { note: "no" })).status).toBe(200);
  const other = await darkroom.post("/v1/redrives", ALL);
  await expectProblem(other, 409, "nothing_to_redrive", /except 1 that another redrive holds/);
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
  const filter = { kind: "message" };
  const canary = await darkroom.post("/v1/redrives", { filter, canary: true });
  await expectProblem(canary, 409, "nothing_to_redrive", /messages that could not be read/);
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
    [{ filter: { all: true, code: "x" } }, /filter\.all: 'all' cannot be combined with code/],
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

test("history is paged, newest first, and does not show another owner's redrives", async () => {
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
