// Whether a local database needs anything. Each of the two runs of wrangler that bring it up to date takes more than a second.
import { readdir, readFile } from "node:fs/promises";
import { join } from "node:path";
import { DatabaseSync } from "node:sqlite";

const MIGRATIONS = join(import.meta.dirname, "../shared/db/migrations");
const DEVELOPMENT_KEY = join(import.meta.dirname, "dev-key.sql");

/** @param state where wrangler keeps what is local. Where it cannot be read, the answer is no. */
export async function isMigrated(state: string): Promise<boolean> {
  const migrations = (await readdir(MIGRATIONS)).filter((name) => name.endsWith(".sql")).toSorted();
  const keySql = await readFile(DEVELOPMENT_KEY, "utf8");
  const names = await readdir(join(state, "v3/d1"), { recursive: true }).catch(() => []);
  return names.some((name) => name.endsWith(".sqlite") && holds(join(state, "v3/d1", name), migrations, keySql));
}

/** Whether these migrations, and no others, have been applied to the database, and the development key is in it as written. */
function holds(file: string, migrations: readonly string[], keySql: string): boolean {
  const database = new DatabaseSync(file, { readOnly: true });
  try {
    const applied = database.prepare("SELECT name FROM d1_migrations ORDER BY name").all();
    const key = database.prepare("SELECT secret_hash, scopes FROM api_keys WHERE id = 'local'").get();
    const isKeyThere = key !== undefined && Object.values(key).every((value) => keySql.includes(`'${String(value)}'`));
    return isKeyThere && JSON.stringify(applied.map(({ name }) => name)) === JSON.stringify(migrations);
  } catch {
    return false; // a database of another kind, or one that a killed runtime has left half written
  } finally {
    database.close();
  }
}
