// The database file of a local runtime that runs in a separate process.
import { readdir } from "node:fs/promises";
import { join } from "node:path";
import { DatabaseSync } from "node:sqlite";

/** Open the database in a state folder that has this table. The caller closes it. @throws if there is none. */
export async function openDatabaseOf(state: string, table: string): Promise<{ path: string; database: DatabaseSync }> {
  const names = await readdir(state, { recursive: true });
  for (const name of names.filter((one) => one.endsWith(".sqlite"))) {
    const path = join(state, name);
    const database = new DatabaseSync(path, { timeout: 10_000 });
    const sql = "SELECT 1 FROM sqlite_master WHERE type = 'table' AND name = ?1";
    if (database.prepare(sql).get(table) !== undefined) return { path, database };
    database.close();
  }
  throw new Error(`no database has a table '${table}'`);
}
