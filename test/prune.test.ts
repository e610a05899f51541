// Maintenance prunes thousands of jobs a minute, and whatever stops it half-way, nothing of them stays.
import { expect, test } from "vitest";

import { finishPrunings, nextSize } from "../consumer/maintenance/prune-many.ts";
import { pruneFinalized } from "../consumer/maintenance/prune.ts";
import { countedBucket } from "../shared/jobs/operations.ts";
import { insertJobs } from "../shared/db/jobs/jobs.ts";
import { leaseTasks } from "../shared/db/tasks/leases.ts";
import { settleTasks } from "../shared/db/tasks/settle.ts";
import { newJob } from "../shared/jobs/new-job.ts";
import type { EndedAttempt } from "../shared/jobs/outcome.ts";
import { DEFAULT_TERMS } from "../shared/jobs/terms.ts";
import { artifactKey } from "../shared/uploads/storage.ts";
import { counted } from "./counting.ts";
import { startDarkroom } from "./harness.ts";
import { sampled } from "./long.ts";

const darkroom = startDarkroom();
const DAY_MS = 24 * 3_600_000;
const RETENTION = { retentionDays: 30 };
const LATER = 31 * DAY_MS;
const passages = { put: () => Promise.reject(new Error()), query: () => Promise.resolve([]), forget: async () => {} };

/** Jobs that have ended, as the product's own statements make them, each with one object. */
async function makeEnded(count: number, tags: readonly string[] = []): Promise<readonly string[]> {
  const { DB, MEDIA } = darkroom.bindings();
  const now = Date.now();
  const jobs = await Promise.all(
    Array.from({ length: count }, (_, index) => {
      const work = {
        kind: "classification",
        input: { text: `x ${index}`, options: { topK: 1, minScore: 0 } },
      } as const;
      const about = { id: `job_${crypto.randomUUID()}`, ownerId: "operator", createdAt: now };
      return newJob(work, { ...DEFAULT_TERMS, reuse: false }, { ...about, marks: { tags: [...tags], metadata: {} } });
    }),
  );
  await insertJobs(DB, { jobs, uploads: [] }, now);
  const lease = { id: crypto.randomUUID(), now: Date.now(), leaseMs: 90_000, limit: count, callsAMinute: {} };
  const tasks = await leaseTasks(DB, lease);
  expect(tasks).toHaveLength(count);
  const body = "{}";
  const ended = tasks.map(({ id, jobId }): EndedAttempt => {
    const key = artifactKey(jobId, 1, "labels.json");
    const artifact = { name: "labels.json", key, contentType: "application/json", sizeBytes: 2, etag: "e" };
    const labels = [{ label: "cat", score: 1 }];
    const passage = { id: `${jobId}:text:0`, source: "text", text: "x cat", startMs: null, endMs: null } as const;
    const outcome = { type: "completed", artifacts: [artifact], labels, passages: [passage] } as const;
    const told = {
      operations: { r2ClassA: 1, r2ClassB: 0, d1RowsRead: 0, d1RowsWritten: 0 },
      stored: ["labels.json"],
    };
    const at = { startedAt: now, finishedAt: now };
    return { taskId: id, leaseId: lease.id, outcome, calls: [], isBudgeted: false, ...told, ...at };
  });
  await settleTasks(DB, ended, { now: Date.now() });
  for (let start = 0; start < count; start += 50) {
    await Promise.all(
      tasks.slice(start, start + 50).map(({ jobId }) => MEDIA.put(artifactKey(jobId, 1, "labels.json"), body)),
    );
  }
  return jobs.map(({ id }) => id);
}

async function countLeft(): Promise<Record<string, number>> {
  const { DB, MEDIA } = darkroom.bindings();
  const tables = [
    "jobs",
    "tasks",
    "attempts",
    "artifacts",
    "job_labels",
    "job_marks",
    "passages",
    "prunings",
    "deletions",
  ];
  const rows = await DB.batch<{ n: number }>(tables.map((table) => DB.prepare(`SELECT count(*) AS n FROM ${table}`)));
  const { objects } = await MEDIA.list({ prefix: "results/" });
  const left = [
    ...tables.map((table, index) => [table, rows[index]?.results[0]?.n ?? 0] as const),
    ["objects", objects.length] as const,
  ];
  return Object.fromEntries(left.filter(([, count]) => count > 0));
}

test("a job costs a few rows and no list of the bucket, and thousands are pruned in a minute", async () => {
  const JOBS = sampled(400, 4000);
  const { DB, MEDIA } = darkroom.bindings();
  for (let made = 0; made < JOBS; made += 400) await makeEnded(400, ["nightly"]);
  // Marks of other jobs: a statement that does not use their key reads them all.
  await DB.prepare(
    `INSERT INTO job_marks (owner_id, mark, created_at, job_id)
     SELECT 'other', 'tag:x', n.value, 'job_' || n.value FROM json_each(?1) n`,
  )
    .bind(JSON.stringify(Array.from({ length: 20_000 }, (_, index) => index)))
    .run();
  const { counts, db } = counted(DB);
  const calls = { r2ClassA: 0, r2ClassB: 0 };
  const beganAt = performance.now();
  const deps = { db, media: countedBucket(MEDIA, calls), passages, ...RETENTION };
  expect(await pruneFinalized(deps, Date.now() + LATER)).toBe(JOBS);
  const jobsAMinute = (JOBS / (performance.now() - beganAt)) * 60_000;
  await DB.prepare("DELETE FROM job_marks WHERE owner_id = 'other'").run();
  expect(await countLeft()).toEqual({});
  expect(calls).toEqual({ r2ClassA: 0, r2ClassB: 0 });
  expect(counts.rowsRead / JOBS).toBeLessThan(70);
  expect(counts.rowsWritten / JOBS).toBeLessThan(12);
  expect(jobsAMinute).toBeGreaterThan(2000);
});

test("an object that no row names is deleted too: from an attempt that died, and from an edit whose Worker died", async () => {
  const { DB, MEDIA } = darkroom.bindings();
  const [died, edited, plain] = await makeEnded(3);
  await DB.prepare("UPDATE tasks SET attempt = 2 WHERE job_id = ?1").bind(died).run();
  await DB.prepare("INSERT INTO edited_jobs (job_id, begun_at) VALUES (?1, 1)").bind(edited).run();
  await MEDIA.put(artifactKey(died!, 2, "labels.json"), "{}");
  await MEDIA.put(`results/${edited}/edits/1-a.json`, "{}");
  expect(plain).toBeDefined();
  const calls = { r2ClassA: 0, r2ClassB: 0 };
  const deps = { db: DB, media: countedBucket(MEDIA, calls), passages, ...RETENTION };
  expect(await pruneFinalized(deps, Date.now() + LATER)).toBe(3);
  expect(await countLeft()).toEqual({});
  expect(calls.r2ClassA).toBe(2);
});

test("other objects of a job are deleted by name too: answers that a later attempt would have reused", async () => {
  const { DB, MEDIA } = darkroom.bindings();
  const text = "one two\nthree four";
  const { id } = await darkroom.submit({ kind: "classification", text, then: ["summarise", "embed"] });
  await darkroom.untilJob(id);
  const { objects } = await MEDIA.list({ prefix: `results/${id}/` });
  const named = await DB.prepare("SELECT count(*) AS n FROM artifacts WHERE job_id = ?1").bind(id).first<number>("n");
  expect(objects.length).toBeGreaterThan(named!);
  // An attempt of an earlier version does not tell what it stored.
  const [earlier] = await makeEnded(1);
  await DB.prepare("UPDATE attempts SET operations = json_remove(operations, '$.stored') WHERE task_id LIKE ?1 || '%'")
    .bind(earlier)
    .run();
  await MEDIA.put(artifactKey(earlier!, 1, "vectors-a.json"), "{}");
  const calls = { r2ClassA: 0, r2ClassB: 0 };
  const deps = { db: DB, media: countedBucket(MEDIA, calls), passages, ...RETENTION };
  expect(await pruneFinalized(deps, Date.now() + LATER)).toBe(2);
  expect(await countLeft()).toEqual({});
  expect(calls.r2ClassA).toBe(1);
});

test("a prune reads few rows for each job, and each of its statements reads only the jobs that it is about", async () => {
  const { DB, MEDIA } = darkroom.bindings();
  const rowsOf = async (jobs: number, tags: readonly string[]) => {
    await makeEnded(jobs, tags);
    const { counts, db } = counted(DB);
    expect(await pruneFinalized({ db, media: MEDIA, passages, ...RETENTION }, Date.now() + LATER)).toBe(jobs);
    expect(await countLeft()).toEqual({});
    return counts.rowsRead / jobs;
  };
  // Six rows are deleted of each, and four of the index of words. SQLite looks up each of them, notes it and finds it once more.
  expect(await rowsOf(100, [])).toBeLessThan(50);
  expect(await rowsOf(100, ["one"])).toBeLessThan(56);
});

test("the objects of a job whose tasks left the database go by the names that its row kept, or are listed", async () => {
  const { DB, MEDIA } = darkroom.bindings();
  const [kept, unknown] = await makeEnded(2);
  await DB.batch([
    DB.prepare("UPDATE jobs SET stored_names = '[\"labels.json\"]' WHERE id = ?1").bind(kept),
    DB.prepare("DELETE FROM tasks"),
    DB.prepare("DELETE FROM artifacts"),
  ]);
  await MEDIA.put(artifactKey(unknown!, 2, "labels.json"), "{}");
  const calls = { r2ClassA: 0, r2ClassB: 0 };
  const deps = { db: DB, media: countedBucket(MEDIA, calls), passages, ...RETENTION };
  expect(await pruneFinalized(deps, Date.now() + LATER)).toBe(2);
  expect(await countLeft()).toEqual({});
  expect(calls.r2ClassA).toBe(1);
});

test("after a restore, results that the database may not know are searched for in the bucket", async () => {
  const { DB, MEDIA } = darkroom.bindings();
  const [id] = await makeEnded(1);
  await MEDIA.put(artifactKey(id!, 7, "labels.json"), "{}");
  await DB.prepare("INSERT INTO cursors (name, value) VALUES ('listed_before', ?1)")
    .bind(String(Date.now() + 1))
    .run();
  expect(await pruneFinalized({ db: DB, media: MEDIA, passages, ...RETENTION }, Date.now() + LATER)).toBe(1);
  expect(await countLeft()).toEqual({});
});

test.each(["put", "delete", "forget"])("a prune that dies at its '%s' is finished by a later run", async (call) => {
  const { DB, MEDIA } = darkroom.bindings();
  await makeEnded(5);
  const dies = (): never => {
    throw new Error("the Worker died");
  };
  // Not retried, as the Worker is gone.
  const media = new Proxy(MEDIA, {
    get: (bucket, name) => (name === call ? dies : (Reflect.get(bucket, name) as () => unknown).bind(bucket)),
  });
  const dead = { db: DB, media, passages: call === "forget" ? { ...passages, forget: dies } : passages };
  const at = Date.now() + 4 * DAY_MS;
  await expect(pruneFinalized({ ...dead, retentionDays: 3 }, at)).rejects.toThrow("the Worker died");
  expect(await DB.prepare("SELECT count(*) AS n FROM jobs").first("n")).toBe(0);
  expect(await DB.prepare("SELECT count(*) AS n FROM prunings").first("n")).toBe(1);
  // What cannot be deleted holds up no other prune.
  await makeEnded(1);
  await pruneFinalized({ db: DB, media: MEDIA, passages, retentionDays: 3 }, at + 6 * 60_000);
  expect(await DB.prepare("SELECT count(*) AS n FROM jobs").first("n")).toBe(0);
  const later = { db: DB, media: MEDIA, passages };
  await finishPrunings(later, at + 60_000); // the dead run may still be at work
  expect(await DB.prepare("SELECT count(*) AS n FROM prunings").first("n")).toBe(1);
  await finishPrunings(later, at + 6 * 60_000);
  expect(await countLeft()).toEqual({});
  const { objects } = await MEDIA.list({ prefix: "system/deleted/" });
  expect(objects).toHaveLength(2);
});

test("a job that was made again after its prune stopped keeps its results", async () => {
  const { DB, MEDIA } = darkroom.bindings();
  const [back, gone] = await makeEnded(2);
  const jobs = [back, gone].map((id) => {
    return { id, names: ["labels.json"], passageIds: [], recordedAt: null, isRemembered: 0 };
  });
  await DB.batch([
    DB.prepare("INSERT INTO prunings (id, pruned_at, jobs) VALUES ('pr_1', 1, ?1)").bind(JSON.stringify(jobs)),
    DB.prepare("DELETE FROM jobs WHERE id = ?1").bind(gone),
  ]);
  await finishPrunings({ db: DB, media: MEDIA, passages }, Date.now());
  expect(await countLeft()).toMatchObject({ jobs: 1, objects: 1 });
  expect(await MEDIA.head(artifactKey(back!, 1, "labels.json"))).not.toBeNull();
});

test("a job that D1 refuses to delete does not hold up those after it", async () => {
  const { DB, MEDIA } = darkroom.bindings();
  const [refused] = (await makeEnded(60)).toSorted();
  await DB.prepare(
    `CREATE TRIGGER refuses BEFORE DELETE ON jobs WHEN old.id = '${refused}' BEGIN SELECT RAISE(ABORT, 'refused'); END`,
  ).run();
  try {
    const deps = { db: DB, media: MEDIA, passages, ...RETENTION };
    await expect(pruneFinalized(deps, Date.now() + LATER)).rejects.toThrow("refused");
    expect(await DB.prepare("SELECT count(*) AS n FROM jobs").first("n")).toBe(1);
  } finally {
    await DB.prepare("DROP TRIGGER refuses").run();
  }
});

test("a thousand kept jobs that ended together do not hold up those after them, and a run ends when it has looked at many", async () => {
  const { DB, MEDIA } = darkroom.bindings();
  const [expired] = await makeEnded(1);
  const now = Date.now() + LATER;
  const make = (from: number, count: number) =>
    DB.prepare(
      `INSERT INTO jobs (id, owner_id, kind, state, input, created_at, finalized_at)
       SELECT printf('job_%06d', value), 'archive', 'classification', 'completed', '{}', ?2, ?2 FROM json_each(?1)`,
    ).bind(JSON.stringify(Array.from({ length: count }, (_, index) => from + index)), now - 40 * DAY_MS);
  await DB.batch([
    DB.prepare("INSERT INTO retentions (owner_id, days, set_at) VALUES ('archive', 365, 1)"),
    make(0, 6000),
    make(6000, 6000),
  ]);
  const { counts, db } = counted(DB);
  const deps = { db, media: MEDIA, passages, ...RETENTION };
  expect(await pruneFinalized(deps, now)).toBe(0);
  expect(counts.rowsRead).toBeLessThan(10_000 * 4);
  expect(await pruneFinalized(deps, now)).toBe(1);
  expect(await DB.prepare("SELECT id FROM jobs WHERE id = ?1").bind(expired).first()).toBeNull();
  expect(await DB.prepare("SELECT count(*) AS n FROM jobs").first("n")).toBe(12_000);
});

test("a transaction that took long is followed by a smaller one", () => {
  expect([nextSize(50, 10), nextSize(150, 10), nextSize(50, 300), nextSize(50, 900), nextSize(1, 900)]).toEqual([
    100, 200, 50, 25, 1,
  ]);
});
