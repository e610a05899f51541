// The terms of jobs: reuse, deadlines, cancellation, turns between owners, limits of a model.
import { expect, test } from "vitest";

import { insertJobs } from "../shared/db/jobs/jobs.ts";
import { leaseTasks, msUntilNext } from "../shared/db/tasks/leases.ts";
import { newJob } from "../shared/jobs/new-job.ts";
import { DEFAULT_TERMS, type JobTerms } from "../shared/jobs/terms.ts";
import { KEYS, startDarkroom, until } from "./harness.ts";
import { sampled } from "./long.ts";
import { speech } from "./speech.ts";
import { JobWork } from "../shared/kinds/index.ts";

const darkroom = startDarkroom();
/** A time far ahead, at which the consumer next to these tests finds nothing due. */
const LATER = 1_900_000_000_000;

async function made(id: string, ownerId: string, terms: Partial<JobTerms> = {}, createdAt = LATER) {
  const work = JobWork.parse({ kind: "classification", input: { text: id, options: {} } });
  return newJob(work, { ...DEFAULT_TERMS, ...terms }, { id, ownerId, createdAt });
}

async function insertAll(jobs: readonly ReturnType<typeof made>[], now = LATER): Promise<void> {
  const { DB } = darkroom.bindings();
  await insertJobs(DB, { jobs: await Promise.all(jobs), uploads: [] }, now);
}

async function insert(id: string, ownerId: string, terms?: Partial<JobTerms>, createdAt = LATER): Promise<void> {
  await insertAll([made(id, ownerId, terms, createdAt)], createdAt);
}

async function leaseJobs(limit: number, now = LATER + 60_000, callsAMinute = {}): Promise<string[]> {
  const lease = { id: crypto.randomUUID(), now, leaseMs: 1e9, limit, callsAMinute };
  return (await leaseTasks(darkroom.bindings().DB, lease)).map((task) => task.jobId);
}

async function callsOf(script: string): Promise<number> {
  return (await darkroom.modelCalls()).calls[script] ?? 0;
}

test("identical work of one owner is paid once, and the job says what it saved", async () => {
  const first = await darkroom.submit({ kind: "image_generation", prompt: "a reused boat" });
  await darkroom.untilJob(first.id);
  const again = await darkroom.submit({ kind: "image_generation", prompt: "a reused boat" });
  expect(again).toMatchObject({ state: "completed", reused: { jobId: first.id, savedNeurons: 1.5 }, attempts: [] });
  const bytes = async (id: string) => (await darkroom.api(`/v1/jobs/${id}/artifacts/image.jpg`)).arrayBuffer();
  expect(await bytes(again.id)).toEqual(await bytes(first.id));
  const third = await darkroom.submit({ kind: "image_generation", prompt: "a reused boat" });
  expect(third.reused?.jobId).toBe(first.id);
  expect(await callsOf("a reused boat")).toBe(1);

  const fresh = await darkroom.submit({ kind: "image_generation", prompt: "a reused boat", reuse: false });
  expect((await darkroom.untilJob(fresh.id)).reused).toBeNull();
  const other = await darkroom.submit({ kind: "image_generation", prompt: "a reused boat" }, KEYS.other);
  expect((await darkroom.untilJob(other.id, undefined, KEYS.other)).reused).toBeNull();
  const differs = await darkroom.submit({ kind: "image_generation", prompt: "a reused boat", options: { steps: 2 } });
  expect((await darkroom.untilJob(differs.id)).reused).toBeNull();
  expect(await callsOf("a reused boat")).toBe(4);
});

test("identical jobs at once pay once, and the same bytes under another key are the same work", async () => {
  const ids = await Promise.all(
    Array.from(
      { length: 12 },
      async () => (await darkroom.submit({ kind: "image_generation", prompt: "sleep:500 twins" })).id,
    ),
  );
  const jobs = [];
  for (const id of ids) jobs.push(await darkroom.untilJob(id));
  expect(jobs.every(({ state }) => state === "completed")).toBe(true);
  expect(jobs.filter(({ reused }) => reused === null)).toHaveLength(1);
  expect(await callsOf("sleep:500 twins")).toBe(1);

  const sound = speech("one and the same");
  const first = await darkroom.upload({ name: "a.wav" }, sound);
  const second = await darkroom.upload({ name: "b.wav" }, sound);
  expect((await darkroom.untilJob(first.id)).reused).toBeNull();
  expect((await darkroom.untilJob(second.id)).reused).toMatchObject({ jobId: first.id });
  const text = await (await darkroom.api(`/v1/jobs/${second.id}/transcript?format=txt`)).text();
  expect(text).toBe("one and the same\n");
  expect(await callsOf("one and the same")).toBe(1);
});

test("a job that waits for one that fails or is cancelled runs itself", async () => {
  const [leader, follower] = [
    await darkroom.submit({ kind: "image_generation", prompt: "error:3010x1 sleep:900 heir" }),
    await darkroom.submit({ kind: "image_generation", prompt: "error:3010x1 sleep:900 heir" }),
  ];
  expect(follower.waiting).toMatchObject({ code: "identical_job" });
  expect((await darkroom.untilJob(leader.id)).state).toBe("failed");
  expect(await darkroom.untilJob(follower.id)).toMatchObject({ state: "completed", reused: null });

  const cancelled = await darkroom.submit({ kind: "image_generation", prompt: "sleep:2500 cancelled leader" });
  const second = await darkroom.submit({ kind: "image_generation", prompt: "sleep:2500 cancelled leader" });
  const third = await darkroom.submit({ kind: "image_generation", prompt: "sleep:2500 cancelled leader" });
  await darkroom.api(`/v1/jobs/${cancelled.id}/cancel`, { method: "POST" });
  expect(await darkroom.untilJob(second.id)).toMatchObject({ state: "completed", reused: null });
  expect(await darkroom.untilJob(third.id)).toMatchObject({ state: "completed", reused: { jobId: second.id } });
});

test("a reused result stays as long as the jobs that reuse it", async () => {
  const DAY_MS = 86_400_000;
  const { DB } = darkroom.bindings();
  const first = await darkroom.submit({ kind: "classification", text: "kept for another" });
  await darkroom.untilJob(first.id);
  await DB.prepare("UPDATE jobs SET finalized_at = 1 WHERE id = ?1").bind(first.id).run();
  const second = await darkroom.submit({ kind: "classification", text: "kept for another" });
  await darkroom.maintain();
  expect((await darkroom.api(`/v1/jobs/${second.id}/artifacts/labels.json`)).status).toBe(200);
  expect((await darkroom.readJob(second.id)).labels.length).toBeGreaterThan(0);
  for (let run = 0; run < 2; run += 1) await darkroom.maintain(new Date(Date.now() + 31 * DAY_MS));
  expect(await DB.prepare("SELECT count(*) AS n FROM jobs").first("n")).toBe(0);
  expect((await darkroom.bindings().MEDIA.list({ prefix: "results/" })).objects).toEqual([]);
});

test("cancelling reaches a running call within two seconds, and no late result is written", async () => {
  const prompt = "sleep:6000 to be stopped";
  const { id } = await darkroom.submit({ kind: "image_generation", prompt });
  await until(
    () => callsOf(prompt),
    (count) => count === 1,
  );
  const cancelledAt = Date.now();
  expect((await darkroom.api(`/v1/jobs/${id}/cancel`, { method: "POST" })).status).toBe(200);
  const stopped = await until(
    async () => (await darkroom.modelCalls()).stopped[prompt],
    (at) => at !== undefined,
  );
  expect(stopped! - cancelledAt).toBeLessThan(2000);
  expect(await darkroom.readJob(id)).toMatchObject({
    state: "cancelled",
    artifacts: [],
    attempts: [{ outcome: "cancelled" }],
  });
});

test("a job whose time runs out fails with its own reason, running or waiting", async () => {
  const prompt = "sleep:9000 too slow";
  const { id } = await darkroom.submit({ kind: "image_generation", prompt, deadlineSeconds: 1 });
  expect(await darkroom.untilJob(id)).toMatchObject({ state: "failed", error: { code: "deadline_exceeded" } });
  await until(
    async () => (await darkroom.modelCalls()).stopped[prompt],
    (at) => at !== undefined,
  );

  const now = Date.now();
  await insert("job_unwanted", "operator", { startWithinSeconds: 5 }, now - 60_000);
  await insert("job_overdue", "operator", { deadlineSeconds: 5 }, now - 60_000);
  await insert("job_wanted", "operator", { startWithinSeconds: 500, deadlineSeconds: 500 }, now - 60_000);
  await darkroom.maintain();
  expect(await darkroom.readJob("job_unwanted")).toMatchObject({
    state: "failed",
    error: { code: "not_started_in_time" },
  });
  expect(await darkroom.readJob("job_overdue")).toMatchObject({
    state: "failed",
    error: { code: "deadline_exceeded" },
  });
  expect((await darkroom.readJob("job_wanted")).error).toBeNull();

  for (const bad of [{ deadlineSeconds: 0 }, { startWithinSeconds: -5 }, { priority: "urgent" }, { reuse: "no" }]) {
    const response = await darkroom.post("/v1/jobs", { kind: "classification", text: "x", ...bad });
    expect(response.status).toBe(422);
    expect(await response.json()).toMatchObject({ issues: [{ path: Object.keys(bad)[0] }] });
  }
});

test("a job whose turn comes too late is not started", async () => {
  const { TASKS } = darkroom.bindings();
  await insert("job_late_turn", "operator", { startWithinSeconds: 5 }, Date.now() - 60_000);
  await TASKS.send({ v: 1 });
  expect(await darkroom.untilJob("job_late_turn")).toMatchObject({
    state: "failed",
    error: { code: "not_started_in_time" },
  });
  expect(await callsOf("job_late_turn")).toBe(0);
});

test("a burst of thousands does not keep another owner's single job waiting", async () => {
  const terms = { priority: "high", reuse: false } as const;
  for (let batch = 0; batch < sampled(2, 10); batch += 1) {
    await insertAll(
      Array.from({ length: 1000 }, (_, index) => made(`job_burst${batch}_${index}`, "operator", terms, LATER + index)),
    );
  }
  await insert("job_single", "other", { priority: "low" }, LATER + 5000);
  // It is in the next batch, although it is the newest of all and the least urgent.
  expect(await leaseJobs(10)).toContain("job_single");
}, 120_000);

test("the bursts of more owners than a batch has room for do not keep it waiting either", async () => {
  for (let owner = 0; owner < 15; owner += 1) {
    await insertAll(Array.from({ length: 20 }, (_, index) => made(`job_o${owner}_${index}`, `owner${owner}`)));
  }
  await insert("job_single", "other", { priority: "low" }, LATER + 200);
  const leased: string[] = [];
  for (let batch = 0; batch < 20; batch += 1) leased.push(...(await leaseJobs(10)));
  expect(leased).toHaveLength(200);
  expect(leased).toContain("job_single");
}, 60_000);

test("owners take turns, and an owner's jobs go by priority and age", async () => {
  await insertAll(Array.from({ length: 40 }, (_, index) => made(`job_a${index}`, "operator", {}, LATER + index)));
  await insert("job_urgent", "operator", { priority: "high" }, LATER + 100);
  await insert("job_lazy", "operator", { priority: "low" }, LATER);
  await insert("job_single", "other", { priority: "low" }, LATER + 200);
  expect(new Set(await leaseJobs(3))).toEqual(new Set(["job_urgent", "job_single", "job_a0"]));
  const rest = await leaseJobs(100);
  expect(rest).toHaveLength(40);
  expect(rest).toContain("job_lazy");
});

test("a task whose consumer died before runs alone", async () => {
  for (const id of ["job_n1", "job_n2", "job_s1", "job_s2"]) await insert(id, "operator");
  const { DB } = darkroom.bindings();
  await DB.prepare("UPDATE tasks SET lost = 1 WHERE job_id IN ('job_s1', 'job_s2')").run();
  const batches = [await leaseJobs(10), await leaseJobs(10), await leaseJobs(10)];
  expect(batches).toEqual([["job_n1", "job_n2"], ["job_s1"], ["job_s2"]]);
});

test("a task that must run alone has its owner's turn, too", async () => {
  await insertAll(Array.from({ length: 30 }, (_, index) => made(`job_b${index}`, "operator", {}, LATER + index)));
  await insert("job_suspect", "other", { priority: "low" }, LATER + 100);
  await darkroom.bindings().DB.prepare("UPDATE tasks SET lost = 1 WHERE job_id = 'job_suspect'").run();
  // Newcomers and others have every second turn, by chance: a lease may begin with either, and ends before the task that runs alone.
  const leases: string[][] = [];
  while (!leases.at(-1)?.includes("job_suspect") && leases.length < 25) leases.push(await leaseJobs(10));
  expect(leases.at(-1)).toEqual(["job_suspect"]);
  expect(await leaseJobs(10)).toHaveLength(Math.min(10, 31 - leases.flat().length));
});

test("a model is asked no more often in a minute than it allows, and what waits is due in the next", async () => {
  const model = "@cf/huggingface/distilbert-sst-2-int8";
  await insertAll(Array.from({ length: 8 }, (_, index) => made(`job_r${index}`, "operator")));
  const limits = { [model]: 3 };
  const minute = Math.ceil(LATER / 60_000) * 60_000 + 60_000;
  expect(await leaseJobs(2, minute + 10_000, limits)).toHaveLength(2);
  expect(await leaseJobs(5, minute + 20_000, limits)).toHaveLength(1);
  expect(await leaseJobs(5, minute + 30_000, limits)).toHaveLength(0);
  const { DB } = darkroom.bindings();
  expect(await msUntilNext(DB, { now: minute + 30_000, callsAMinute: limits })).toBe(30_000);
  expect(await leaseJobs(5, minute + 60_000, limits)).toHaveLength(3);
  expect(await msUntilNext(DB, { now: minute + 60_000, callsAMinute: {} })).toBe(0);
});

test("a lease asked for again, because its answer was lost, takes no more", async () => {
  for (const id of ["job_i1", "job_i2"]) await insert(id, "operator");
  const lease = { id: "again", now: LATER + 60_000, leaseMs: 1e9, limit: 1, callsAMinute: {} };
  const { DB } = darkroom.bindings();
  const [first, second] = [await leaseTasks(DB, lease), await leaseTasks(DB, lease)];
  expect(first).toHaveLength(1);
  expect(second.map(({ id, leaseId }) => [id, leaseId])).toEqual(first.map(({ id, leaseId }) => [id, leaseId]));
});

test.each([
  ["image_generation", { kind: "image_generation", prompt: "sleep:100 recalled picture" }],
  ["classification", { kind: "classification", text: "sleep:100 recalled label" }],
])("a stored result whose consumer died before it settled is reused: %s", async (_kind, request) => {
  const { DB } = darkroom.bindings();
  const script = "prompt" in request ? request.prompt : request.text;
  const { id } = await darkroom.submit(request);
  const done = await darkroom.untilJob(id);
  // This is the state after the consumer died following its last write to R2, without a settlement.
  await DB.batch([
    DB.prepare("DELETE FROM attempts"),
    DB.prepare("DELETE FROM artifacts"),
    DB.prepare("DELETE FROM job_labels"),
    DB.prepare("UPDATE jobs SET state = 'running', finalized_at = NULL"),
    DB.prepare(
      "UPDATE tasks SET state = 'running', finalized_at = NULL, lease_id = 'dead', leased_at = 1, check_at = 2, scheduled_at = 1",
    ),
  ]);
  await darkroom.maintain();
  const again = await darkroom.untilJob(id);
  expect(again).toMatchObject({ state: "completed", labels: done.labels, artifacts: done.artifacts });
  expect(again.attempts.map(({ outcome, neurons }) => [outcome, neurons])).toEqual([
    ["lost", null],
    ["completed", 1.5],
  ]);
  expect(await callsOf(script)).toBe(1);
});
