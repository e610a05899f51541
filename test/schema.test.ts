import { mkdir, mkdtemp, readdir, readFile, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { DatabaseSync } from "node:sqlite";

import { afterAll, beforeAll, expect, test } from "vitest";

import { isMigrated } from "../local/migrated-state.ts";
import { refuseEarlierState } from "../local/old-state.ts";
import { startDarkroom } from "./harness.ts";
import { dumpSchema, SCHEMA_FILE } from "./schema.ts";

const darkroom = startDarkroom();

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

test("the database of an earlier version is recognised, left as it is, and says how to start anew", async () => {
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
