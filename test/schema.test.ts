import { mkdir, mkdtemp, readdir, readFile, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { DatabaseSync } from "node:sqlite";

import { afterAll, beforeAll, expect, test } from "vitest";

import { sqliteD1 } from "../bench/growth/sqlite-d1.ts";
import { isMigrated } from "../local/migrated-state.ts";
import { refuseEarlierState } from "../local/old-state.ts";
import { releaseHeld } from "../shared/db/cost/holds.ts";
import { transact } from "../shared/db/transact.ts";
import { startDarkroom } from "./harness.ts";
import { migratedDatabase } from "./migrated.ts";
import { dumpSchema, SCHEMA_FILE } from "./schema.ts";

const darkroom = startDarkroom();
const HOUR_MS = 3_600_000;

let folder: string;
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), "darkroom-schema-"));
});
afterAll(() => rm(folder, { recursive: true, force: true }));

test("schema.sql is what the migrations make", async () => {
  expect(await readFile(SCHEMA_FILE, "utf8")).toBe(await dumpSchema());
});

test("a kind of job is named by no table: a new one needs no migration", async () => {
  expect(await dumpSchema()).not.toMatch(/transcription|image_generation|classification/);
});

test("D1 has the tables that the dump has", async () => {
  const { results } = await darkroom
    .bindings()
    .DB.prepare(`SELECT name FROM sqlite_schema WHERE type = 'table' AND name NOT LIKE 'passages_fts_%'`)
    .all<{ name: string }>();
  const ours = results.map(({ name }) => name).filter((name) => !/^(sqlite_|_cf_|d1_)/.test(name));
  const dumped = [...(await dumpSchema()).matchAll(/^CREATE (?:VIRTUAL )?TABLE (\w+)/gm)].map(([, name]) => name);
  expect(new Set(ours)).toEqual(new Set(dumped));
});

test("a task that an earlier version holds for a budget is released when the budget is raised", async () => {
  const database = await migratedDatabase();
  database.exec(`
    INSERT INTO jobs (id, owner_id, kind, state, input, created_at) VALUES ('job', 'one', 'any', 'running', '{}', 0);
    INSERT INTO tasks (id, job_id, owner_id, kind, state, args, attempt, max_attempts, scheduled_at, check_at, created_at, lease_id, leased_at)
    VALUES ('task', 'job', 'one', 'any', 'running', '{}', 1, 5, 0, 0, 0, 'lease', 0);
    INSERT INTO attempts (task_id, number, outcome, started_at, finished_at, error_code)
    VALUES ('task', 1, 'snooze', 0, 1, 'budget_used');
    UPDATE tasks SET state = 'retryable', scheduled_at = 9000, check_at = 9000, lease_id = NULL, leased_at = NULL`);
  const held = { code: "budget_used", ownerId: "one" } as const;
  const released = await transact(sqliteD1(database), releaseHeld(sqliteD1(database), held, { now: 10, limit: 10 }));
  expect(released.flatMap(({ ready }) => ready)).toEqual(["task"]);
});

test("objects of jobs of an earlier version are searched for in the bucket, and those of a new database are deleted by name", async () => {
  const migrations = join(SCHEMA_FILE, "../migrations");
  const names = (await readdir(migrations)).toSorted();
  const before = names.indexOf("0010_fewer_rows.sql");
  const listedBefore = async (jobs: string) => {
    const database = new DatabaseSync(":memory:");
    for (const [index, name] of names.entries()) {
      if (index === before) database.exec(jobs);
      database.exec(await readFile(join(migrations, name), "utf8"));
    }
    return database.prepare("SELECT CAST(value AS INTEGER) AS value FROM cursors WHERE name = 'listed_before'").all();
  };
  expect(await listedBefore("")).toEqual([]);
  const job =
    "INSERT INTO jobs (id, owner_id, kind, state, input, created_at) VALUES ('j', 'ann', 'k', 'queued', '{}', 1)";
  const [row] = await listedBefore(job);
  expect(row?.["value"]).toBeGreaterThan(Date.now() + 23 * HOUR_MS);
});

test("passages that were stored before the index of words was rebuilt are found, changed and deleted after it", async () => {
  const migrations = join(SCHEMA_FILE, "../migrations");
  const names = (await readdir(migrations)).toSorted();
  const before = names.indexOf("0004_words_of_all_scripts.sql");
  const database = new DatabaseSync(":memory:");
  const apply = async (some: readonly string[]) => {
    for (const name of some) database.exec(await readFile(join(migrations, name), "utf8"));
  };
  await apply(names.slice(0, before));
  database.exec("PRAGMA foreign_keys = OFF");
  const insert = (id: string, text: string) =>
    database
      .prepare(
        "INSERT INTO passages (id, owner_id, job_id, kind, source, text, space) VALUES (?1, 'ann', 'j', 'k', 'text', ?2, '')",
      )
      .run(id, text);
  const found = (query: string) =>
    database
      .prepare(
        `SELECT p.id, snippet(passages_fts, 1, '', '', '…', 30) AS snippet FROM passages_fts
           JOIN passages p ON p.number = passages_fts.rowid WHERE passages_fts MATCH ?1 ORDER BY p.id`,
      )
      .all(`owner : "${Buffer.from("ann").toString("hex").toUpperCase()}" AND text : (${query})`)
      .map(({ id, snippet }) => `${String(id)}: ${String(snippet)}`);
  insert("a", "the boats leave at dawn");
  insert("b", "今日は天気がいい");
  await apply(names.slice(before));
  expect(found('"boat"')).toEqual(["a: the boats leave at dawn"]);
  // The previous version continues to write and change them.
  insert("c", "two boats");
  database.exec("UPDATE passages SET text = 'no ships' WHERE id = 'a'");
  expect(found('"boat"')).toEqual(["c: two boats"]);
  database.exec("UPDATE passages SET indexed_text = '\u200B天\u200B気\u200B' WHERE id = 'b'");
  expect(found('"天\u200B気"')).toHaveLength(1);
  // The previous version does not change the indexed text. The new words are found, and the old ones are not.
  database.exec("INSERT INTO cursors (name, value) VALUES ('indexed_texts', '3')");
  database.exec("UPDATE passages SET text = 'two ships' WHERE id = 'b'");
  expect(found('"天\u200B気"')).toEqual([]);
  expect(found('"ship"')).toEqual(["a: no ships", "b: two ships"]);
  expect(database.prepare("SELECT value FROM cursors").get()?.["value"]).toBe("1");
  database.exec("UPDATE passages SET text = '天', indexed_text = '\u200B天\u200B' WHERE id = 'b'");
  expect(found('"天"')).toHaveLength(1);
  database.exec("INSERT INTO passages_fts (passages_fts, rank) VALUES ('integrity-check', 1)");
  database.exec("DELETE FROM passages WHERE id = 'b'");
  expect(found('"天\u200B気"')).toEqual([]);
  database.exec("INSERT INTO passages_fts (passages_fts, rank) VALUES ('integrity-check', 1)");
});

test("the database of an earlier version is recognised and left unchanged, and the message says how to start again", async () => {
  await refuseEarlierState(join(folder, "none"));
  const file = join(folder, "db.sqlite");
  const database = new DatabaseSync(file);
  database.exec("CREATE TABLE d1_migrations (id INTEGER PRIMARY KEY, name TEXT)");
  await refuseEarlierState(folder);
  database.exec("INSERT INTO d1_migrations (name) VALUES ('0001_pipeline.sql')");
  await expect(refuseEarlierState(folder)).rejects.toThrow(/earlier version.*Nothing was changed.*rm -r /);
  database.close();
});

test("a local database needs nothing when every migration was applied and the development key is in it as written", async () => {
  const state = join(folder, "state");
  expect(await isMigrated(state)).toBe(false);
  await mkdir(join(state, "v3/d1"), { recursive: true });
  const database = new DatabaseSync(join(state, "v3/d1/db.sqlite"));
  database.exec("CREATE TABLE d1_migrations (id INTEGER PRIMARY KEY, name TEXT)");
  const names = (await readdir("shared/db/migrations")).toSorted();
  for (const name of names) {
    expect(await isMigrated(state)).toBe(false);
    database.exec(await readFile(join("shared/db/migrations", name), "utf8"));
    database.prepare("INSERT INTO d1_migrations (name) VALUES (?1)").run(name);
  }
  expect(await isMigrated(state)).toBe(false);
  database.exec(await readFile("local/dev-key.sql", "utf8"));
  expect(await isMigrated(state)).toBe(true);
  database.exec(`UPDATE api_keys SET scopes = '["jobs:read"]'`);
  expect(await isMigrated(state)).toBe(false);
  database.exec(await readFile("local/dev-key.sql", "utf8"));
  database.exec("INSERT INTO d1_migrations (name) VALUES ('9999_of_a_newer_version.sql')");
  expect(await isMigrated(state)).toBe(false);
  database.close();
});
