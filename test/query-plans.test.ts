// No statement that runs often scans a table that grows. SQLite tells its plan for each statement that these functions send.
import { expect, test } from "vitest";

import { continueReleases, releaseHeld } from "../shared/db/cost/holds.ts";
import { releaseFollowers, releaseForgotten } from "../shared/db/jobs/followers.ts";
import { type JobFilter, listJobs } from "../shared/db/jobs/job-lists.ts";
import { insertJobs } from "../shared/db/jobs/jobs.ts";
import { findKeyAndJob } from "../shared/db/jobs/key-and-job.ts";
import { findExpiredLeases, findUnknownUploads, takeDueTasks } from "../shared/db/jobs/maintenance.ts";
import { findArtifact, findJobs, findSource, readJob } from "../shared/db/jobs/reads.ts";
import { findOverdueJobs, stopJobs } from "../shared/db/jobs/stop-jobs.ts";
import { findKey } from "../shared/db/keys/keys.ts";
import { findDeadLetter, groupDeadLetters, listDeadLetters } from "../shared/db/redrives/dead-letter-reads.ts";
import { takeUnfinished } from "../shared/db/redrives/steps.ts";
import { findIds, matchEach } from "../shared/db/search/word-matches.ts";
import { readPassages, readVectors } from "../shared/db/search/passages.ts";
import { leaseTasks, msUntilNext, renewLeases } from "../shared/db/tasks/leases.ts";
import { readLoad, readOwnLoad } from "../shared/db/tasks/load.ts";
import { settleTasks } from "../shared/db/tasks/settle.ts";
import { preparedOf } from "../shared/db/transact.ts";
import { LETTER_STATES } from "../shared/redrives/redrive.ts";
import { JOB_STATES } from "../shared/jobs/job.ts";
import { newJob } from "../shared/jobs/new-job.ts";
import { DEFAULT_TERMS } from "../shared/jobs/terms.ts";
import type { EndedAttempt, Outcome } from "../shared/jobs/outcome.ts";
import { startDarkroom } from "./harness.ts";

const darkroom = startDarkroom();

/** Tables with a row or more for each job, upload, letter or passage. */
const GROWING = [
  "jobs",
  "tasks",
  "attempts",
  "artifacts",
  "chunks",
  "job_labels",
  "job_marks",
  "dead_letters",
  "passages",
  "uploads",
  "transcript_versions",
  "webhook_deliveries",
  "predictions",
  "audit",
  "idempotency_keys",
  "deletions",
  "tombstones",
];

/** Scans of an index that are bounded, and why. */
const EXCEPTIONS: readonly { readonly index: string; readonly why: string }[] = [
  { index: "tasks_due", why: "it has only tasks that wait, and min() or LIMIT ends the scan" },
  { index: "tasks_to_check", why: "it has only unfinished tasks, and LIMIT ends the scan" },
  { index: "jobs_finalized", why: "it is in the order that is asked for, and LIMIT ends the scan" },
  { index: "jobs_following", why: "min() ends the scan" },
  { index: "dead_letters_open", why: "min() ends the scan" },
];

/** The database, with every statement and its values noted. */
function noting(db: D1Database) {
  const noted: { sql: string; values: unknown[] }[] = [];
  const originals = new WeakMap<object, D1PreparedStatement>();
  const wrap = (sql: string, statement: D1PreparedStatement, values: unknown[]): D1PreparedStatement => {
    const note = () => noted.push({ sql, values });
    const proxy = new Proxy(statement, {
      get(target, name) {
        if (name === "bind") return (...given: unknown[]) => wrap(sql, target.bind(...given), given);
        if (name === "note") return note;
        const value: unknown = Reflect.get(target, name);
        if (typeof value !== "function") return value;
        return (...given: unknown[]) => {
          note();
          return Reflect.apply(value, target, given) as unknown;
        };
      },
    });
    originals.set(proxy, statement);
    return proxy;
  };
  const proxy = new Proxy(db, {
    get(target, name) {
      if (name === "prepare") return (sql: string) => wrap(sql, target.prepare(sql), []);
      if (name !== "batch") return Reflect.get(target, name) as unknown;
      return async (statements: readonly D1PreparedStatement[]) => {
        for (const one of statements) (Reflect.get(one, "note") as () => void)();
        return target.batch(statements.map((one) => originals.get(one) ?? one));
      };
    },
  });
  return { noted, db: proxy };
}

/** The names that a statement uses for each growing table. */
function namesIn(sql: string): ReadonlyMap<string, string> {
  const names = new Map<string, string>();
  for (const table of GROWING) {
    names.set(table, table);
    for (const [, alias] of sql.matchAll(new RegExp(`\\b${table}\\s+(?:AS\\s+)?([a-z_]+)\\b`, "g"))) {
      names.set(alias!, table);
    }
  }
  return names;
}

/** The lines of a plan that scan a table that grows, without the exceptions. */
async function scansOf(
  db: D1Database,
  { sql, values }: { sql: string; values: unknown[] },
): Promise<readonly string[]> {
  const { results } = await db
    .prepare(`EXPLAIN QUERY PLAN ${sql}`)
    .bind(...values)
    .all<{ detail: string }>();
  const names = namesIn(sql);
  return results.flatMap(({ detail }) => {
    const [, name = "", index] = /^SCAN (\w+)(?: .*INDEX (\w+))?/.exec(detail) ?? [];
    if (!names.has(name) || /VIRTUAL TABLE/.test(detail)) return [];
    return EXCEPTIONS.some((one) => one.index === index) ? [] : [`${detail} (${names.get(name)!}): ${sql}`];
  });
}

const NOW = 1_000_000;
const FAILURE = { code: "x", message: "y" };

async function* everything(db: D1Database): AsyncGenerator<string> {
  const work = { kind: "classification", input: { text: "x", options: { topK: 1, minScore: 0 } } } as const;
  const job = async (id: string, reuse: boolean) =>
    newJob(work, { ...DEFAULT_TERMS, reuse }, { id, ownerId: "ann", createdAt: NOW });
  const upload = {
    bucket: "b",
    key: "inbox/uploads/u/a.txt",
    etag: "e",
    ownerId: "ann",
    sizeBytes: 1,
    jobId: "job_1",
    ignoredReason: null,
    ifRefused: "no",
  };
  const jobs = [await job("job_1", false), await job("job_2", true), await job("job_3", true)];
  await insertJobs(db, { jobs, uploads: [upload] }, NOW);
  yield "submit";
  const lease = { id: "lease", now: NOW, leaseMs: 60_000, limit: 10, callsAMinute: { m: 5 } };
  const tasks = await leaseTasks(db, lease);
  await msUntilNext(db, lease);
  await renewLeases(db, ["t"], lease).run();
  yield "lease";
  const outcomes: readonly Outcome[] = [
    { type: "completed", labels: [{ label: "cat", score: 1 }] },
    { type: "snooze", failure: { ...FAILURE, code: "budget_used" }, scheduledAt: NOW + 9 },
    { type: "discard", failure: FAILURE },
  ];
  const attempts = outcomes.map((outcome, index): EndedAttempt => {
    const taskId = tasks[index]?.id ?? `none${index}`;
    return { taskId, leaseId: lease.id, outcome, calls: [], isBudgeted: false, startedAt: NOW, finishedAt: NOW };
  });
  const running = { taskIds: ["t"], leaseId: lease.id, renewForMs: 1000 };
  await settleTasks(db, attempts, { now: NOW, running });
  await stopJobs(db, [{ id: "job_2", state: "cancelled", failure: null }], NOW);
  await releaseFollowers(db, NOW, ["job_1", "job_2", "gone"]);
  yield "settle";
  await findKeyAndJob(db, { keyId: "operator", jobId: "job_1" });
  await findKey(db, "operator");
  await readJob(db, { id: "job_1", ownerId: "ann" });
  await findJobs(db, { ids: ["job_1"], ownerId: "ann" });
  await findArtifact(db, { jobId: "job_1", ownerId: "ann", name: "a" });
  await findSource(db, { jobId: "job_1", ownerId: "ann" });
  yield "status";
  const filters: readonly JobFilter[] = [
    {},
    ...JOB_STATES.map((state) => ({ state })),
    { label: "cat" },
    { kind: "classification" },
    { text: "x" },
    { marks: ["tag:a"] },
    { marks: ["tag:a", "tag:b"], label: "cat", state: "failed", kind: "classification" },
    { createdAfter: 1, createdBefore: 9 },
  ];
  for (const filter of filters) {
    const page = { ownerId: "ann", limit: 21, before: { at: NOW + 5, id: "x" }, figures: true };
    await listJobs(db, filter, page);
  }
  yield "lists";
  for (const state of [...LETTER_STATES, "all"] as const) {
    for (const [fingerprint, jobId] of [[], ["f"], [undefined, "job_3"], ["f", "job_3"]]) {
      const page = { ownerId: "ann", limit: 21, before: { at: NOW + 5, id: "x" } };
      await listDeadLetters(db, { state, fingerprint, jobId }, page);
      await groupDeadLetters(db, { state, fingerprint, jobId }, page);
    }
  }
  await findDeadLetter(db, { id: "dl", ownerId: "ann" });
  yield "dead letters";
  for (const scope of [{}, { jobId: "job_1" }, { kind: "classification" }] as const) {
    const within = { ownerId: "ann", ...scope };
    await matchEach(db, within, { owner: `owner : "61"`, queries: [`owner : "61" AND text : ("x")`] });
    await findIds(db, within, [1]);
    await readPassages(db, within, { ids: ["p"], match: `owner : "61" AND text : ("x")` });
    for await (const vectors of readVectors(db, within, "space")) expect(vectors).toEqual([]);
  }
  yield "search";
  await readLoad(db, NOW);
  await readOwnLoad(db, "ann", NOW);
  yield "figures";
  await findExpiredLeases(db, NOW, 10);
  await takeDueTasks(db, { now: NOW, graceMs: 1000, limit: 10, callsAMinute: {} });
  await findUnknownUploads(db, [{ ...upload, uploadedAt: NOW }]);
  await findOverdueJobs(db, NOW, 10);
  await takeUnfinished(db, NOW, 10);
  await releaseForgotten(db, NOW);
  for (const ownerId of ["ann", "*"]) {
    for (const one of releaseHeld(db, { code: "budget_used", ownerId }, { now: NOW, limit: 10 })) {
      await preparedOf(one).run();
    }
  }
  await continueReleases(db, { now: NOW, limit: 10 });
  yield "maintenance";
}

test("no statement that runs often scans a table that grows", async () => {
  const { DB } = darkroom.bindings();
  const { noted, db } = noting(DB);
  const scans: Record<string, readonly string[]> = {};
  let looked = 0;
  for await (const name of everything(db)) {
    const statements = new Map(noted.splice(0).map((one) => [one.sql, one]));
    looked += statements.size;
    const found: string[] = [];
    for (const statement of statements.values()) found.push(...(await scansOf(DB, statement)));
    scans[name] = found;
  }
  expect(Object.values(scans).flat()).toEqual([]);
  expect(looked).toBeGreaterThan(80);
});

// SQLite compiles a statement again each time a value is bound to a parameter that is a whole LIMIT. A lease took three times as long.
test("no statement that runs often is compiled anew for each LIMIT", async () => {
  const { noted, db } = noting(darkroom.bindings().DB);
  const found: string[] = [];
  for await (const name of everything(db)) {
    const bare = noted.splice(0).flatMap(({ sql }) => sql.match(/LIMIT \?\d+(?! \+ 0).*/g) ?? []);
    found.push(...new Set(bare.map((end) => `${name}: ${end}`)));
  }
  expect(found).toEqual([]);
});

test("a statement that scans is found out", async () => {
  const { DB } = darkroom.bindings();
  const { noted, db } = noting(DB);
  await db.prepare("SELECT 1 FROM job_labels b WHERE b.score > ?1").bind(5).all();
  await db.batch([db.prepare("SELECT count(*) FROM jobs"), db.prepare("SELECT 1 FROM jobs WHERE id = 'x'")]);
  const scans = await Promise.all(noted.map((one) => scansOf(DB, one)));
  expect(scans.map((found) => found.length)).toEqual([1, 1, 0]);
});
