// D1 on Cloudflare has narrower limits than the runtime on this machine (developers.cloudflare.com/d1/platform/limits). Node's SQLite can be
// given the same ones.
import { expect, test } from "vitest";

import { D1_LIMITS, sqliteD1 } from "../bench/growth/sqlite-d1.ts";
import { insertArchive, listEnded, readHeads, swapForLines } from "../shared/db/archive/archiving.ts";
import { findPlace, insertContents } from "../shared/db/archive/bring-back.ts";
import { insertExported, listExportable, readLongHead } from "../shared/db/archive/moving.ts";
import { ExportedJob } from "../shared/archive/exported.ts";
import { migratedDatabase } from "./migrated.ts";

const NOW = 1_000_000;
const WHOLE = { at: -1, id: "" };

async function database(): Promise<D1Database> {
  const file = await migratedDatabase({ limits: D1_LIMITS });
  file.exec("INSERT INTO cursors (name, value) VALUES ('recorded', '999999')");
  return sqliteD1(file);
}

/** A job that has ended, with this many chunks. */
async function insertEnded(db: D1Database, id: string, chunks: number): Promise<void> {
  await db
    .prepare(
      `INSERT INTO jobs (id, owner_id, kind, state, input, created_at, started_at, finalized_at, tags)
       VALUES (?1, 'o', 'classification', 'completed', '{"text":"x"}', 1, 2, 3, '["kept"]')`,
    )
    .bind(id)
    .run();
  const numbers = "WITH RECURSIVE n (i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < ?2)";
  await db
    .prepare(
      `INSERT INTO tasks (id, job_id, owner_id, kind, stage, state, args, attempt, max_attempts, scheduled_at, check_at, created_at, finalized_at)
       ${numbers} SELECT ?1 || '.' || i, ?1, 'o', 'transcribe_chunk', 1, 'completed', json_object('startMs', i), 1, 5, 1, 1, 1, 1 FROM n`,
    )
    .bind(id, chunks)
    .run();
  await db
    .prepare(
      `INSERT INTO attempts (task_id, number, outcome, started_at, finished_at, neurons, usage)
       ${numbers} SELECT ?1 || '.' || i, 1, 'completed', 1, 1, 1.25, json_array(hex(zeroblob(200))) FROM n`,
    )
    .bind(id, chunks)
    .run();
}

/** The rows of a job, without when it may be archived again. */
async function rowsOf(db: D1Database) {
  const sql = ["SELECT * FROM tasks", "SELECT * FROM attempts", "SELECT *, NULL AS kept_until FROM jobs"];
  return Promise.all(sql.map(async (select) => (await db.prepare(`${select} ORDER BY 1`).all()).results));
}

test("a job is archived, brought back, exported and imported within the limits of D1", async () => {
  const db = await database();
  await insertEnded(db, "job_1", 2);
  const whole = await rowsOf(db);
  const [exported] = await listExportable(db, { after: WHOLE, limit: 10 });
  const [job] = await readHeads(db, ["job_1"]);
  await insertArchive(db, "a", NOW);
  expect(
    await swapForLines(
      db,
      "a",
      [{ id: "job_1", head: job?.head ?? "", estimatedNeurons: 1, offset: 0, bytes: 1, secret: "s" }],
      NOW,
    ),
  ).toBe(1);
  const found = await findPlace(db, { id: "job_1", ownerId: "o" });
  if (!found?.place) throw new Error("it was not archived");
  await insertContents(
    db,
    "job_1",
    found.place,
    { head: job?.head ?? "", chunks: [], fingerprint: job?.fingerprint ?? null },
    NOW,
  );
  expect(await rowsOf(db)).toEqual(whole);

  const other = await database();
  const line = ExportedJob.parse(
    JSON.parse(
      `{"format":1,"job":"job_1","row":${exported?.row},"upload":null,"labels":[],"versions":[],"passages":[],"contents":${exported?.head},"chunks":[]}`,
    ),
  );
  expect(await insertExported(other, line, NOW)).toBe(true);
  expect(await rowsOf(other)).toEqual(whole);
});

test("a recording of many hours holds up no other job", async () => {
  const db = await database();
  await insertEnded(db, "job_long", 3000);
  await insertEnded(db, "job_other", 1);
  const ended = await listEnded(db, { after: WHOLE, before: NOW, now: NOW, limit: 10 });
  const heads = await readHeads(db, ["job_other"]);
  const sizes = new Map(ended.map(({ id, size }) => [id, size?.headChars ?? 0]));
  expect(sizes.get("job_long")).toBeGreaterThan(2_000_000);
  // The estimate is close to what it stands for.
  const ratio = (sizes.get("job_other") ?? 0) / (heads[0]?.head.length ?? 1);
  expect(ratio).toBeGreaterThan(0.8);
  expect(ratio).toBeLessThan(1.5);
  await expect(readHeads(db, ["job_long"])).rejects.toThrow("too big");
});

test("a recording of many hours is exported and imported", async () => {
  const db = await database();
  await insertEnded(db, "job_long", 3000);
  const [job] = await listExportable(db, { after: WHOLE, limit: 10 });
  expect(job?.head).toBeNull();
  const head = await readLongHead(db, "job_long");
  const other = await database();
  const line = ExportedJob.parse(
    JSON.parse(
      `{"format":1,"job":"job_long","row":${job?.row},"upload":null,"labels":[],"versions":[],"passages":[],"contents":${head},"chunks":[]}`,
    ),
  );
  expect(await insertExported(other, line, NOW)).toBe(true);
  expect(await rowsOf(other)).toEqual(await rowsOf(db));
});

test("reading a page at a time gives the same as reading at once", async () => {
  const db = await database();
  await insertEnded(db, "job_1", 101);
  const [job] = await readHeads(db, ["job_1"]);
  expect(await readLongHead(db, "job_1")).toBe(job?.head);
});
