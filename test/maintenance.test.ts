import { expect, test } from "vitest";

import { insertJobs } from "../shared/db/jobs.ts";
import { leaseTasks } from "../shared/db/leases.ts";
import { JobWork, newJob } from "../shared/new-job.ts";
import { DEFAULT_TERMS } from "../shared/terms.ts";
import { speech } from "./speech.ts";
import { createEvent, startDarkroom, until } from "./harness.ts";

const darkroom = startDarkroom({ RETENTION_DAYS: "30" });
const DAY_MS = 24 * 3_600_000;

async function insertSilently(id: string): Promise<string> {
  const now = Date.now();
  const work = JobWork.parse({ kind: "classification", input: { text: "x", options: {} } });
  const job = await newJob(
    work,
    { ...DEFAULT_TERMS, reuse: false },
    { id, ownerId: "operator", createdAt: now, ringGraceMs: 60_000 },
  );
  await insertJobs(darkroom.bindings().DB, { jobs: [job], uploads: [] }, { now, ringGraceMs: 60_000 });
  return job.taskId;
}

test("a task whose wake-up was lost is rung again once its grace is over", async () => {
  await insertSilently("job_silent");
  await darkroom.maintain();
  expect((await darkroom.readJob("job_silent")).state).toBe("queued");
  await darkroom.maintain(new Date(Date.now() + 61_000));
  expect(await darkroom.untilJob("job_silent")).toMatchObject({ state: "completed" });
});

test("a task whose consumer died is freed and tried again; one that always kills it comes to an end", async () => {
  const { DB } = darkroom.bindings();
  await insertSilently("job_once");
  await insertSilently("job_always");
  await DB.prepare("UPDATE tasks SET scheduled_at = 0").run();
  const dead = { id: "dead", now: Date.now() - 100_000, leaseMs: 90_000, limit: 10, callsAMinute: {} };
  expect(await leaseTasks(DB, dead)).toHaveLength(2);
  await DB.prepare("UPDATE tasks SET lost = 9 WHERE job_id = 'job_always'").run();
  await darkroom.maintain();

  const freed = await darkroom.untilJob("job_once");
  expect(freed.state).toBe("completed");
  expect(freed.attempts.map(({ outcome }) => outcome)).toEqual(["lost", "completed"]);
  const ended = await darkroom.untilJob("job_always");
  expect(ended).toMatchObject({ state: "failed", error: { code: "worker_lost" } });
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

test("a sweep goes on where the last one stopped", async () => {
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

test("a message that the platform gave up on becomes a dead letter, and can be sent again", async () => {
  const taskId = await insertSilently("job_undelivered");
  const event = createEvent("inbox/never.mp3", 1, "etag");
  await darkroom.giveUpOn({ v: 1, taskId });
  await darkroom.giveUpOn(event);
  const job = await darkroom.untilJob("job_undelivered");
  expect(job).toMatchObject({ state: "failed", error: { code: "delivery_exhausted" } });

  type Letters = { deadLetters: { id: string; taskId: string | null; queue: string; body: string | null }[] };
  const { deadLetters } = await until(
    async () => (await darkroom.api("/v1/dead-letters?view=list")).json<Letters>(),
    (list) => list.deadLetters.length === 2,
  );
  const letter = deadLetters.find((found) => found.taskId === taskId);
  expect(letter!.id).toMatch(/^dl_job_undelivered\.[a-z_]+\.0\.undelivered\.\d{13}$/);
  const message = deadLetters.find((found) => found.taskId === null);
  expect(message).toMatchObject({ kind: "message", queue: "media-dead-letters", body: JSON.stringify(event) });
  for (const { id } of [letter!, message!]) {
    expect((await darkroom.api(`/v1/dead-letters/${id}/redrive`, { method: "POST" })).status).toBe(202);
    expect((await darkroom.api(`/v1/dead-letters/${id}/redrive`, { method: "POST" })).status).toBe(409);
  }
  expect((await darkroom.untilJob("job_undelivered")).state).toBe("completed");
  // The event came again: its object is gone, and that is on record.
  const { uploads } = await until(
    async () => (await darkroom.api("/v1/uploads")).json<{ uploads: { key: string; ignoredReason: string }[] }>(),
    (list) => list.uploads.length > 0,
  );
  expect(uploads).toMatchObject([
    { key: "inbox/never.mp3", ignoredReason: expect.stringContaining("deleted") as string },
  ]);
});

test("a finished or running task is not given up on by a late dead letter", async () => {
  const { id } = await darkroom.submit({ kind: "classification", text: "done" });
  await darkroom.untilJob(id);
  await darkroom.giveUpOn({ v: 1, taskId: `${id}.classify` });
  await darkroom.giveUpOn({ marker: true });
  await until(
    async () => (await darkroom.api("/v1/dead-letters?view=list")).json<{ deadLetters: unknown[] }>(),
    (list) => list.deadLetters.length === 1,
  );
  expect((await darkroom.readJob(id)).state).toBe("completed");
});

async function jobIds(): Promise<string[]> {
  const { jobs } = await (await darkroom.api("/v1/jobs")).json<{ jobs: { id: string }[] }>();
  return jobs.map(({ id }) => id);
}
