// A statement that looks for one thing reads a few rows, however many other rows there are.
import { expect, test } from "vitest";

import { MEDIA_BUCKET } from "../shared/uploads/storage.ts";
import { readDelivery } from "../shared/db/webhooks/deliveries.ts";
import { findUploadsJob } from "../shared/db/keys/job-limit.ts";
import { insertJobs } from "../shared/db/jobs/jobs.ts";
import { readUploadOrigins } from "../shared/db/uploads/upload-origins.ts";
import { findExpiredLeases, takeDueTasks } from "../shared/db/jobs/maintenance.ts";
import { newJob } from "../shared/jobs/new-job.ts";
import { DEFAULT_TERMS } from "../shared/jobs/terms.ts";
import { counted } from "./counting.ts";
import { startDarkroom } from "./harness.ts";

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

test("what is put under one key again and again costs no more each time", async () => {
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
    expect(await rowsReadBy((db) => takeDueTasks(db, { now, graceMs, limit: 1000 }))).toBeLessThan(10);
  }
  expect(await takeDueTasks(DB, { now: graceMs, graceMs, limit: 1000 })).toHaveLength(MANY);
  expect(await rowsReadBy((db) => findExpiredLeases(db, 2 * graceMs, 1000))).toBeLessThan(10);
});
