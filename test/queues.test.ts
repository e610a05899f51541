import { expect, test } from "vitest";

import { insertJobs } from "../shared/db/jobs/jobs.ts";
import { type Lease, leaseTasks } from "../shared/db/tasks/leases.ts";
import { settleTasks } from "../shared/db/tasks/settle.ts";
import { newJob } from "../shared/jobs/new-job.ts";
import { DEFAULT_TERMS } from "../shared/jobs/terms.ts";
import type { Outcome } from "../shared/jobs/outcome.ts";
import { KEYS, startDarkroom, until } from "./harness.ts";
import { JobWork } from "../shared/kinds/index.ts";

const darkroom = startDarkroom();
const HOUR_MS = 3_600_000;

interface Kind {
  readonly kind: string;
  readonly paused: { since: string; note: string | null } | null;
  readonly tasks: Record<"waiting" | "delayed" | "held" | "running" | "pending", number> & {
    readonly oldestDueAgeMs: number | null;
  };
  readonly jobs: Record<"last5Minutes" | "lastHour", { completed: number; failed: number }>;
  readonly openDeadLetters: number;
}
interface Queues {
  readonly scope: string;
  readonly queues: { name: string; backlogMessages: number | null; reason: string | null }[] | null;
  readonly kinds: Kind[];
  readonly unreadableMessages: number;
  readonly database: { readonly sizeBytes: number; readonly limitBytes: number } | null;
}

async function readQueues(key?: string): Promise<Queues> {
  const response = await darkroom.api("/v1/queues", key === undefined ? {} : { key });
  expect(response.status).toBe(200);
  return response.json<Queues>();
}

function kindOf({ kinds }: Queues, kind: string): Kind {
  return kinds.find((one) => one.kind === kind)!;
}

function change(kind: string, verb: "pause" | "resume", body?: unknown, key?: string): Promise<Response> {
  const init = { method: "POST", ...(body !== undefined && { body: JSON.stringify(body) }) };
  return darkroom.api(`/v1/queues/${kind}/${verb}`, { ...init, ...(key !== undefined && { key }) });
}

function lease(limit: number, leaseMs: number): Lease {
  return { id: crypto.randomUUID(), now: Date.now(), leaseMs, limit, callsAMinute: {} };
}

async function expectProblem(response: Response, status: number, code: string): Promise<void> {
  expect(response.status).toBe(status);
  expect(await response.json()).toMatchObject({ status, code, type: `urn:darkroom:problem:${code}` });
}

/** Insert jobs of this age without waking a consumer. */
async function insert(count: number, ageMs: number, ownerId = "operator"): Promise<string[]> {
  const createdAt = Date.now() - ageMs;
  const work = JobWork.parse({ kind: "classification", input: { text: "x", options: {} } });
  const terms = { ...DEFAULT_TERMS, reuse: false };
  const jobs = await Promise.all(
    Array.from({ length: count }, () => newJob(work, terms, { id: `job_${crypto.randomUUID()}`, ownerId, createdAt })),
  );
  return [...(await insertJobs(darkroom.bindings().DB, { jobs, uploads: [] }, createdAt)).tasks];
}

/** Settle the tasks that were just inserted. Nothing else may be due. */
async function settle(taskIds: string[], outcome: Outcome, agoMs = 0): Promise<void> {
  const { DB } = darkroom.bindings();
  const at = Date.now() - agoMs;
  const tasks = await leaseTasks(DB, lease(taskIds.length, 1000));
  expect(tasks).toHaveLength(taskIds.length);
  const attempts = tasks.map((task) => {
    return {
      taskId: task.id,
      leaseId: task.leaseId,
      outcome,
      calls: [],
      isBudgeted: false,
      startedAt: at - 5,
      finishedAt: at,
    };
  });
  await settleTasks(DB, attempts, { now: at });
}

test("each task and job is counted once, in its state, and no owner sees those of another", async () => {
  const { DB, UPLOADS } = darkroom.bindings();
  const nextMidnight = (Math.floor(Date.now() / (24 * HOUR_MS)) + 1) * 24 * HOUR_MS;
  const failure = (code: string) => ({ code, message: "scripted" });
  await insert(2, 1000);
  await leaseTasks(DB, lease(2, 60_000));
  const later = Date.now() + HOUR_MS / 2;
  await settle(await insert(2, 0), { type: "retry", failure: failure("model_failed"), scheduledAt: later });
  await settle(await insert(1, 0), {
    type: "snooze",
    failure: failure("daily_allocation_used"),
    scheduledAt: nextMidnight + 5000,
  });
  // It is due at the same time for another reason, so it is delayed and not held.
  await settle(await insert(1, 0), {
    type: "snooze",
    failure: failure("out_of_capacity"),
    scheduledAt: nextMidnight + 6000,
  });
  await settle(await insert(2, 0), { type: "completed" });
  await settle(await insert(1, 0), { type: "completed" }, 20 * 60_000);
  await settle(await insert(1, 0), { type: "completed" }, 2 * HOUR_MS);
  await settle(await insert(2, 0), { type: "discard", failure: failure("unsupported_audio") });
  await settle(await insert(1, 0, "other"), { type: "discard", failure: failure("unsupported_audio") });
  await insert(4, 5000, "other");
  await insert(3, 90_000); // waiting
  await UPLOADS.send({ nonsense: true });
  await until(readQueues, (all) => all.unreadableMessages === 1);

  const all = await readQueues();
  const classification = kindOf(all, "classification");
  expect(classification).toMatchObject({
    paused: null,
    tasks: { waiting: 7, delayed: 3, held: 1, running: 2, pending: 0 },
    jobs: { last5Minutes: { completed: 2, failed: 3 }, lastHour: { completed: 3, failed: 3 } },
    openDeadLetters: 3,
    atLeast: [],
  });
  expect(classification.tasks.oldestDueAgeMs).toBeGreaterThanOrEqual(90_000);
  expect(classification.tasks.oldestDueAgeMs).toBeLessThan(150_000);
  expect(kindOf(all, "transcription").tasks).toEqual({
    waiting: 0,
    delayed: 0,
    held: 0,
    running: 0,
    pending: 0,
    oldestDueAgeMs: null,
  });
  expect(all.queues?.map(({ name }) => name)).toEqual(["uploads", "tasks", "dead-letters"]);
  expect(all.queues?.every(({ backlogMessages, reason }) => backlogMessages === 0 && reason === null)).toBe(true);

  expect(all.database?.limitBytes).toBe(10_000_000_000);
  expect(all.database?.sizeBytes).toBeGreaterThan(100_000);

  const own = await readQueues(KEYS.other);
  expect(own).toMatchObject({ scope: "own", queues: null, database: null, unreadableMessages: 0 });
  const theirs = kindOf(own, "classification");
  expect(theirs.tasks.oldestDueAgeMs).toBeLessThan(60_000);
  expect(theirs).toMatchObject({
    tasks: { waiting: 4, delayed: 0, held: 0, running: 0 },
    jobs: { last5Minutes: { completed: 0, failed: 1 } },
    openDeadLetters: 1,
  });
});

test("the platform's backlog is shown with the age of its oldest message", async () => {
  // Messages of earlier tests would be counted too.
  await until(
    readQueues,
    ({ queues }) => (queues?.[1] as { backlogMessages?: number } | undefined)?.backlogMessages === 0,
  );
  // One long answer occupies the queue's only local consumer, and later messages wait.
  const slow = await darkroom.submit({ kind: "image_generation", prompt: "sleep:8000 slow" });
  await darkroom.untilJob(slow.id, ({ state }) => state === "running");
  const behind = await darkroom.submit({ kind: "image_generation", prompt: "behind" });
  // Messages that an earlier test has left are removed in the meantime.
  const isOld = (queue: unknown) => {
    const { backlogMessages, oldestMessageAgeMs } = queue as Record<string, number | null>;
    return backlogMessages === 1 && (oldestMessageAgeMs ?? 0) > 200;
  };
  const [, tasks] = (await until(readQueues, ({ queues }) => isOld(queues?.[1]))).queues!;
  expect(tasks).toMatchObject({ name: "tasks", backlogMessages: 1, reason: null });
  expect(tasks).toMatchObject({ backlogBytes: expect.any(Number) as number });
  expect((tasks as unknown as { oldestMessageAgeMs: number }).oldestMessageAgeMs).toBeGreaterThan(200);
  for (const { id } of [slow, behind]) expect((await darkroom.untilJob(id)).state).toBe("completed");
});

test("jobs of a paused kind are accepted and not leased; the other kinds continue; a resume completes them", async () => {
  // Its wake-up was sent before the pause, and waits for a long answer that occupies the queue's only local consumer.
  const slow = await darkroom.submit({ kind: "image_generation", prompt: "sleep:2000 first" });
  await darkroom.untilJob(slow.id, ({ state }) => state === "running");
  const woken = await darkroom.submit({ kind: "classification", text: "already woken" });
  for (const note of ["labels are wrong", undefined]) {
    const response = await change("classification", "pause", note === undefined ? undefined : { note });
    expect(response.status).toBe(200);
    expect(await response.json()).toMatchObject({ kind: "classification", paused: { note: "labels are wrong" } });
  }
  const submitted = await darkroom.submit({ kind: "classification", text: "while paused" });
  const waiting = {
    state: "queued",
    waiting: { until: null, code: "kind_paused", message: expect.stringContaining("labels are wrong") as string },
  };
  expect(submitted).toMatchObject(waiting);
  // Neither the message nor maintenance long after the grace leases it.
  await darkroom.maintain(new Date(Date.now() + 10 * HOUR_MS));
  const other = await darkroom.submit({ kind: "image_generation", prompt: "not paused" });
  expect((await darkroom.untilJob(other.id)).state).toBe("completed");
  for (const id of [submitted.id, woken.id]) expect(await darkroom.readJob(id)).toMatchObject(waiting);
  expect(kindOf(await readQueues(), "classification").tasks.waiting).toBe(2);

  for (let time = 0; time < 2; time += 1) {
    expect(await (await change("classification", "resume")).json()).toMatchObject({ paused: null });
  }
  for (const id of [submitted.id, woken.id]) {
    expect(await darkroom.untilJob(id)).toMatchObject({ state: "completed", waiting: null });
  }
  // The slow task is left out: maintenance ten hours later takes its consumer for dead.
  const attempts = await darkroom
    .bindings()
    .DB.prepare("SELECT max(number) AS n FROM attempts WHERE task_id NOT LIKE ?1")
    .bind(`${slow.id}%`)
    .first("n");
  expect(attempts).toBe(1);
  // A repetition has no effect here either.
  type Audit = { audit: { act: string; actor: string; detail: unknown }[] };
  const { audit } = await (await darkroom.api("/v1/audit?subject=classification")).json<Audit>();
  expect(audit).toMatchObject([
    { act: "kind.resume", actor: "key:operator", detail: { note: null } },
    { act: "kind.pause", actor: "key:operator", detail: { note: "labels are wrong" } },
  ]);
  expect(audit).toHaveLength(2);
});

test("tasks that a resume does not wake are woken by the next maintenance run", async () => {
  await change("classification", "pause");
  const taskIds = await insert(130, 0);
  await change("classification", "resume");
  await darkroom.maintain();
  const { DB } = darkroom.bindings();
  const countCompleted = () =>
    DB.prepare("SELECT count(*) AS n FROM jobs WHERE state = 'completed'").first<number>("n");
  expect(await until(countCompleted, (count) => count === taskIds.length)).toBe(130);
});

test("only the operator pauses and resumes, only kinds that exist, and only with a note", async () => {
  for (const verb of ["pause", "resume"] as const) {
    await expectProblem(await change("classification", verb, {}, KEYS.other), 403, "forbidden");
    await expectProblem(await change("classify", verb), 404, "kind_not_found");
    await expectProblem(await change("classification", verb, { reason: "x" }), 422, "invalid_request");
  }
  expect(kindOf(await readQueues(KEYS.other), "classification").paused).toBeNull();
  await expectProblem(await darkroom.api("/v1/queues", { key: null }), 401, "unauthorized");
});
