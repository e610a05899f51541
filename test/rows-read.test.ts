// A statement that looks for one thing reads a few rows, however many other rows there are.
import { expect, test } from "vitest";

import { MEDIA_BUCKET } from "../shared/uploads/storage.ts";
import { readDelivery } from "../shared/db/webhooks/deliveries.ts";
import { findUploadsJob } from "../shared/db/keys/job-limit.ts";
import { insertJobs } from "../shared/db/jobs/jobs.ts";
import { readUploadOrigins } from "../shared/db/uploads/upload-origins.ts";
import { findExpiredLeases, takeDueTasks } from "../shared/db/jobs/maintenance.ts";
import { continueReleases } from "../shared/db/cost/holds.ts";
import { findArchivedLeaders } from "../shared/db/archive/bring-back.ts";
import { readLeaders, releaseFollowers, releaseForgotten } from "../shared/db/jobs/followers.ts";
import { type JobFilter, listJobs } from "../shared/db/jobs/job-lists.ts";
import { groupDeadLetters, listDeadLetters } from "../shared/db/redrives/dead-letter-reads.ts";
import { readLoad, readOwnLoad } from "../shared/db/tasks/load.ts";
import { findKeyAndJob } from "../shared/db/jobs/key-and-job.ts";
import { readJob } from "../shared/db/jobs/reads.ts";
import { findKey } from "../shared/db/keys/keys.ts";
import { rank } from "../shared/search/rank.ts";
import { newJob } from "../shared/jobs/new-job.ts";
import { DEFAULT_TERMS } from "../shared/jobs/terms.ts";
import { counted } from "./counting.ts";
import { KEYS, startDarkroom } from "./harness.ts";

const darkroom = startDarkroom();
const MANY = 500;

/** Insert this many rows by SQL, with `n.value` as their number. */
async function fill(sql: string): Promise<void> {
  const { DB } = darkroom.bindings();
  await DB.prepare(`${sql} FROM json_each(?1) n`)
    .bind(JSON.stringify(Array.from({ length: MANY }, (_, index) => index)))
    .run();
}

/** Return the number of rows that a call reads. */
async function rowsReadBy(read: (db: D1Database) => Promise<unknown>): Promise<number> {
  const { counts, db } = counted(darkroom.bindings().DB);
  await read(db);
  return counts.rowsRead;
}

test("a delivery to an address of its own reads the key that gave it, and no other", async () => {
  const { DB } = darkroom.bindings();
  await fill(`INSERT INTO api_keys (id, owner_id, label, secret_hash, created_at, scopes)
              SELECT 'many' || n.value, 'many', '', '', 0, '[]'`);
  await DB.batch([
    DB.prepare("INSERT INTO webhook_secrets (signer, owner_id, secret) VALUES ('key:many7', 'many', 'whsec_')"),
    DB.prepare(`INSERT INTO webhook_deliveries (id, owner_id, url, signer, event, payload, created_at)
                VALUES ('whd_1', 'many', 'https://a.example', 'key:many7', 'job.completed', 'null', 0)`),
  ]);
  expect(await readDelivery(DB, "whd_1", 1)).toMatchObject({ isDisabled: false });
  expect(await rowsReadBy((db) => readDelivery(db, "whd_1", 1))).toBeLessThan(10);
  await DB.prepare("UPDATE api_keys SET revoked_at = 1 WHERE id = 'many7'").run();
  expect(await readDelivery(DB, "whd_1", 1)).toMatchObject({ isDisabled: true });
});

test("an object that is stored under one key again and again costs no more each time", async () => {
  const [bucket, key] = [MEDIA_BUCKET, "inbox/uploads/one/a.txt"];
  const { DB } = darkroom.bindings();
  await fill(`INSERT INTO uploads (bucket, key, etag, owner_id, size_bytes, ignored_reason, created_at)
              SELECT '${bucket}', '${key}', 'again' || n.value, 'other', 5, 'it has its job', 0`);
  await DB.prepare(
    `INSERT INTO uploads (bucket, key, etag, owner_id, size_bytes, job_id, created_at)
     VALUES (?1, ?2, 'taken', 'other', 5, 'job_1', 0)`,
  )
    .bind(bucket, key)
    .run();
  const asked = { bucket, keyIds: [], uploadIds: [], objectKeys: [key] };
  expect((await readUploadOrigins(DB, asked)).taken.get(key)).toEqual(["taken"]);
  const upload = { bucket, key, etag: "once more" };
  const record = { ...upload, ownerId: "other", sizeBytes: 5, jobId: null, ignoredReason: null, ifRefused: "no" };
  const reads = {
    origins: await rowsReadBy((db) => readUploadOrigins(db, asked)),
    job: await rowsReadBy((db) => findUploadsJob(db, upload)),
    insert: await rowsReadBy((db) => insertJobs(db, { jobs: [], uploads: [record] }, 1)),
  };
  expect(Object.entries(reads).filter(([, rows]) => rows >= 20)).toEqual([]);
});

test("maintenance does not read tasks that wait their turn, until their wake-up may be lost", async () => {
  const { DB } = darkroom.bindings();
  const work = { kind: "classification", input: { text: "waits", options: { topK: 1, minScore: 0 } } } as const;
  const terms = { ...DEFAULT_TERMS, reuse: false };
  const jobs = await Promise.all(
    Array.from({ length: MANY }, (_, index) =>
      newJob(work, terms, { id: `job_waits${index}`, ownerId: "other", createdAt: 0 }),
    ),
  );
  await insertJobs(DB, { jobs, uploads: [] }, 0);
  const graceMs = 300_000;
  for (const now of [60_000, 240_000]) {
    expect(await rowsReadBy((db) => findExpiredLeases(db, now, 1000))).toBeLessThan(10);
    expect(await rowsReadBy((db) => takeDueTasks(db, { now, graceMs, limit: 1000, callsAMinute: {} }))).toBeLessThan(
      10,
    );
  }
  expect(await takeDueTasks(DB, { now: graceMs, graceMs, limit: 1000, callsAMinute: {} })).toHaveLength(MANY);
  expect(await rowsReadBy((db) => findExpiredLeases(db, 2 * graceMs, 1000))).toBeLessThan(10);
});

test("a job that is polled is read together with its key, in one round trip", async () => {
  const { DB } = darkroom.bindings();
  const { id } = await darkroom.submit({ kind: "classification", text: "polled" });
  await darkroom.untilJob(id);
  const { counts, db } = counted(DB);
  const { found, job } = await findKeyAndJob(db, { keyId: "operator", jobId: id });
  expect(counts.trips).toBe(1);
  expect(found).toEqual(await findKey(DB, "operator"));
  expect(job).toEqual(await readJob(DB, { id, ownerId: "operator" }));
  expect(job?.attempts).toHaveLength(1);
  expect(await findKeyAndJob(DB, { keyId: "other", jobId: id })).toMatchObject({ found: {}, job: null });
  expect(await findKeyAndJob(DB, { keyId: "nobody", jobId: id })).toEqual({ found: null, job: null });
  const ask = async (key: string) => (await darkroom.api(`/v1/jobs/${id}`, { key })).status;
  const wrong = KEYS.operator.replace(/o{32}$/, "p".repeat(32));
  expect(await Promise.all([KEYS.operator, KEYS.other, KEYS.revoked, wrong].map(ask))).toEqual([200, 404, 401, 401]);
});

/** So many jobs of one owner, of which 3 run, 5 failed and 2 have a rare label; some with marks, words and dead letters. */
async function fillHistory(jobs: number): Promise<void> {
  const { DB } = darkroom.bindings();
  const numbers = `WITH RECURSIVE n (i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < ${jobs})`;
  const id = `printf('job_%06d', i)`;
  const state = `CASE WHEN i % ${Math.floor(jobs / 3)} = 7 THEN 'running' WHEN i % ${Math.floor(jobs / 5)} = 9 THEN 'failed' ELSE 'completed' END`;
  const ended = `iif(${state} = 'running', NULL, i)`;
  await DB.batch(
    [
      `INSERT INTO jobs (id, owner_id, kind, state, input, error_code, created_at, started_at, finalized_at)
       SELECT ${id}, 'many', 'classification', ${state}, '{}', iif(${state} = 'failed', 'x', NULL), i, i, ${ended} FROM n`,
      `INSERT INTO job_labels (job_id, label, score, owner_id, created_at)
       SELECT ${id}, iif(i % ${Math.floor(jobs / 2)} = 1, 'rare', 'cat'), 1, 'many', i FROM n`,
      `INSERT INTO job_marks SELECT 'many', 'tag:half', i, ${id} FROM n WHERE i % 2 = 0`,
      `INSERT INTO job_marks SELECT 'many', 'metadata:show=1', i, ${id} FROM n WHERE i % 100 = 0`,
      `INSERT INTO passages (id, owner_id, job_id, kind, source, text, space)
       SELECT ${id} || ':text:0', 'many', ${id}, 'classification', 'text', 'the budget meeting number' || i || ' went well', '' FROM n`,
      `INSERT INTO dead_letters (id, owner_id, queue, body, code, reason, fingerprint, created_at, redriven_at)
       SELECT 'dl' || i, 'many', 'tasks', '{}', 'x', 'why', 'f' || (i % 5), i, iif(i % 4 = 0, NULL, 1) FROM n`,
    ].map((sql) => DB.prepare(`${numbers} ${sql}`)),
  );
}

test("lists, groups and searches read only what they show, however much an owner has", async () => {
  const jobs = 6000;
  await fillHistory(jobs);
  const page = { ownerId: "many", limit: 51, before: undefined, figures: false };
  const list = (filter: JobFilter) => rowsReadBy((db) => listJobs(db, filter, page));
  const query = { state: "open", fingerprint: undefined, jobId: undefined } as const;
  const search = (text: string, scope = {}) =>
    rowsReadBy((db) => rank(db, { ownerId: "many", text, meaning: null, limit: 10, ...scope }, async () => []));
  const read: Readonly<Record<string, [rows: number, most: number]>> = {
    all: [await list({}), 60],
    running: [await list({ state: "running" }), 10],
    queued: [await list({ state: "queued" }), 10],
    failed: [await list({ state: "failed" }), 20],
    cancelled: [await list({ state: "cancelled" }), 10],
    completed: [await list({ state: "completed" }), 80],
    unknownLabel: [await list({ label: "nothing" }), 10],
    rareLabel: [await list({ label: "rare" }), 10],
    commonLabel: [await list({ label: "cat" }), 120],
    oneDay: [await list({ createdAfter: 2000, createdBefore: 2040 }), 60],
    tagAndMetadata: [await list({ marks: ["tag:half", "metadata:show=1"] }), 500],
    tagAndRareLabel: [await list({ marks: ["tag:half"], label: "rare" }), 200],
    labelAndState: [await list({ label: "cat", state: "running" }), 150],
    openLetters: [await rowsReadBy((db) => listDeadLetters(db, query, page)), 60],
    unknownFingerprint: [await rowsReadBy((db) => listDeadLetters(db, { ...query, fingerprint: "no" }, page)), 10],
    groups: [await rowsReadBy((db) => groupDeadLetters(db, query, page)), 700],
    allGroups: [await rowsReadBy((db) => groupDeadLetters(db, { ...query, state: "all" }, page)), 1000],
    commonWords: [await search("budget meeting well"), 5000],
    rareWord: [await search("budget number17"), 5000],
    ofAJob: [await search("budget meeting", { jobId: "job_000017" }), 1200],
    ownLoad: [await rowsReadBy((db) => readOwnLoad(db, "many", jobs)), 3000],
    load: [await rowsReadBy((db) => readLoad(db, jobs)), 3000],
    releases: [await rowsReadBy((db) => continueReleases(db, { now: jobs, limit: 100 })), 10],
    followers: [await rowsReadBy((db) => releaseForgotten(db, jobs)), 10],
  };
  expect(Object.entries(read).filter(([, [rows, most]]) => rows > most)).toEqual([]);
  const { DB } = darkroom.bindings();
  const found = await rank(DB, { ownerId: "many", text: "budget number17", meaning: null, limit: 3 }, async () => []);
  // The rare word is found, however many later passages have the common one.
  expect(found.map(({ jobId, snippet }) => [jobId, snippet])).toEqual([
    ["job_000017", "the budget meeting number17 went well"],
  ]);
});

test("a page reads at most 10,000 jobs to find those of a kind or with a text, and the next page goes on behind them", async () => {
  const { DB } = darkroom.bindings();
  const jobs = 20_005;
  await DB.prepare(
    `WITH RECURSIVE n (i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < ${jobs})
     INSERT INTO jobs (id, owner_id, kind, state, input, created_at, started_at, finalized_at)
     SELECT printf('job_%06d', i), 'operator', iif(i IN (2, 3), 'image_generation', 'classification'), 'completed',
            iif(i IN (2, 3), '{"prompt":"a heron"}', '{"text":"x"}'), i, i, i FROM n`,
  ).run();
  for (const filter of [{ kind: "image_generation" }, { text: "heron" }] as const) {
    const page = { ownerId: "operator", limit: 3, before: undefined, figures: false };
    // The page and where the next one begins are read by one statement: jobs that are added or deleted between two would be skipped.
    const { db, counts } = counted(DB);
    expect(await listJobs(db, filter, page)).toEqual({ jobs: [], searchedTo: { at: 10_006, id: "job_010006" } });
    expect(counts).toMatchObject({ queries: 1 });
    expect(counts.rowsRead).toBeLessThan(20_100);
    const found: string[][] = [];
    for (let path: string | null = `/v1/jobs?limit=2&${new URLSearchParams(filter).toString()}`; path !== null;) {
      const response = await darkroom.api(path);
      const { jobs: listed, nextCursor }: { jobs: { id: string }[]; nextCursor: string | null } = await response.json();
      found.push(listed.map(({ id }) => id));
      path = nextCursor && `/v1/jobs?limit=2&${new URLSearchParams({ ...filter, cursor: nextCursor }).toString()}`;
    }
    expect(found).toEqual([[], [], ["job_000003", "job_000002"]]);
  }
  // The first rows of a common kind fill the page.
  const common = { ownerId: "operator", limit: 3, before: undefined, figures: false };
  expect(await rowsReadBy((db) => listJobs(db, { kind: "classification" }, common))).toBeLessThan(20);
  expect(await rowsReadBy((db) => listJobs(db, { text: "x" }, common))).toBeLessThan(20);
  expect((await listJobs(DB, { text: "x" }, common)).searchedTo).toBe(null);
});

test("followers are read when their leader ends, and tasks are released without reading those that wait for others", async () => {
  const { DB } = darkroom.bindings();
  await fill(`INSERT INTO jobs (id, owner_id, kind, state, input, created_at, fingerprint, follows)
              SELECT 'f' || n.value, 'many', 'classification', iif(n.value = 0, 'running', 'queued'), '{}', n.value, 'same', iif(n.value = 0, NULL, 'f0')`);
  await fill(`INSERT INTO tasks (id, job_id, owner_id, kind, state, args, max_attempts, scheduled_at, check_at, created_at, held_by)
              SELECT 'f' || n.value || '.t', 'f' || n.value, iif(n.value = 7, 'seven', 'many'), 'classify', 'retryable', '{}', 5,
                     n.value + 9000, n.value + 9000, 0, 'budget_used'`);
  await DB.prepare("INSERT INTO releases (code, owner_id, until) VALUES ('budget_used', 'seven', 9000)").run();
  expect(await rowsReadBy((db) => releaseFollowers(db, 1, ["f0"]))).toBeLessThan(10);
  expect(await rowsReadBy((db) => releaseForgotten(db, 1))).toBeLessThan(20);
  expect(await rowsReadBy(async (db) => findArchivedLeaders(db, await readLeaders(db, null, 500)))).toBeLessThan(10);
  expect(await rowsReadBy((db) => continueReleases(db, { now: 1000, limit: 1000 }))).toBeLessThan(10);
  expect(await DB.prepare("SELECT id FROM tasks WHERE held_by IS NULL").first("id")).toBe("f7.t");
  await DB.prepare("UPDATE jobs SET state = 'completed', finalized_at = 5 WHERE id = 'f0'").run();
  expect((await releaseForgotten(DB, 6)).endedJobs).toHaveLength(MANY - 1);
});
