// Databases with all tables. Making that of a runtime needs a start of one, so it is made once on each machine for the same migrations, and copied.
import { createHash } from "node:crypto";
import { cp, mkdtemp, readFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { DatabaseSync, type DatabaseSyncOptions } from "node:sqlite";

import { migrate } from "../local/migrate.ts";
import { migrationNames, MIGRATIONS } from "../local/migrated-state.ts";
import { keepFolder } from "./kept-folder.ts";

const ROOT = join(import.meta.dirname, "..");
const KEPT = join(ROOT, "node_modules/.cache/darkroom-migrated");

/** Return a new folder with the result of `migrate`. The caller removes it. */
export async function migratedFolder(): Promise<string> {
  const kept = join(KEPT, await digest());
  await keepFolder(kept, (folder) => migrate({ folder, wakeGraceSeconds: 1 }));
  const folder = await mkdtemp(join(tmpdir(), "darkroom-migrated-"));
  await cp(kept, folder, { recursive: true });
  return folder;
}

/** Return a database in the memory of this process. The caller closes it. */
export async function migratedDatabase(options: DatabaseSyncOptions = {}): Promise<DatabaseSync> {
  const database = new DatabaseSync(":memory:", options);
  for (const name of await migrationNames()) database.exec(await readFile(join(MIGRATIONS, name), "utf8"));
  return database;
}

async function digest(): Promise<string> {
  const migrations = (await migrationNames()).map((name) => join(MIGRATIONS, name));
  const sources = ["local/migrate.ts", "local/dev-key.sql", "wrangler.jsonc", "package-lock.json"];
  const hash = createHash("sha256");
  for (const path of [...migrations, ...sources.map((name) => join(ROOT, name))]) hash.update(await readFile(path));
  return hash.digest("hex");
}
