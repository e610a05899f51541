// Maintenance prunes thousands of jobs a minute, and whatever stops it half-way, nothing of them stays.
import { expect, test } from "vitest";

import { archiveJobs } from "../consumer/maintenance/archive.ts";
import { oneByOne } from "../consumer/maintenance/apart.ts";
import { finishPrunings, nextSize } from "../consumer/maintenance/prune-many.ts";
import { finishDeletions, pruneFinalized } from "../consumer/maintenance/prune.ts";
import { countedBucket } from "../shared/jobs/operations.ts";
import { beginDeletions } from "../shared/db/jobs/deletions.ts";
import { deleteLeftovers } from "../shared/jobs/delete-jobs.ts";
import { insertJobs } from "../shared/db/jobs/jobs.ts";
import { leaseTasks } from "../shared/db/tasks/leases.ts";
import { settleTasks } from "../shared/db/tasks/settle.ts";
import { newJob } from "../shared/jobs/new-job.ts";
import type { EndedAttempt } from "../shared/jobs/outcome.ts";
import { DEFAULT_TERMS } from "../shared/jobs/terms.ts";
import { artifactKey } from "../shared/uploads/storage.ts";
import { counted } from "./counting.ts";
import { dying } from "./dying.ts";
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

test("two runs at once prune each job once", async () => {
  const { DB, MEDIA } = darkroom.bindings();
  await makeEnded(120);
  const deps = { db: DB, media: MEDIA, passages, ...RETENTION };
  const now = Date.now() + LATER;
  const counts = await Promise.all([pruneFinalized(deps, now), pruneFinalized(deps, now)]);
  expect(counts[0] + counts[1]).toBe(120);
  expect(await countLeft()).toEqual({});
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

/** Jobs of each sort that a prune deletes in another way, and one that is not old enough. */
async function makeOfEachSort(now: number): Promise<string> {
  const { DB, MEDIA } = darkroom.bindings();
  const ids = await makeEnded(8, ["one"]);
  const [stays, edited, archived, original, showing, gone, showingGone] = ids.map(String);
  const show = (id?: string, of?: string) => [
    DB.prepare("UPDATE jobs SET reused_from = ?2 WHERE id = ?1").bind(id, of),
    DB.prepare("UPDATE artifacts SET key = ?2 WHERE job_id = ?1").bind(id, artifactKey(of!, 1, "labels.json")),
  ];
  await DB.batch([
    DB.prepare("UPDATE jobs SET finalized_at = ?2, kept_until = ?2 WHERE id = ?1").bind(stays, now),
    DB.prepare("INSERT INTO edited_jobs (job_id, begun_at) VALUES (?1, 1)").bind(edited),
    ...show(showing, original),
    ...show(showingGone, gone),
    DB.prepare("UPDATE jobs SET kept_until = ?2 WHERE id <> ?1").bind(archived, now),
    DB.prepare("DELETE FROM cursors"),
    DB.prepare("INSERT INTO cursors (name, value) VALUES ('recorded', ?1), ('words', 'all')").bind(String(now)),
  ]);
  await MEDIA.put(`results/${edited}/edits/1-a.json`, "{}");
  await MEDIA.delete([showing, showingGone].map((id) => artifactKey(id!, 1, "labels.json")));
  const journal = { record: () => undefined, fault: () => undefined };
  expect(await archiveJobs({ db: DB, media: MEDIA, journal, archiveAfterMs: 1 }, now - DAY_MS)).toBe(1);
  const asked = { now: Date.now(), actor: { ownerId: "operator", actor: "key:test" } };
  await deleteLeftovers(await beginDeletions(DB, [{ id: gone! }], asked), { db: DB, media: MEDIA, passages }, now);
  expect(await DB.prepare("SELECT count(*) AS n FROM deletions").first("n")).toBe(0);
  expect(await MEDIA.head(artifactKey(gone!, 1, "labels.json"))).not.toBeNull();
  return stays!;
}

test("a prune that dies after any of its operations leaves nothing to a later run, and takes nothing that stays", async () => {
  const { DB, MEDIA } = darkroom.bindings();
  let operation = 0;
  for (let hasDied = true; hasDied;) {
    operation += sampled(11, 1);
    const now = Date.now() + LATER;
    const stays = await makeOfEachSort(now);
    const { died, ...dead } = dying(darkroom.bindings(), operation);
    await pruneFinalized({ ...dead, passages, ...RETENTION }, now).catch(() => undefined);
    hasDied = died();
    const deps = { db: DB, media: MEDIA, passages, ...RETENTION };
    for (let run = 1; run <= 3; run += 1) {
      const at = now + run * 6 * 60_000;
      await finishDeletions(deps, at);
      await finishPrunings(deps, at);
      await pruneFinalized(deps, at);
    }
    expect([operation, await countLeft()]).toEqual([operation, ONE_LEFT]);
    expect(await MEDIA.head(artifactKey(stays, 1, "labels.json"))).not.toBeNull();
    expect(await DB.prepare("SELECT total(jobs) AS n FROM archives").first("n")).toBe(0);
    await DB.prepare("DELETE FROM jobs").run();
    await DB.prepare("DELETE FROM job_marks").run();
    await MEDIA.delete(artifactKey(stays, 1, "labels.json"));
  }
  expect(operation).toBeGreaterThan(12);
});

const ONE_LEFT = {
  jobs: 1,
  tasks: 1,
  attempts: 1,
  artifacts: 1,
  job_labels: 1,
  job_marks: 1,
  passages: 1,
  objects: 1,
};

/** An index of vectors that deletes none of this job. */
const keeps = (jobId?: string) => ({
  ...passages,
  forget: async (vectors: readonly string[]) => {
    if (vectors.some((id) => id.includes(jobId!))) throw new Error("refused");
  },
});

test("a prune that cannot be finished holds up no other one", async () => {
  const { DB, MEDIA } = darkroom.bindings();
  const [stuck, other] = await makeEnded(2);
  const left = (id?: string) =>
    JSON.stringify([{ id, names: ["labels.json"], passageIds: [`${id}:text:0`], recordedAt: null, isRemembered: 0 }]);
  await DB.batch([
    DB.prepare("DELETE FROM jobs"),
    DB.prepare("INSERT INTO prunings (id, pruned_at, jobs) VALUES ('pr_1', 1, ?1), ('pr_2', 1, ?2)").bind(
      left(stuck),
      left(other),
    ),
  ]);
  const deps = { db: DB, media: MEDIA, passages: keeps(stuck) };
  await expect(finishPrunings(deps, Date.now())).rejects.toThrow("refused");
  expect(await countLeft()).toEqual({ prunings: 1 });
});

test("several that can never be finished, and that come first, do not keep the others from their turn", async () => {
  const done = new Set<number>();
  for (let run = 0; run < 50; run += 1) {
    const call = async (one: number) => {
      if (one < 4) throw new Error("refused");
      done.add(one);
    };
    await expect(oneByOne([0, 1, 2, 3, 4, 5, 6, 7], call)).rejects.toThrow("refused");
  }
  expect(done).toEqual(new Set([4, 5, 6, 7]));
});

test("a deletion that cannot be finished holds up no other one", async () => {
  const { DB, MEDIA } = darkroom.bindings();
  const ids = await makeEnded(3);
  await beginDeletions(
    DB,
    ids.map((id) => ({ id })),
    { now: 1 },
  );
  const deps = { db: DB, media: MEDIA, passages: keeps(ids[0]), ...RETENTION };
  const later = Date.now() + DAY_MS;
  await expect(finishDeletions(deps, later)).rejects.toThrow("refused");
  expect(await countLeft()).toEqual({ deletions: 1 });
  await finishDeletions({ ...deps, passages }, later);
  expect(await countLeft()).toEqual({});
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

test("a job that D1 refuses to delete holds up neither those that are deleted with it nor those after a thousand kept ones", async () => {
  const { DB, MEDIA } = darkroom.bindings();
  const insert = (owner: string, ids: readonly number[]) =>
    DB.prepare(
      `INSERT INTO jobs (id, owner_id, kind, state, input, created_at, finalized_at)
       SELECT printf('job_%04d', value), ?2, 'classification', 'completed', '{}', ?3, ?3 + value FROM json_each(?1)`,
    ).bind(JSON.stringify(ids), owner, Date.now() - 9 * DAY_MS);
  await DB.batch([
    DB.prepare("INSERT INTO retentions (owner_id, days, set_at) VALUES ('archive', 365, 1)"),
    insert("operator", [1, 2, 3, 2000]),
    insert(
      "archive",
      Array.from({ length: 1000 }, (_, index) => 10 + index),
    ),
    // They are deleted one by one, as the refused one is.
    DB.prepare(
      `INSERT INTO reuses (job_id, reused_from, artifacts, labels, ended_at, taken_up_at)
       SELECT id, 'x', '[]', '[]', 0, 0 FROM jobs WHERE id IN ('job_0002', 'job_0003')`,
    ),
    DB.prepare(
      `CREATE TRIGGER refuses BEFORE DELETE ON jobs WHEN old.id = 'job_0002' BEGIN SELECT RAISE(ABORT, 'refused'); END`,
    ),
  ]);
  try {
    const deps = { db: DB, media: MEDIA, passages, ...RETENTION };
    await expect(pruneFinalized(deps, Date.now() + LATER)).rejects.toThrow("refused");
    await pruneFinalized(deps, Date.now() + LATER);
    const { results } = await DB.prepare("SELECT id FROM jobs WHERE owner_id = 'operator'").all();
    expect(results).toEqual([{ id: "job_0002" }]);
  } finally {
    await DB.prepare("DROP TRIGGER refuses").run();
  }
});

test("jobs that D1 refuses to delete, however many, do not keep the others for ever", async () => {
  const { DB, MEDIA } = darkroom.bindings();
  await DB.batch([
    DB.prepare(
      `INSERT INTO jobs (id, owner_id, kind, state, input, created_at, finalized_at)
       SELECT printf('job_%04d', value), 'operator', 'classification', 'completed', '{}', ?2, ?2 + value FROM json_each(?1)`,
    ).bind(JSON.stringify(Array.from({ length: 12 }, (_, index) => index)), Date.now() - 9 * DAY_MS),
    DB.prepare(
      `CREATE TRIGGER refuses BEFORE DELETE ON jobs WHEN old.id < 'job_0006' BEGIN SELECT RAISE(ABORT, 'refused'); END`,
    ),
  ]);
  try {
    const left = () => DB.prepare("SELECT count(*) AS n FROM jobs").first<number>("n");
    const deps = { db: DB, media: MEDIA, passages, ...RETENTION };
    for (let run = 0; run < 30 && (await left()) !== 6; run += 1) {
      await expect(pruneFinalized(deps, Date.now() + LATER)).rejects.toThrow("refused");
    }
    expect(await left()).toBe(6);
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
