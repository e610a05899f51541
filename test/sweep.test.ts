// The sweep takes what the bucket's events have missed, however much it is and whatever lies in its way; and rows end at their age.
import { expect, test } from "vitest";

import { endAudit, endUploads } from "../consumer/maintenance/end-rows.ts";
import { sweepInbox } from "../consumer/maintenance/sweep.ts";
import { isSource } from "../shared/db/jobs/deletions.ts";
import { insertJobs } from "../shared/db/jobs/jobs.ts";
import { listDescribed } from "../shared/db/jobs/records.ts";
import type { Intake } from "../shared/jobs/intake.ts";
import { newJob } from "../shared/jobs/new-job.ts";
import { DEFAULT_TERMS } from "../shared/jobs/terms.ts";
import { uploadJobId } from "../shared/uploads/announcement.ts";
import { startDarkroom } from "./harness.ts";
import { IS_LONG } from "./long.ts";

const darkroom = startDarkroom();
const HOUR_MS = 3_600_000;
const DAY_MS = 24 * 3_600_000;

const count = (sql: string) => darkroom.bindings().DB.prepare(sql).first<number>("n");

async function put(names: readonly string[]): Promise<void> {
  const { MEDIA } = darkroom.bindings();
  for (let start = 0; start < names.length; start += 50) {
    await Promise.all(
      names
        .slice(start, start + 50)
        .map((name) => MEDIA.put(`inbox/${name}`, name.startsWith("empty") ? "" : `a text ${name}`)),
    );
  }
}
const numbered = (prefix: string, many: number) =>
  Array.from({ length: many }, (_, index) => `${prefix}${String(index).padStart(5, "0")}.txt`);

/** What a run of the sweep gets. `isBroken` says whether R2 fails for an object. */
function depsOf(isBroken: (key: string) => boolean) {
  const { DB, MEDIA, TASKS } = darkroom.bindings();
  const media = new Proxy(MEDIA, {
    get(bucket, name) {
      const method = (Reflect.get(bucket, name) as (...values: unknown[]) => unknown).bind(bucket);
      if (name !== "head" && name !== "get") return method;
      return (key: string, ...more: unknown[]) =>
        isBroken(key) ? Promise.reject(new Error("R2 cannot read it")) : method(key, ...more);
    },
  });
  const faults: string[] = [];
  const journal = {
    record: () => {},
    fault: ({ event }: { event: string }) => {
      faults.push(event);
    },
  } as unknown as Intake["journal"]; // the sweep calls nothing else
  const deps = {
    db: DB,
    media,
    tasks: TASKS,
    journal,
    operatorId: "operator",
    callsAMinute: {},
    hasImages: false,
    isLetIn: async () => true,
  };
  return { faults, deps: { ...deps, wakeGraceMs: 0, uploadDays: 90 } };
}

/** The sweep waits until maintenance has checked whether the database was set back. */
async function checked(at: number): Promise<void> {
  const { DB } = darkroom.bindings();
  await DB.prepare("REPLACE INTO cursors (name, value) VALUES ('clock', ?1)").bind(String(at)).run();
}

test("objects that cannot be read do not hold up those after them, and become jobs when they can be read", async () => {
  await put([...numbered("bad", 250), ...numbered("empty", 5)]);
  const now = Date.now() + 1000;
  await checked(now);
  const broken = depsOf((key) => key.startsWith("inbox/bad"));
  expect(await sweepInbox(broken.deps, now)).toBe(255);
  expect(new Set(broken.faults)).toEqual(new Set(["inspect.failed"]));
  expect(await count("SELECT count(*) AS n FROM uploads")).toBe(5);
  expect(broken.faults).toHaveLength(250);
  expect(await count("SELECT count(*) AS n FROM readings")).toBe(0);
  await darkroom.maintain(new Date(Date.now() + 61_000));
  expect(await count("SELECT count(*) AS n FROM uploads")).toBe(255);
});

test.runIf(IS_LONG)(
  "one run of maintenance takes enough objects for 100,000 in an hour",
  async () => {
    const OBJECTS = 2000;
    await put(numbered("new", OBJECTS));
    const beganAt = Date.now();
    await darkroom.maintain(new Date(Date.now() + 61_000));
    const ms = Date.now() - beganAt;
    const taken = await count("SELECT count(*) AS n FROM uploads");
    console.info(JSON.stringify({ taken, ms }));
    // A run has thirty seconds, and runs once a minute.
    expect((taken! / Math.min(ms, 30_000)) * 30_000 * 60).toBeGreaterThan(100_000);
  },
  300_000,
);

test("rows of uploads and acts end, an owner after the other, and the sweep looks at no object whose row may have ended", async () => {
  const { DB } = darkroom.bindings();
  const now = Date.now() + 200 * DAY_MS;
  const owners = Array.from({ length: 130 }, (_, index) => `owner${String(index).padStart(3, "0")}`);
  const insert = (ageDays: number) => [
    DB.prepare(
      `INSERT INTO uploads (bucket, key, etag, owner_id, size_bytes, job_id, created_at)
       SELECT 'MEDIA', value, ?2, value, 1, 'job', ?3 FROM json_each(?1)`,
    ).bind(JSON.stringify(owners), String(ageDays), now - ageDays * DAY_MS),
    DB.prepare(
      `INSERT INTO audit (id, owner_id, actor, act, subject, detail, created_at)
       SELECT value || ?2, value, 'system', 'job.cancel', 'job', '{}', ?3 FROM json_each(?1)`,
    ).bind(JSON.stringify(owners), String(ageDays), now - ageDays * DAY_MS),
  ];
  await DB.batch([...insert(90), ...insert(92), ...insert(401)]);
  const deps = { db: DB, uploadDays: 90, auditDays: 400 };
  expect([await endUploads(deps, now), await endUploads(deps, now), await endUploads(deps, now)]).toEqual([200, 60, 0]);
  expect([await endAudit(deps, now), await endAudit(deps, now), await endAudit(deps, now)]).toEqual([100, 30, 0]);
  expect(await count("SELECT count(*) AS n FROM uploads")).toBe(130);
  expect(await count("SELECT count(*) AS n FROM audit")).toBe(260);

  await put(["old.txt"]);
  await checked(now);
  expect(await sweepInbox(depsOf(() => false).deps, now)).toBe(0);
  await DB.prepare("DELETE FROM cursors WHERE name = 'uploads_ended_before'").run();
  expect(await sweepInbox(depsOf(() => false).deps, Date.now() + 89 * DAY_MS)).toBe(1);
});

test("an object is not paid for again when its row's age is raised, or when it was stored again with the same bytes", async () => {
  const { DB } = darkroom.bindings();
  await put(["once.txt", "again.txt"]);
  const stored = Date.now();
  await darkroom.maintain(new Date(stored + 61_000));
  expect(await count("SELECT count(*) AS n FROM uploads")).toBe(2);
  await checked(stored + 400 * DAY_MS);
  const sweep = (days: number, uploadDays: number) =>
    sweepInbox({ ...depsOf(() => false).deps, uploadDays }, stored + days * DAY_MS);
  const end = (days: number, uploadDays: number) =>
    endUploads({ db: DB, uploadDays, auditDays: 400 }, stored + days * DAY_MS + HOUR_MS);
  // As if it had been stored first a hundred days before.
  await DB.prepare("UPDATE uploads SET created_at = created_at - ?1 WHERE key = 'inbox/again.txt'")
    .bind(100 * DAY_MS)
    .run();
  expect(await sweep(2, 90)).toBe(0);
  expect(await end(2, 90)).toBe(0);
  expect(await end(92, 90)).toBe(2);
  await DB.batch([DB.prepare("DELETE FROM jobs"), DB.prepare("DELETE FROM deletions")]);
  expect(await sweep(93, 365)).toBe(0);
});

test("the bucket keeps a record of a job whose object the sweep may not look at after a restore", async () => {
  const { DB } = darkroom.bindings();
  const now = Date.now();
  const described = async (name: string, storedAt: number) => {
    const upload = { bucket: "MEDIA", key: `inbox/${name}.png`, etag: "e", storedAt };
    const source = { key: upload.key, etag: "e", sizeBytes: 1 };
    const input = { source, media: "image", options: { topK: 1, minScore: 0 } } as const;
    const work = { kind: "classification", input } as const;
    const id = await uploadJobId(upload);
    const job = await newJob(work, DEFAULT_TERMS, { id, ownerId: "operator", createdAt: now, upload });
    const row = { ...upload, ownerId: "operator", sizeBytes: 1, jobId: id, ignoredReason: null };
    await insertJobs(DB, { jobs: [job], uploads: [row] }, now);
    expect(await isSource(DB, source)).toBe(true);
    return (await listDescribed(DB, { after: { at: 0, id: "" }, limit: 10 })).rows.some((record) => record.id === id);
  };
  expect(await described("new", now - HOUR_MS)).toBe(false);
  expect(await described("old", now - 89 * DAY_MS)).toBe(true);
});

test("descriptions are read in pages that fit into memory, however long the prompts are", async () => {
  const { DB } = darkroom.bindings();
  await DB.batch([DB.prepare("DELETE FROM deletions"), DB.prepare("DELETE FROM jobs")]);
  const names = Array.from({ length: 12 }, (_, index) => `long${String(index).padStart(2, "0")}`);
  await DB.prepare(
    `INSERT INTO jobs (id, owner_id, kind, state, input, created_at, finalized_at)
     SELECT value, 'operator', 'text_generation', 'cancelled',
            json_object('prompt', hex(zeroblob(400000)), 'options', json('{}')), 7, 8
       FROM json_each(?1)`,
  )
    .bind(JSON.stringify(names))
    .run();
  const seen: string[] = [];
  let pages = 0;
  for (let after = { at: 0, id: "" }, isDone = false; !isDone; pages += 1) {
    const { rows, isAll } = await listDescribed(DB, { after, limit: 200 });
    expect(rows.reduce((sum, { input }) => sum + input.length, 0)).toBeLessThan(9_000_000);
    seen.push(...rows.map(({ id }) => id));
    after = { at: 7, id: seen.at(-1) ?? "" };
    isDone = isAll;
  }
  expect([pages, seen]).toEqual([2, names]);
  await DB.prepare("DELETE FROM jobs").run();
});
