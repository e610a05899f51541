// Whether a local database is up to date. To update it, a runtime has to start, which takes more than a second.
import { readdir, readFile } from "node:fs/promises";
import { join } from "node:path";
import { DatabaseSync } from "node:sqlite";

export const MIGRATIONS = join(import.meta.dirname, "../shared/db/migrations");
export const DEVELOPMENT_KEY = join(import.meta.dirname, "dev-key.sql");

/** @param state the folder of wrangler's local state. If it cannot be read, the answer is no. */
export async function isMigrated(state: string): Promise<boolean> {
  const migrations = await migrationNames();
  const keySql = await readFile(DEVELOPMENT_KEY, "utf8");
  const names = await readdir(join(state, "v3/d1"), { recursive: true }).catch(() => []);
  return names.some((name) => name.endsWith(".sqlite") && holds(join(state, "v3/d1", name), migrations, keySql));
}

/** The names of all migrations, in the order in which they are applied. */
export async function migrationNames(): Promise<readonly string[]> {
  return (await readdir(MIGRATIONS)).filter((name) => name.endsWith(".sql")).toSorted();
}

/** Whether exactly these migrations have been applied to the database, and it has the development key as written. */
function holds(file: string, migrations: readonly string[], keySql: string): boolean {
  const database = new DatabaseSync(file, { readOnly: true });
  try {
    const applied = database.prepare("SELECT name FROM d1_migrations ORDER BY name").all();
    const key = database.prepare("SELECT secret_hash, scopes FROM api_keys WHERE id = 'local'").get();
    const isKeyThere = key !== undefined && Object.values(key).every((value) => keySql.includes(`'${String(value)}'`));
    return isKeyThere && JSON.stringify(applied.map(({ name }) => name)) === JSON.stringify(migrations);
  } catch {
    return false; // Another kind of database, or one that a killed runtime left half written.
  } finally {
    database.close();
  }
}
