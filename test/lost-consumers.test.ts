// The fate of a task whose consumer dies in the middle of it, and of the tasks that ran next to it.
import { expect, test } from "vitest";

import { insertJobs } from "../shared/db/jobs/jobs.ts";
import { leaseTasks, noteWaiting } from "../shared/db/tasks/leases.ts";
import { beginReadings, READING_MS } from "../shared/db/uploads/readings.ts";
import { MEDIA_BUCKET } from "../shared/uploads/storage.ts";
import { settleTasks } from "../shared/db/tasks/settle.ts";
import { newJob } from "../shared/jobs/new-job.ts";
import type { Task } from "../shared/jobs/task.ts";
import { DEFAULT_TERMS } from "../shared/jobs/terms.ts";
import { startDarkroom, until } from "./harness.ts";
import { JobWork } from "../shared/kinds/index.ts";

const darkroom = startDarkroom();

/** A time in the future. The harness's consumer finds nothing due, and the test leases, dies and settles in its place. */
const START = 1_900_000_000_000;
const LEASE_MS = 90_000;
let now = START;

async function insert(...ids: readonly string[]): Promise<void> {
  const work = JobWork.parse({ kind: "classification", input: { text: "x", options: {} } });
  const terms = { ...DEFAULT_TERMS, reuse: false };
  const about = { ownerId: "operator", createdAt: now };
  const jobs = await Promise.all(ids.map((id) => newJob(work, terms, { id, ...about })));
  await insertJobs(darkroom.bindings().DB, { jobs, uploads: [] }, now);
}

/** Return the tasks that the next consumer runs. */
async function lease(): Promise<readonly Task[]> {
  now += 1000;
  const asked = { id: crypto.randomUUID(), now, leaseMs: LEASE_MS, limit: 10, callsAMinute: {} };
  return leaseTasks(darkroom.bindings().DB, asked);
}

/** End all consumers, and let maintenance notice. */
async function die(): Promise<void> {
  now += LEASE_MS + 1000;
  await darkroom.maintain(new Date(now));
}

async function complete(tasks: readonly Task[]): Promise<void> {
  await settle(tasks, { type: "completed", artifacts: [], labels: [] });
}

async function settle(tasks: readonly Task[], outcome: Parameters<typeof settleTasks>[1][number]["outcome"]) {
  const ended = tasks.map(({ id: taskId, leaseId }) => {
    return { taskId, leaseId, outcome, calls: [], isBudgeted: false, startedAt: now, finishedAt: now };
  });
  await settleTasks(darkroom.bindings().DB, ended, { now });
}

function jobsOf(tasks: readonly Task[]): readonly string[] {
  return tasks.map(({ jobId }) => jobId).toSorted();
}

async function outcomesOf(jobId: string): Promise<readonly string[]> {
  return (await darkroom.readJob(jobId)).attempts.map(({ outcome }) => outcome);
}

test("a task that ends every consumer is a dead letter after three, and can be redriven", async () => {
  await insert("job_deadly");
  for (let time = 1; time <= 3; time += 1) {
    expect((await darkroom.readJob("job_deadly")).state).not.toBe("failed");
    expect(jobsOf(await lease())).toEqual(["job_deadly"]);
    await die();
  }
  const job = await darkroom.readJob("job_deadly");
  expect(job).toMatchObject({ state: "failed", error: { code: "worker_lost" } });
  expect(job.error!.message).toContain("at last while it ran nothing else");
  expect(await outcomesOf("job_deadly")).toEqual(["lost", "lost", "lost"]);

  type Letters = { deadLetters: { id: string }[] };
  const { deadLetters } = await (await darkroom.api("/v1/dead-letters?view=list")).json<Letters>();
  expect((await darkroom.api(`/v1/dead-letters/${deadLetters[0]!.id}/redrive`, { method: "POST" })).status).toBe(202);
  // It does not run next to others any more. It has two more tries, each alone.
  const row = await darkroom.bindings().DB.prepare("SELECT lost, lost_alone FROM tasks").first();
  expect(row).toEqual({ lost: 1, lost_alone: 1 });
});

test("tasks that ran next to a deadly one run alone once, and complete", async () => {
  const neighbours = ["job_n1", "job_n2", "job_n3"];
  await insert("job_deadly", ...neighbours);
  expect(jobsOf(await lease())).toEqual(["job_deadly", ...neighbours]);
  await die();
  const seen: string[] = [];
  for (let run = 0; run < 8; run += 1) {
    const tasks = await lease();
    if (tasks.length === 0) break;
    expect(tasks).toHaveLength(1);
    seen.push(...jobsOf(tasks));
    if (tasks[0]!.jobId === "job_deadly") await die();
    else await complete(tasks);
  }
  // There are three lost attempts: one next to the others, and two alone.
  expect(seen.filter((id) => id === "job_deadly")).toHaveLength(2);
  expect((await darkroom.readJob("job_deadly")).error?.code).toBe("worker_lost");
  for (const id of neighbours) {
    expect((await darkroom.readJob(id)).state).toBe("completed");
    expect(await outcomesOf(id)).toEqual(["lost", "completed"]);
  }
});

test("a task lost beside others is like any other again after an attempt that ended by itself", async () => {
  await insert("job_a", "job_b");
  await lease();
  await die();
  const failure = { code: "out_of_capacity", message: "not now" };
  for (let time = 0; time < 2; time += 1) {
    const alone = await lease();
    expect(alone).toHaveLength(1);
    await settle(alone, { type: "snooze", failure, scheduledAt: now + 3_600_000 });
  }
  now += 7_200_000;
  expect(jobsOf(await lease())).toEqual(["job_a", "job_b"]);
});

test("a consumer that ends while its task waits for a model does not count against the task, up to the sixth", async () => {
  const { DB } = darkroom.bindings();
  await insert("job_patient");
  for (let time = 1; time <= 6; time += 1) {
    expect((await darkroom.readJob("job_patient")).state).not.toBe("failed");
    const [task] = await lease();
    await noteWaiting(DB, task!, true);
    await die();
  }
  expect((await darkroom.readJob("job_patient")).state).toBe("failed");
  expect(await outcomesOf("job_patient")).toHaveLength(6);
});

test("a task that was lost records its waits for a model, and one that was not records none", async () => {
  const { DB } = darkroom.bindings();
  const flagsOf = async (lost: number) => {
    await darkroom.post("/v1/queues/classification/pause", {});
    const { id } = await darkroom.submit({ kind: "classification", text: `sleep:1500 ${lost}` });
    await DB.prepare("UPDATE tasks SET lost = ?2 WHERE job_id = ?1").bind(id, lost).run();
    await darkroom.post("/v1/queues/classification/resume", {});
    const seen = new Set<number>();
    const look = DB.prepare("SELECT is_waiting, state FROM tasks WHERE job_id = ?1").bind(id);
    const isDone = (row: { is_waiting: number; state: string } | null) => {
      seen.add(row?.is_waiting ?? -1);
      return row?.state === "completed";
    };
    await until(async () => look.first<{ is_waiting: number; state: string }>(), isDone);
    return [...seen].toSorted((a, b) => a - b);
  };
  expect([await flagsOf(0), await flagsOf(1)]).toEqual([[0], [0, 1]]);
});

test("an object that ended three readers is not read again by the sweep: it is an ignored upload with that reason", async () => {
  const { DB, MEDIA } = darkroom.bindings();
  const bucket = MEDIA_BUCKET;
  const names = ["deadly", "n1", "n2"];
  const objects = await Promise.all(
    names.map(async (name) => {
      const { key, etag } = (await MEDIA.put(`inbox/${name}.txt`, `a review of ${name}`))!;
      return { bucket, key, etag };
    }),
  );
  // A sweep that died was reading all of them. Then the deadly one is read alone, and its reader dies twice more.
  const deadly = objects.filter(({ key }) => key === "inbox/deadly.txt");
  let at = Date.now() + 3_600_000;
  await beginReadings(DB, objects, at);
  // Another reader may still be at work, so the sweep does not touch them.
  await darkroom.maintain(new Date(at + 10_000));
  expect(await uploads()).toEqual([]);
  for (let time = 0; time < 2; time += 1) {
    at += READING_MS;
    expect((await beginReadings(DB, deadly, at)).get(deadly[0]!)).toEqual({ lost: time + 1 });
    await darkroom.maintain(new Date(at + 10_000));
  }
  await darkroom.maintain(new Date(at + READING_MS));
  const found = await uploads();
  expect(found.map(({ key }) => key).toSorted()).toEqual(["inbox/deadly.txt", "inbox/n1.txt", "inbox/n2.txt"]);
  const ignored = found.find(({ key }) => key === deadly[0]!.key);
  expect(ignored!.ignoredReason).toContain("3 readers ended while they read the object");
  const states = found.flatMap(({ jobId }) => jobId ?? []).map(async (id) => (await darkroom.untilJob(id)).state);
  expect(await Promise.all(states)).toEqual(["completed", "completed"]);
  // No reader starts again, and the notes are gone.
  await darkroom.maintain(new Date(at + 2 * READING_MS));
  expect(await uploads()).toHaveLength(3);
  expect(await DB.prepare("SELECT count(*) AS rows FROM readings").first("rows")).toBe(0);
});

async function uploads() {
  type Uploads = { uploads: { key: string; jobId: string | null; ignoredReason: string | null }[] };
  return (await (await darkroom.api("/v1/uploads")).json<Uploads>()).uploads;
}
