// What an earlier version left on this machine. Its database has tables that this version cannot continue.
import { readdir } from "node:fs/promises";
import { join } from "node:path";
import { DatabaseSync } from "node:sqlite";

/** The first migration of every version before the schema became one file. */
const EARLIER_MIGRATION = "0001_pipeline.sql";

/**
 * @param state where wrangler keeps what is local.
 * @throws an error that says how to start anew, where the database there is of an earlier version. Nothing is changed.
 */
export async function refuseEarlierState(state: string): Promise<void> {
  const names = await readdir(state, { recursive: true }).catch(() => []);
  for (const name of names.filter((one) => one.endsWith(".sqlite"))) {
    if (!isEarlier(join(state, name))) continue;
    throw new Error(
      `The database under ${state} was made by an earlier version of Darkroom, and this version cannot continue it. ` +
        `Nothing was changed. To start anew, without the jobs and media in there: rm -r ${state}`,
    );
  }
}

function isEarlier(file: string): boolean {
  const database = new DatabaseSync(file, { readOnly: true });
  try {
    return database.prepare("SELECT 1 FROM d1_migrations WHERE name = ?1").get(EARLIER_MIGRATION) !== undefined;
  } catch {
    return false; // a database of another kind
  } finally {
    database.close();
  }
}
