// State that an earlier version left on this machine. Its database has tables that this version cannot continue.
import { readdir } from "node:fs/promises";
import { join } from "node:path";
import { DatabaseSync } from "node:sqlite";

/** The first migration of every version before the schema became one file. */
const EARLIER_MIGRATION = "0001_pipeline.sql";

/**
 * Refuse the database of an earlier version. Changes nothing.
 * @param state the folder of wrangler's local state.
 * @throws an error that says how to start with an empty database.
 */
export async function refuseEarlierState(state: string): Promise<void> {
  const names = await readdir(state, { recursive: true }).catch(() => []);
  for (const name of names.filter((one) => one.endsWith(".sqlite"))) {
    if (!isEarlier(join(state, name))) continue;
    throw new Error(
      `The database under ${state} belongs to an earlier version of Darkroom, which this version cannot continue. ` +
        `Nothing was changed. To start with an empty database, delete its jobs and media: rm -r ${state}`,
    );
  }
}

function isEarlier(file: string): boolean {
  const database = new DatabaseSync(file, { readOnly: true });
  try {
    return database.prepare("SELECT 1 FROM d1_migrations WHERE name = ?1").get(EARLIER_MIGRATION) !== undefined;
  } catch {
    return false; // Another kind of database.
  } finally {
    database.close();
  }
}
