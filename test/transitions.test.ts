// Every transition raced by twenty consumers.
import { beforeEach, expect, test } from "vitest";

import { discardLetter } from "../shared/db/redrives/dead-letters.ts";
import type { Outcome } from "../shared/jobs/outcome.ts";
import type { NewTask } from "../shared/jobs/task.ts";
import { startDarkroom } from "./harness.ts";
import { ACTOR, FAILURE, LEASE_MS, START, transitioning, OUTCOMES } from "./transitioning.ts";

const darkroom = startDarkroom();
const { clock, insert, lease, settle, settleAll, cancel, stop, redrive, state } = transitioning(darkroom);
const RACERS = 20;

beforeEach(() => {
  clock.now = START;
});

async function jobStates(): Promise<Record<string, string>> {
  const { DB } = darkroom.bindings();
  const { results } = await DB.prepare("SELECT id, state FROM jobs").all<{ id: string; state: string }>();
  return Object.fromEntries(results.map((job) => [job.id, job.state]));
}

/** @returns the number of racers that had an effect, or the sum of their results. */
async function race(run: (racer: number) => Promise<number | boolean>): Promise<number> {
  const won = await Promise.all(Array.from({ length: RACERS }, (_, racer) => run(racer)));
  return won.map(Number).reduce((sum, each) => sum + each, 0);
}

test("inserted by twenty, it is one job", async () => {
  expect(await race(() => insert("job_1"))).toBe(1);
});

test("leased by twenty, it runs once", async () => {
  await insert("job_1");
  expect(await race(async () => (await lease()).length)).toBe(1);
  expect(await state()).toMatchObject({ job: "running", task: "running" });
});

test.each(["completed", "discard"] as const)("settled by twenty as %s, it ends once", async (outcome) => {
  await insert("job_1");
  const [task] = await lease();
  expect(await race(() => settle(task!, OUTCOMES[outcome]))).toBe(1);
  expect(await state()).toMatchObject({ attempts: 1, letters: outcome === "discard" ? 1 : 0 });
});

test.each(["retry", "snooze"] as const)("put off by twenty as %s, the task is due once", async (type) => {
  await insert("job_1");
  const [task] = await lease();
  expect(await race(() => settle(task!, { type, failure: FAILURE, scheduledAt: clock.now + 10 }))).toBe(1);
  expect(await state()).toMatchObject({ job: "running", task: "retryable", attempts: 1 });
  clock.now += 20;
  expect(await race(async () => (await lease()).length)).toBe(1);
  const left = await darkroom.bindings().DB.prepare("SELECT max_attempts - attempt AS n FROM tasks").first("n");
  // There are five attempts: one is running, and a snooze is not counted.
  expect(left).toBe(type === "retry" ? 3 : 4);
});

test("rescued by twenty while its consumer settles, one of them takes effect", async () => {
  await insert("job_1");
  const [task] = await lease();
  clock.now += 2 * LEASE_MS;
  const retry: Outcome = { type: "retry", failure: FAILURE, scheduledAt: clock.now };
  expect(await race((racer) => settle(task!, racer === 7 ? OUTCOMES.completed : retry, racer !== 7))).toBe(1);
  expect((await state()).attempts).toBe(1);
});

test("cancelled by twenty while it completes, it is one or the other", async () => {
  await insert("job_1");
  const [task] = await lease();
  const won = await race(async (racer) =>
    racer % 2 === 0 ? settle(task!, OUTCOMES.completed) : (await cancel("job_1")).endedJobs.length,
  );
  expect(won).toBe(1);
  const after = await state();
  expect(["completed", "cancelled"]).toContain(after.job);
  expect(after).toMatchObject({ task: after.job, attempts: 1, letters: 0 });
});

test("stopped by twenty for being late, it fails once and leaves nothing running", async () => {
  await insert("job_1");
  await lease();
  expect(await race(async () => (await stop("job_1")).endedJobs.length)).toBe(1);
  expect(await state()).toMatchObject({ job: "failed", task: "cancelled", attempts: 1 });
});

test("redriven by ten while ten close its letter, it is one or the other", async () => {
  await insert("job_1");
  const [task] = await lease();
  await settle(task!, OUTCOMES.discard);
  const letter = { id: "dl_job_1.classify.1", note: "known" };
  const { DB } = darkroom.bindings();
  const won = await race((racer) => (racer % 2 === 0 ? redrive() : discardLetter(DB, letter, ACTOR, clock.now)));
  expect(won).toBe(1);
  const { job, task: after } = await state();
  expect([
    ["queued", "available"],
    ["failed", "discarded"],
  ]).toContainEqual([job, after]);
  expect(await DB.prepare("SELECT count(*) AS n FROM audit").first("n")).toBe(1);
});

test("the last tasks of a stage settled by twenty, the next one opens once", async () => {
  await insert("job_1");
  const [first] = await lease();
  const part = (name: string, stage: number): NewTask => ({ name, kind: "classify", stage, model: null, args: {} });
  await settle(first!, { type: "completed", next: [part("a", 1), part("b", 1), part("join", 2)] });
  const parts = await lease(10);
  expect(parts.map(({ id }) => id).toSorted()).toEqual(["job_1.a", "job_1.b"]);
  const opened: string[] = [];
  await race(async (racer) => {
    const result = await settleAll([parts[racer % 2]!], racer % 2 === 0 ? OUTCOMES.completed : OUTCOMES.discard);
    opened.push(...result.opened);
    return result.settled.size;
  });
  expect(opened).toEqual(["job_1.join"]);
  const joins = await race(async () => (await lease()).length);
  expect(joins).toBe(1);
});

test("the job that two others follow completed by twenty, each is served once", async () => {
  for (const id of ["job_1", "job_2", "job_3"]) await insert(id, { text: "the same", reuse: true });
  const [task] = await lease(10);
  const ended: string[] = [];
  await race(async () => {
    const { endedJobs } = await settleAll([task!], OUTCOMES.completed);
    ended.push(...endedJobs.map(({ jobId }) => jobId));
    return endedJobs.length;
  });
  expect(ended.toSorted()).toEqual(["job_1", "job_2", "job_3"]);
  expect(await jobStates()).toEqual({ job_1: "completed", job_2: "completed", job_3: "completed" });
});

test("the job that two others follow cancelled by twenty, one of them runs in its place", async () => {
  for (const id of ["job_1", "job_2", "job_3"]) await insert(id, { text: "the same", reuse: true });
  const opened: string[] = [];
  await race(async () => {
    const changes = await cancel("job_1");
    opened.push(...changes.opened);
    return changes.endedJobs.length;
  });
  expect(opened).toEqual(["job_2.classify"]);
  expect((await lease(10)).map(({ jobId }) => jobId)).toEqual(["job_2"]);
  expect(await jobStates()).toEqual({ job_1: "cancelled", job_2: "running", job_3: "queued" });
});
