import { expect, test } from "vitest";

import { insertJobs } from "../shared/db/jobs/jobs.ts";
import { takeDueTasks } from "../shared/db/jobs/maintenance.ts";
import { leaseTasks } from "../shared/db/tasks/leases.ts";
import { newJob } from "../shared/jobs/new-job.ts";
import { DEFAULT_TERMS } from "../shared/jobs/terms.ts";
import { speech } from "./speech.ts";
import { createEvent, startDarkroom, until } from "./harness.ts";
import { JobWork } from "../shared/kinds/index.ts";
import { IS_LONG } from "./long.ts";

const darkroom = startDarkroom({ RETENTION_DAYS: "30" });
const DAY_MS = 24 * 3_600_000;

async function insertSilently(id: string): Promise<string> {
  const now = Date.now();
  const work = JobWork.parse({ kind: "classification", input: { text: "x", options: {} } });
  const job = await newJob(work, { ...DEFAULT_TERMS, reuse: false }, { id, ownerId: "operator", createdAt: now });
  await insertJobs(darkroom.bindings().DB, { jobs: [job], uploads: [] }, now);
  return job.taskId;
}

test("a task whose wake-up was lost is woken again once its grace is over", async () => {
  await insertSilently("job_silent");
  await darkroom.maintain();
  expect((await darkroom.readJob("job_silent")).state).toBe("queued");
  await darkroom.maintain(new Date(Date.now() + 61_000));
  expect(await darkroom.untilJob("job_silent")).toMatchObject({ state: "completed" });
});

test("a wake-up counts as lost one grace after its task was due, and the next one two graces later", async () => {
  const { DB } = darkroom.bindings();
  const graceMs = 60_000;
  const taskId = await insertSilently("job_due");
  const dueAt = (await DB.prepare("SELECT scheduled_at AS at FROM tasks").first<number>("at"))!;
  const take = (afterMs: number) => takeDueTasks(DB, { now: dueAt + afterMs, graceMs, limit: 10, callsAMinute: {} });
  expect(await take(graceMs - 1)).toEqual([]);
  expect(await take(graceMs)).toEqual([taskId]);
  expect(await take(3 * graceMs - 1)).toEqual([]);
  expect(await take(3 * graceMs)).toEqual([taskId]);
  // An earlier version wrote its grace period into the row, five minutes by default.
  await DB.prepare("UPDATE tasks SET check_at = scheduled_at + 300000").run();
  expect(await take(graceMs - 1)).toEqual([]);
  expect(await take(graceMs)).toEqual([taskId]);
});

test("a wake-up that comes before a task is due leases nothing, whatever 'check_at' says", async () => {
  const { DB } = darkroom.bindings();
  await insertSilently("job_early");
  const now = Date.now();
  await DB.prepare("UPDATE tasks SET scheduled_at = ?1, check_at = 0")
    .bind(now + 10_000)
    .run();
  const lease = { id: "early", now, leaseMs: 90_000, limit: 10, callsAMinute: {} };
  expect(await leaseTasks(DB, lease)).toEqual([]);
  expect(await leaseTasks(DB, { ...lease, now: now + 10_000 })).toHaveLength(1);
});

test("a task whose consumer died is freed and tried again", async () => {
  const { DB } = darkroom.bindings();
  await insertSilently("job_once");
  await DB.prepare("UPDATE tasks SET scheduled_at = 0").run();
  const dead = { id: "dead", now: Date.now() - 100_000, leaseMs: 90_000, limit: 10, callsAMinute: {} };
  expect(await leaseTasks(DB, dead)).toHaveLength(1);
  await darkroom.maintain();
  const freed = await darkroom.untilJob("job_once");
  expect(freed.state).toBe("completed");
  expect(freed.attempts.map(({ outcome }) => outcome)).toEqual(["lost", "completed"]);
});

test("an object whose event was dropped gets its job, once", async () => {
  await darkroom.bindings().MEDIA.put("inbox/dropped.mp3", speech("nobody told us"));
  await darkroom.maintain();
  expect(await jobIds()).toEqual([]);
  const later = new Date(Date.now() + 61_000);
  await darkroom.maintain(later);
  const [id] = await until(jobIds, (ids) => ids.length > 0);
  expect(await darkroom.untilJob(id!)).toMatchObject({ kind: "transcription", state: "completed" });
  await darkroom.maintain(later);
  expect(await jobIds()).toEqual([id]);
});

test.runIf(IS_LONG)("a sweep continues where the last one stopped", async () => {
  const { MEDIA } = darkroom.bindings();
  const names = Array.from({ length: 1010 }, (_, index) => `inbox/${String(index).padStart(4, "0")}.bin`);
  for (let start = 0; start < names.length; start += 50) {
    await Promise.all(names.slice(start, start + 50).map((name) => MEDIA.put(name, "\u0000")));
  }
  await MEDIA.put("inbox/last.mp3", speech("the last one"));
  const later = new Date(Date.now() + 61_000);
  for (let run = 0; run < 8; run += 1) await darkroom.maintain(later);
  const [id] = await until(jobIds, (ids) => ids.length > 0);
  expect((await darkroom.untilJob(id!)).state).toBe("completed");
  const count = await darkroom.bindings().DB.prepare("SELECT count(*) AS n FROM uploads").first<number>("n");
  expect(count).toBe(1011);
});

test("a job is pruned with its results after the retention, its source stays and is not bought again", async () => {
  const { MEDIA, DB } = darkroom.bindings();
  await darkroom.putAndAnnounce("inbox/old.mp3", speech("long ago"));
  const [id] = await until(jobIds, (ids) => ids.length > 0);
  await darkroom.untilJob(id!);
  await darkroom.maintain(new Date(Date.now() + 29 * DAY_MS));
  expect(await jobIds()).toEqual([id]);
  await darkroom.maintain(new Date(Date.now() + 31 * DAY_MS));
  expect(await jobIds()).toEqual([]);
  expect((await MEDIA.list({ prefix: "results/" })).objects).toEqual([]);
  expect(await MEDIA.head("inbox/old.mp3")).not.toBeNull();
  for (const table of ["tasks", "attempts", "artifacts"]) {
    expect(await DB.prepare(`SELECT count(*) AS n FROM ${table}`).first("n")).toBe(0);
  }
  await darkroom.maintain(new Date(Date.now() + 32 * DAY_MS));
  expect(await jobIds()).toEqual([]);
});

test("an upload's event that the platform gave up on becomes a dead letter, and can be sent again", async () => {
  const event = createEvent("inbox/never.mp3", 1, "etag");
  await darkroom.giveUpOn(event);
  type Letters = { deadLetters: { id: string; taskId: string | null; queue: string; body: string | null }[] };
  const { deadLetters } = await until(
    async () => (await darkroom.api("/v1/dead-letters?view=list")).json<Letters>(),
    (list) => list.deadLetters.length === 1,
  );
  expect(deadLetters).toMatchObject([
    { taskId: null, kind: "message", queue: "media-dead-letters", body: JSON.stringify(event) },
  ]);
  const redrive = `/v1/dead-letters/${deadLetters[0]!.id}/redrive`;
  expect((await darkroom.api(redrive, { method: "POST" })).status).toBe(202);
  expect((await darkroom.api(redrive, { method: "POST" })).status).toBe(409);
  // The event was delivered again. Its object is gone, which is recorded.
  const { uploads } = await until(
    async () => (await darkroom.api("/v1/uploads")).json<{ uploads: { key: string; ignoredReason: string }[] }>(),
    (list) => list.uploads.length > 0,
  );
  expect(uploads).toMatchObject([
    { key: "inbox/never.mp3", ignoredReason: expect.stringContaining("deleted") as string },
  ]);
});

test("no job fails because the platform gave up on messages: they name no task, and others are sent", async () => {
  const done = await darkroom.submit({ kind: "classification", text: "done" });
  await darkroom.untilJob(done.id);
  const taskId = await insertSilently("job_waiting");
  // Messages as this version and an earlier one send them.
  for (const body of [{ v: 1 }, { v: 1, taskId }, { v: 1, taskId: `${done.id}.classify` }])
    await darkroom.giveUpOn(body);
  await darkroom.giveUpOn({ marker: true });
  await until(
    async () => (await darkroom.api("/v1/dead-letters?view=list")).json<{ deadLetters: unknown[] }>(),
    (list) => list.deadLetters.length === 1,
  );
  expect((await darkroom.readJob(done.id)).state).toBe("completed");
  expect((await darkroom.readJob("job_waiting")).state).toBe("queued");
  await darkroom.maintain(new Date(Date.now() + 121_000));
  expect((await darkroom.untilJob("job_waiting")).state).toBe("completed");
});

async function jobIds(): Promise<string[]> {
  const { jobs } = await (await darkroom.api("/v1/jobs")).json<{ jobs: { id: string }[] }>();
  return jobs.map(({ id }) => id);
}
