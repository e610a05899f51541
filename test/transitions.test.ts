// Every transition raced by twenty consumers, and random walks against a small model of what may happen.
import * as fc from "fast-check";
import { beforeEach, expect, test } from "vitest";

import { cancelJob, insertJobs } from "../shared/db/jobs.ts";
import { leaseTasks } from "../shared/db/leases.ts";
import { findExpiredLeases } from "../shared/db/maintenance.ts";
import { settleTasks } from "../shared/db/settle.ts";
import { stopJobs, tooLate } from "../shared/db/stop-jobs.ts";
import { JobWork, newJob } from "../shared/new-job.ts";
import type { Settlement, Verdict } from "../shared/settlement.ts";
import type { Task } from "../shared/task.ts";
import { DEFAULT_TERMS } from "../shared/terms.ts";
import { startDarkroom } from "./harness.ts";

const darkroom = startDarkroom();
/** Ahead of the consumer that runs beside these tests, which finds nothing due. */
const START = 1_900_000_000_000;
const TIMES = { now: START, ringGraceMs: 1e12 };
const ACTOR = { ownerId: "operator", actor: "key:test" };
const LEASE_MS = 1000;
const RACERS = 20;
const FAILURE = { code: "model_failed", message: "broken" };
const VERDICTS = {
  completed: { type: "completed" },
  discard: { type: "discard", failure: FAILURE },
} as const satisfies Record<string, Verdict>;

let db: D1Database;
let now: number;
beforeEach(() => {
  db = darkroom.bindings().DB;
  now = START;
});

async function insert(id: string): Promise<number> {
  const work = JobWork.parse({ kind: "classification", input: { text: id, options: {} } });
  const job = await newJob(
    work,
    { ...DEFAULT_TERMS, reuse: false },
    { id, ownerId: "operator", createdAt: START, ringGraceMs: 1e12 },
  );
  return (await insertJobs(db, { jobs: [job], uploads: [] }, TIMES)).tasks.length;
}

async function lease(limit = 1): Promise<readonly Task[]> {
  return leaseTasks(db, { id: crypto.randomUUID(), now, leaseMs: LEASE_MS, limit, callsAMinute: {} });
}

function settlement(task: { id: string; leaseId: string }, verdict: Verdict, lost = false): Settlement {
  return {
    taskId: task.id,
    leaseId: task.leaseId,
    verdict,
    lost,
    calls: [],
    isBudgeted: false,
    startedAt: now,
    finishedAt: now,
  };
}

async function settle(task: { id: string; leaseId: string }, verdict: Verdict, lost = false): Promise<number> {
  return (await settleTasks(db, [settlement(task, verdict, lost)], { now, ringGraceMs: 1e12 })).settled.size;
}

async function race(run: (racer: number) => Promise<number | boolean>): Promise<number> {
  const won = await Promise.all(Array.from({ length: RACERS }, (_, racer) => run(racer)));
  return won.map(Number).reduce((sum, each) => sum + each, 0);
}

async function state(): Promise<{ job: string; task: string; attempts: number; letters: number }> {
  const row = await db
    .prepare(
      `SELECT j.state AS job, t.state AS task, (SELECT count(*) FROM attempts) AS attempts,
              (SELECT count(*) FROM dead_letters WHERE redriven_at IS NULL) AS letters
         FROM jobs j JOIN tasks t ON t.job_id = j.id`,
    )
    .first<{ job: string; task: string; attempts: number; letters: number }>();
  if (row === null) throw new Error("the job is gone");
  return row;
}

test("inserted by twenty, it is one job", async () => {
  expect(await race(() => insert("job_1"))).toBe(1);
});

test("leased by twenty, it runs once", async () => {
  await insert("job_1");
  expect(await race(async () => (await lease()).length)).toBe(1);
  expect(await state()).toMatchObject({ job: "running", task: "running" });
});

test.each(["completed", "discard"] as const)("settled by twenty as %s, it ends once", async (verdict) => {
  await insert("job_1");
  const [task] = await lease();
  expect(await race(() => settle(task!, VERDICTS[verdict]))).toBe(1);
  expect(await state()).toMatchObject({ attempts: 1, letters: verdict === "discard" ? 1 : 0 });
});

test("retried by twenty, the task is due once, with one attempt used", async () => {
  await insert("job_1");
  const [task] = await lease();
  expect(await race(() => settle(task!, { type: "retry", failure: FAILURE, scheduledAt: now + 10 }))).toBe(1);
  expect(await state()).toMatchObject({ job: "running", task: "retryable", attempts: 1 });
});

test("rescued by twenty while its consumer settles, one of them is heard", async () => {
  await insert("job_1");
  const [task] = await lease();
  now += 2 * LEASE_MS;
  const retry: Verdict = { type: "retry", failure: FAILURE, scheduledAt: now };
  expect(await race((racer) => settle(task!, racer === 7 ? VERDICTS.completed : retry, racer !== 7))).toBe(1);
  expect((await state()).attempts).toBe(1);
});

test("cancelled by twenty while it completes, it is one or the other", async () => {
  await insert("job_1");
  const [task] = await lease();
  const won = await race(async (racer) =>
    racer % 2 === 0
      ? settle(task!, VERDICTS.completed)
      : (await cancelJob(db, "job_1", ACTOR, { now, ringGraceMs: 1e12 })).endedJobs.length,
  );
  expect(won).toBe(1);
  const after = await state();
  expect(["completed", "cancelled"]).toContain(after.job);
  expect(after).toMatchObject({ task: after.job, attempts: 1, letters: 0 });
});

test("stopped by twenty for being late, it fails once and leaves nothing running", async () => {
  await insert("job_1");
  await lease();
  expect(
    await race(async () => (await stopJobs(db, [tooLate("job_1", { isStarted: true })], TIMES)).endedJobs.length),
  ).toBe(1);
  expect(await state()).toMatchObject({ job: "failed", task: "cancelled", attempts: 1 });
});

type Step = "lease" | "complete" | "retry" | "snooze" | "discard" | "late" | "expire" | "cancel" | "stop" | "wait";

function verdictOf(step: "complete" | "discard" | "retry" | "snooze", scheduledAt: number): Verdict {
  if (step === "complete") return VERDICTS.completed;
  return step === "discard" ? VERDICTS.discard : { type: step, failure: FAILURE, scheduledAt };
}

/** What a job and its one task may be, and what each step makes of it: written from the documentation, not the SQL. */
interface Model {
  job: string;
  task: string;
  attempt: number;
  left: number;
  dueAt: number;
  leasedAt: number;
}

test("random walks end where the model says, step by step", async () => {
  const steps = fc.constantFrom<Step>(
    "lease",
    "complete",
    "retry",
    "snooze",
    "discard",
    "late",
    "expire",
    "cancel",
    "stop",
    "wait",
  );
  const walks = fc.sample(fc.array(steps, { minLength: 4, maxLength: 14 }), { numRuns: 120, seed: 20261123 });
  for (const walk of walks) {
    await db.batch([db.prepare("DELETE FROM jobs"), db.prepare("DELETE FROM dead_letters")]);
    now = START;
    await insert("job_1");
    const model: Model = { job: "queued", task: "available", attempt: 0, left: 5, dueAt: START, leasedAt: 0 };
    let held: { id: string; leaseId: string } | undefined;
    let former: { id: string; leaseId: string } | undefined;
    for (const step of walk) {
      now += 10;
      const isRunning = model.task === "running";
      const isOpen = ["queued", "running"].includes(model.job);
      let [did, should] = [0, 0];
      switch (step) {
        case "wait":
          now += 500;
          break;
        case "lease": {
          const [task] = await lease();
          did = task === undefined ? 0 : 1;
          should = ["available", "retryable"].includes(model.task) && model.dueAt <= now + 1500 ? 1 : 0;
          held = task ?? held;
          if (did) Object.assign(model, { job: "running", task: "running", attempt: model.attempt + 1, leasedAt: now });
          break;
        }
        case "complete":
        case "discard":
        case "retry":
        case "snooze": {
          if (held === undefined) break;
          const dueAt = now + 5000;
          did = await settle(held, verdictOf(step, dueAt));
          should = isRunning ? 1 : 0;
          if (!isRunning) break;
          former = held;
          held = undefined;
          if (step === "complete") Object.assign(model, { job: "completed", task: "completed" });
          else if (step === "discard") Object.assign(model, { job: "failed", task: "discarded" });
          else Object.assign(model, { task: "retryable", dueAt, left: model.left + (step === "snooze" ? 1 : 0) });
          break;
        }
        case "late":
          did = former === undefined ? 0 : await settle(former, VERDICTS.completed);
          break;
        case "expire": {
          for (const task of await findExpiredLeases(db, now, 10)) {
            did += await settle(task, verdictOf("retry", now), true);
            former = held;
            held = undefined;
          }
          should = isRunning && now > model.leasedAt + LEASE_MS ? 1 : 0;
          if (should) Object.assign(model, { task: "retryable", dueAt: now });
          break;
        }
        case "cancel":
        case "stop": {
          did =
            step === "cancel"
              ? (await cancelJob(db, "job_1", ACTOR, TIMES)).endedJobs.length
              : (await stopJobs(db, [tooLate("job_1", { isStarted: true })], TIMES)).endedJobs.length;
          should = isOpen ? 1 : 0;
          if (isOpen) Object.assign(model, { job: step === "cancel" ? "cancelled" : "failed", task: "cancelled" });
          break;
        }
      }
      expect({ walk, step, did }).toEqual({ walk, step, did: should });
      if (model.attempt >= model.left) break; // what follows the last attempt is the policy's, tested by itself
      const { job, task } = await state();
      expect({ walk, job, task }).toEqual({ walk, job: model.job, task: model.task });
    }
  }
}, 120_000);
