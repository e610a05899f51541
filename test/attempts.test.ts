// The life of a task: leases, attempts, retries, snoozes, dead letters.
import { expect, test } from "vitest";

import { cancelJob, insertJobs } from "../shared/db/jobs/jobs.ts";
import { findEarlierAttempts, leaseTasks } from "../shared/db/tasks/leases.ts";
import { settleTasks } from "../shared/db/tasks/settle.ts";
import { newJob } from "../shared/jobs/new-job.ts";
import type { EndedAttempt, Outcome } from "../shared/jobs/outcome.ts";
import type { Task } from "../shared/jobs/task.ts";
import { DEFAULT_TERMS } from "../shared/jobs/terms.ts";
import { startDarkroom, until } from "./harness.ts";
import { JobWork } from "../shared/kinds/index.ts";

const darkroom = startDarkroom();
const NOW = 1_800_000_000_000;
const COMPLETED: Outcome = { type: "completed", artifacts: [], labels: [] };
const FAILED: Outcome = { type: "discard", failure: { code: "unsupported_audio", message: "broken" } };

async function insert(id: string): Promise<string> {
  const work = JobWork.parse({ kind: "classification", input: { text: "x", options: {} } });
  const job = await newJob(work, { ...DEFAULT_TERMS, reuse: false }, { id, ownerId: "operator", createdAt: NOW });
  const { ready } = await insertJobs(darkroom.bindings().DB, { jobs: [job], uploads: [] }, NOW);
  return ready[0]!;
}

function lease(limit: number, id: string, now = NOW) {
  return leaseTasks(darkroom.bindings().DB, { id, now, leaseMs: 1000, limit, callsAMinute: {} });
}

function attemptOf(task: Task, outcome: Outcome, leaseId = task.leaseId): EndedAttempt {
  return { taskId: task.id, leaseId, outcome, calls: [], isBudgeted: false, startedAt: NOW, finishedAt: NOW + 5 };
}

async function settle(attempts: EndedAttempt[]): Promise<ReadonlySet<string>> {
  const { settled } = await settleTasks(darkroom.bindings().DB, attempts, { now: NOW + 5 });
  return new Set(settled.keys());
}

test("of 20 consumers that race for one task, one gets it", async () => {
  await insert("job_race");
  const leases = await Promise.all(Array.from({ length: 20 }, (_, index) => lease(1, `lease-${index}`)));
  expect(leases.flat()).toHaveLength(1);
  expect(leases.flat()[0]).toMatchObject({ attempt: 1 });
});

test("a consumer whose lease was taken over settles nothing", async () => {
  const taskId = await insert("job_late");
  const [late] = await lease(1, "late");
  await darkroom.maintain(new Date(NOW + 5000));
  const [next] = await lease(1, "next", NOW + 10_000);
  expect(next?.attempt).toBe(2);
  expect([...(await settle([attemptOf(late!, FAILED)]))]).toEqual([]);
  expect([...(await settle([attemptOf(next!, COMPLETED)]))]).toEqual([taskId]);
  const job = await darkroom.readJob("job_late");
  expect(job.state).toBe("completed");
  expect(job.attempts.map(({ outcome }) => outcome)).toEqual(["lost", "completed"]);
});

test("the next attempt looks for results of an attempt that was put off, unless a refusal had cost nothing", async () => {
  const taskId = await insert("job_snoozed");
  const call = { model: "@cf/some/model", engine: "workers-ai", units: {}, isEstimated: false, durationMs: 5 };
  const outcome: Outcome = {
    type: "snooze",
    failure: { code: "out_of_capacity", message: "busy" },
    scheduledAt: NOW + 10,
  };
  for (const [index, neurons] of [1.5, 0, 0].entries()) {
    const [task] = await lease(1, `lease-${index}`, NOW + 20 + index);
    await settle([{ ...attemptOf(task!, outcome), calls: [{ ...call, neurons }] }]);
  }
  const earlier = await findEarlierAttempts(darkroom.bindings().DB, taskId);
  expect(earlier).toEqual([{ number: 1, isAccounted: true }]);
});

test("settling twice, or settling a cancelled job, changes nothing", async () => {
  await insert("job_twice");
  const [task] = await lease(1, "a");
  expect((await settle([attemptOf(task!, COMPLETED)])).size).toBe(1);
  expect((await settle([attemptOf(task!, FAILED)])).size).toBe(0);
  expect((await darkroom.readJob("job_twice")).state).toBe("completed");

  await insert("job_cancel");
  const [running] = await lease(1, "b");
  const actor = { ownerId: "operator", actor: "key:test" };
  const cancelled = await cancelJob(darkroom.bindings().DB, "job_cancel", actor, NOW);
  expect(cancelled.endedJobs).toHaveLength(1);
  expect((await settle([attemptOf(running!, COMPLETED)])).size).toBe(0);
  expect(await darkroom.readJob("job_cancel")).toMatchObject({
    state: "cancelled",
    attempts: [{ outcome: "cancelled" }],
  });
});

test("a batch with one failure settles each on its own", async () => {
  await Promise.all([insert("job_s1"), insert("job_s2"), insert("job_s3")]);
  const tasks = await lease(10, "batch");
  await settle(tasks.map((task) => attemptOf(task, task.jobId === "job_s2" ? FAILED : COMPLETED)));
  const states = await Promise.all(
    ["job_s1", "job_s2", "job_s3"].map(async (id) => (await darkroom.readJob(id)).state),
  );
  expect(states).toEqual(["completed", "failed", "completed"]);
});

test("a passing failure is tried again after a backoff, and then completes", async () => {
  const { id } = await darkroom.submit({ kind: "image_generation", prompt: "error:3043x1 once" });
  const job = await darkroom.untilJob(id, ({ waiting }) => waiting !== null);
  expect(job).toMatchObject({ state: "running", waiting: { code: "model_failed" } });
  const waitMs = Date.parse(job.waiting!.until!) - Date.now();
  expect(waitMs).toBeGreaterThan(5000);
  expect(waitMs).toBeLessThan(12_000);
  const ended = await darkroom.untilJob(id);
  expect(ended.attempts.map(({ outcome }) => outcome)).toEqual(["retry", "completed"]);
});

test("capacity is waited for without counting, and quota until midnight", async () => {
  const { DB } = darkroom.bindings();
  const busy = await darkroom.submit({ kind: "image_generation", prompt: "error:3040 busy" });
  for (let run = 1; run <= 8; run += 1) {
    await until(
      () => darkroom.readJob(busy.id),
      (job) => job.attempts.length === run,
    );
    await DB.prepare("UPDATE tasks SET scheduled_at = 0, check_at = 0 WHERE job_id = ?1").bind(busy.id).run();
    await darkroom.maintain();
  }
  const job = await darkroom.readJob(busy.id);
  expect(job.state).toBe("running");
  expect(job.attempts.every(({ outcome }) => outcome === "snooze")).toBe(true);

  const quota = await darkroom.submit({ kind: "image_generation", prompt: "error:4006 quota" });
  const held = await darkroom.untilJob(quota.id, ({ waiting }) => waiting !== null);
  expect(held.waiting?.code).toBe("daily_allocation_used");
  expect(held.waiting?.until).toMatch(/T00:[0-3]\d:/);
  expect(Date.parse(held.waiting!.until!)).toBeGreaterThan(Date.now());
});

test("a task that keeps failing ends as a dead letter with every attempt, and a redrive runs it again", async () => {
  const { DB } = darkroom.bindings();
  const { id } = await darkroom.submit({ kind: "image_generation", prompt: "error:3043x5 stubborn" });
  for (let run = 1; run <= 5; run += 1) {
    await until(
      () => darkroom.readJob(id),
      (job) => job.attempts.length === run,
    );
    await DB.prepare("UPDATE tasks SET scheduled_at = 0, check_at = 0 WHERE state = 'retryable'").run();
    await darkroom.maintain();
  }
  expect(await darkroom.untilJob(id)).toMatchObject({ state: "failed", error: { code: "model_failed" } });
  type Letters = { deadLetters: { id: string; jobId: string; code: string; attempts: unknown[] }[] };
  const { deadLetters } = await (await darkroom.api("/v1/dead-letters?view=list")).json<Letters>();
  expect(deadLetters).toMatchObject([{ jobId: id, code: "model_failed", redrivenAt: null }]);
  expect(deadLetters[0]?.attempts).toHaveLength(5);

  const redrive = () => darkroom.api(`/v1/dead-letters/${deadLetters[0]!.id}/redrive`, { method: "POST" });
  const [first, second] = await Promise.all([redrive(), redrive()]);
  expect(new Set([first.status, second.status])).toEqual(new Set([202, 409]));
  const job = await darkroom.untilJob(id);
  expect(job).toMatchObject({ state: "completed", error: null });
  expect(job.attempts).toHaveLength(6);
});

test("a fast task is settled while slow ones run, and those after it", async () => {
  const submit = async (prompt: string) => (await darkroom.submit({ kind: "image_generation", prompt })).id;
  // The first keeps the queue busy, so that the others arrive as one batch.
  const first = await submit("sleep:300 first");
  const [slower, fast, slow] = await Promise.all(["sleep:4500 b", "fast b", "sleep:2500 b"].map(submit));
  await darkroom.untilJob(first);
  await darkroom.untilJob(fast!);
  expect((await darkroom.readJob(slow!)).state).not.toBe("completed");
  expect((await darkroom.untilJob(slow!)).state).toBe("completed");
  expect((await darkroom.readJob(slower!)).state).not.toBe("completed");
  const ended = await darkroom.untilJob(slower!);
  expect(ended.attempts.map(({ outcome }) => outcome)).toEqual(["completed"]);
});

test("a batch's tasks run side by side", async () => {
  await darkroom.modelCalls();
  const ids = await Promise.all(
    Array.from({ length: 12 }, async (_, index) => {
      return (await darkroom.submit({ kind: "image_generation", prompt: `sleep:400 ${index}` })).id;
    }),
  );
  for (const id of ids) await darkroom.untilJob(id);
  // An invocation has three slow connections for models and webhooks (shared/connections.ts).
  expect((await darkroom.modelCalls()).mostRunning).toBeGreaterThanOrEqual(3);
});
