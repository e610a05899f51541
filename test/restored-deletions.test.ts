// The database is restored to a moment before jobs were deleted, or reused a result. Nothing that was deleted comes back, and
// nothing is paid for again.
import { beforeEach, expect, test } from "vitest";

import { insertJobs } from "../shared/db/jobs/jobs.ts";
import { uploadJobId } from "../shared/uploads/announcement.ts";
import { MEDIA_BUCKET } from "../shared/uploads/storage.ts";
import { findEverywhere } from "./everywhere.ts";
import { startDarkroom, until } from "./harness.ts";
import { speech } from "./speech.ts";
import { type Bookmark, setBack, takeBookmark } from "./time-travel.ts";
import { IS_LONG, someOf } from "./long.ts";

const darkroom = startDarkroom();
const MINUTE_MS = 60_000;
const DAY_MS = 24 * 60 * MINUTE_MS;

const remove = async (id: string, query = "") => {
  expect((await darkroom.api(`/v1/jobs/${id}${query}`, { method: "DELETE" })).status).toBe(200);
};
const count = (sql: string) => darkroom.bindings().DB.prepare(sql).first<number>("n");

interface Job {
  readonly id: string;
  readonly state: string;
}
const listJobs = async () => (await (await darkroom.api("/v1/jobs")).json<{ jobs: Job[] }>()).jobs;

async function untilJobs(ids: readonly string[]): Promise<void> {
  const jobs = await until(listJobs, (found) => found.length >= ids.length && found.every(hasEnded));
  expect(new Map(jobs.map(({ id, state }) => [id, state]))).toEqual(new Map(ids.map((id) => [id, "completed"])));
}
const hasEnded = ({ state }: Job) => state !== "queued" && state !== "running";

/** Put an object and wait until its job has ended. */
async function putJob(key: string, text: string): Promise<string> {
  const before = new Set((await listJobs()).map(({ id }) => id));
  await darkroom.putAndAnnounce(key, speech(text));
  const isNew = ({ id }: Job) => !before.has(id);
  const jobs = await until(listJobs, (found) => found.some((job) => isNew(job) && hasEnded(job)));
  return jobs.find(isNew)!.id;
}

/** Return how often any model was called. */
async function asked(): Promise<number> {
  const { calls } = await darkroom.modelCalls();
  return Object.values(calls).reduce((sum, one) => sum + one, 0);
}

let now = Date.now();
beforeEach(() => {
  now = Date.now();
});

/** Run maintenance, and wait until every task that it wakes has ended. */
async function maintain(afterMs: number): Promise<void> {
  now += afterMs;
  await darkroom.maintain(new Date(now));
  await until(listJobs, (found) => found.every(hasEnded));
}

/** Return a moment to restore. Maintenance ran just before it. */
async function bookmark(): Promise<Bookmark> {
  await maintain(0);
  return takeBookmark(darkroom.bindings().DB);
}

/** Restore the database. Maintenance notices it, and sweeps the inbox. */
async function restore(to: Bookmark): Promise<void> {
  // Wait until the events since then are recorded.
  await maintain(2 * MINUTE_MS);
  await setBack(darkroom.bindings().DB, to);
  await maintain(MINUTE_MS);
  expect(await count("SELECT count(*) AS n FROM restores WHERE done_at IS NOT NULL")).toBeGreaterThan(0);
}

test("an upload whose job was deleted stays without one, and its key takes new content", async () => {
  const then = await bookmark();
  const id = await putJob("inbox/viola.wav", "a viola");
  await remove(id);
  const before = await asked();

  await restore(then);
  expect(await listJobs()).toEqual([]);
  // As before the restore, the upload is known and had its job.
  expect(await count(`SELECT count(*) AS n FROM uploads WHERE job_id = '${id}'`)).toBe(1);
  await maintain(MINUTE_MS);
  expect([await listJobs(), await asked()]).toEqual([[], before]);

  const other = await putJob("inbox/viola.wav", "another viola");
  await untilJobs([other]);
  expect(await asked()).toBe(before + 1);
});

test("an object that came again after its job was deleted, and gets none for another reason, is listed with that reason", async () => {
  const { DB } = darkroom.bindings();
  const announcement = { bucket: MEDIA_BUCKET, key: "inbox/again.txt", etag: "same", storedAt: now };
  const jobId = await uploadJobId(announcement);
  await DB.prepare("INSERT INTO tombstones (job_id, deleted_at, taken_up_at) VALUES (?1, ?2, ?2)")
    .bind(jobId, now - 1000)
    .run();
  const upload = {
    ...announcement,
    ownerId: "operator",
    sizeBytes: 3,
    jobId,
    ignoredReason: null,
    ifRefused: "at its limit",
  };
  const { refused } = await insertJobs(DB, { jobs: [], uploads: [upload] }, now);
  expect(refused).toMatchObject([{ key: "inbox/again.txt", ignoredReason: "at its limit" }]);
  const older = { ...upload, etag: "older", storedAt: now - 2000 };
  expect((await insertJobs(DB, { jobs: [], uploads: [older] }, now)).refused).toEqual([]);
});

test.runIf(IS_LONG)("an upload whose job was pruned stays without one", async () => {
  await darkroom.api("/v1/retention/operator", { method: "PUT", body: JSON.stringify({ days: 3 }) });
  const then = await bookmark();
  await putJob("inbox/cello.wav", "a cello");
  const described = await darkroom.submit({ kind: "classification", text: "a contrabass" });
  await darkroom.untilJob(described.id);
  const before = await asked();
  await maintain(4 * DAY_MS);
  expect(await listJobs()).toEqual([]);

  await restore(then);
  await maintain(MINUTE_MS);
  expect([await listJobs(), await asked()]).toEqual([[], before]);
});

test("jobs that are kept longer than Time Travel reaches back leave no mark when they are pruned", async () => {
  await putJob("inbox/harp.wav", "a harp");
  await maintain(31 * DAY_MS);
  expect(await listJobs()).toEqual([]);
  const { objects } = await darkroom.bindings().MEDIA.list({ prefix: "system/deleted/" });
  expect(objects).toEqual([]);
});

test("a job that the earlier database knows unfinished, and that was pruned since, does not run again", async () => {
  await darkroom.api("/v1/retention/operator", { method: "PUT", body: JSON.stringify({ days: 3 }) });
  await darkroom.post("/v1/queues/classification/pause", {});
  const { id } = await darkroom.submit({ kind: "classification", text: "a lute" });
  await darkroom.maintain(new Date(now));
  const then = await takeBookmark(darkroom.bindings().DB);
  await darkroom.post("/v1/queues/classification/resume", {});
  await darkroom.untilJob(id);
  const before = await asked();
  await maintain(4 * DAY_MS);
  expect(await listJobs()).toEqual([]);

  await setBack(darkroom.bindings().DB, then);
  await maintain(MINUTE_MS);
  await darkroom.post("/v1/queues/classification/resume", {});
  await maintain(MINUTE_MS);
  expect([await listJobs(), await asked()]).toEqual([[], before]);
});

test("the job of an upload that was deleted and stored again comes back with its stored result", async () => {
  const then = await bookmark();
  const id = await putJob("inbox/oboe.wav", "an oboe");
  await remove(id, "?source=true");
  expect(await putJob("inbox/oboe.wav", "an oboe")).toBe(id);
  const before = await asked();

  await restore(then);
  await untilJobs([id]);
  expect(await asked()).toBe(before);
});

test("a source that another job reads stays, and only that job comes back", async () => {
  const then = await bookmark();
  const id = await putJob("inbox/horn.wav", "a horn");
  const second = { kind: "transcription", source: "inbox/horn.wav", options: { language: "de" } };
  const other = await darkroom.submit(second);
  await darkroom.untilJob(other.id);
  await remove(id, "?source=true");
  const before = await asked();

  await restore(then);
  await untilJobs([other.id]);
  expect(await asked()).toBe(before);
  // A request by hand makes new work of the source, as before the restore.
  const again = await darkroom.submit({ kind: "transcription", source: "inbox/horn.wav", options: { language: "fr" } });
  expect(again.id).not.toBe(id);
  await untilJobs([other.id, again.id]);
});

test.runIf(IS_LONG)("the inbox is not swept before maintenance knows what was deleted", async () => {
  const { DB, MEDIA } = darkroom.bindings();
  const then = await bookmark();
  await remove(await putJob("inbox/tuba.wav", "a tuba"));
  const before = await asked();
  await maintain(2 * MINUTE_MS);
  // An unreadable object stops the restore before it reaches the deletions.
  const unreadable = `system/reused/${now.toString(16).padStart(12, "0")}-job_x`;
  await MEDIA.put(unreadable, "{");
  await setBack(DB, then);
  await maintain(MINUTE_MS);
  expect(await count("SELECT count(*) AS n FROM restores WHERE done_at IS NULL")).toBe(1);
  expect([await listJobs(), await asked()]).toEqual([[], before]);
  await MEDIA.delete(unreadable);
  await maintain(MINUTE_MS);
  expect(await count("SELECT count(*) AS n FROM restores WHERE done_at IS NULL")).toBe(0);
  expect([await listJobs(), await asked()]).toEqual([[], before]);
});

test.runIf(IS_LONG)(
  "of two uploads of the same bytes, the one that reused the result pays nothing, whichever is found first",
  async () => {
    const then = await bookmark();
    const leader = await putJob("inbox/z.wav", "a zither");
    const follower = await putJob("inbox/a.wav", "a zither");
    expect(await darkroom.readJob(follower)).toMatchObject({ reused: { jobId: leader } });
    const before = await asked();

    await restore(then);
    await untilJobs([leader, follower]);
    expect(await asked()).toBe(before);
    expect(await darkroom.readJob(follower)).toMatchObject({ reused: { jobId: leader } });
  },
);

test.each(someOf(["both", "one"], 2))(
  "a result that outlives its job is still shown, when the earlier database knows %s of neither",
  async (known) => {
    const picture = { kind: "image_generation", prompt: `a bassoon of ${known}` };
    const text = { kind: "classification", text: `a good bassoon of ${known}` };
    const atFirst = await bookmark();
    const leaders = [await darkroom.submit(picture), await darkroom.submit(text)];
    for (const { id } of leaders) await darkroom.untilJob(id);
    const then = known === "both" ? atFirst : await bookmark();
    const shown = await darkroom.submit(picture);
    const labelled = await darkroom.submit(text);
    await untilJobs([...leaders, shown, labelled].map(({ id }) => id));
    const { labels } = await darkroom.readJob(labelled.id);
    expect(labels).not.toEqual([]);
    for (const { id } of leaders) await remove(id);
    const before = await asked();

    await restore(then);
    await untilJobs([shown.id, labelled.id]);
    expect(await asked()).toBe(before);
    expect(await darkroom.readJob(labelled.id)).toMatchObject({ labels, reused: { jobId: leaders[1]!.id } });
    const image = await darkroom.api(`/v1/jobs/${shown.id}/artifacts/image.jpg`);
    expect([image.status, (await image.arrayBuffer()).byteLength > 0]).toEqual([200, true]);

    // It is deleted with the last job that shows it.
    await remove(shown.id);
    await remove(labelled.id);
    expect(await findEverywhere(darkroom.bindings(), "bassoon")).toEqual([]);
    expect((await darkroom.bindings().MEDIA.list({ prefix: "results/" })).objects).toEqual([]);
  },
);

test.runIf(IS_LONG)(
  "a result that was kept for a job which never comes back is deleted a month after the restore",
  async () => {
    const { MEDIA } = darkroom.bindings();
    const results = async () => (await MEDIA.list({ prefix: "results/" })).objects.map(({ key }) => key);
    const then = await bookmark();
    const leader = await putJob("inbox/z.wav", "a sitar");
    const shown = await putJob("inbox/a.wav", "a sitar");
    expect(await darkroom.readJob(shown)).toMatchObject({ reused: { jobId: leader } });
    await remove(leader);
    // Its object is deleted without Darkroom, so nothing makes the job again.
    await MEDIA.delete("inbox/a.wav");
    await restore(then);
    expect(await listJobs()).toEqual([]);
    const kept = await results();
    expect(kept).not.toEqual([]);
    await maintain(30 * DAY_MS);
    expect(await results()).toEqual(kept);

    await maintain(2 * DAY_MS);
    expect(await results()).toEqual([]);
    expect(await count("SELECT count(*) AS n FROM reuses")).toBe(0);
  },
);

test("notes from the last minutes of a restore are deleted with it", async () => {
  const { DB } = darkroom.bindings();
  const restored = DB.prepare(
    "INSERT INTO restores (found_at, went_back_to, taken_up_to, done_at) VALUES (?1, 0, '', ?2)",
  );
  await restored.bind(now, now + 5 * MINUTE_MS).run();
  const learnt = DB.prepare("INSERT INTO tombstones (job_id, deleted_at, taken_up_at) VALUES ('job_x', 1, ?1)");
  await learnt.bind(now + 5 * MINUTE_MS).run();
  await darkroom.maintain(new Date(now + 31 * DAY_MS + MINUTE_MS));
  expect(await count("SELECT count(*) AS n FROM tombstones")).toBe(1);
  await darkroom.maintain(new Date(now + 31 * DAY_MS + 6 * MINUTE_MS));
  expect(await count("SELECT (SELECT count(*) FROM tombstones) + (SELECT count(*) FROM restores) AS n")).toBe(0);
});

test("a month after a restore the database has nothing left of it", async () => {
  const then = await bookmark();
  await remove(await putJob("inbox/drum.wav", "a drum"));
  const request = { kind: "classification", text: "a good drum" };
  const first = await darkroom.submit(request);
  await darkroom.untilJob(first.id);
  await darkroom.submit(request);
  await restore(then);
  const learnt = `SELECT (SELECT count(*) FROM restores) || ' ' || (SELECT count(*) FROM tombstones) || ' ' || (SELECT count(*) FROM reuses) AS n`;
  expect(await count(learnt)).toBe("1 1 1");
  await maintain(32 * DAY_MS);
  expect(await count(learnt)).toBe("0 0 0");
});
