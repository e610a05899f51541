// Brings the local database up to date with Miniflare and without wrangler, two starts of which would take six seconds of CPU.
import { readFile } from "node:fs/promises";
import { join } from "node:path";

import { DEVELOPMENT_KEY, isMigrated, MIGRATIONS, migrationNames } from "./migrated-state.ts";
import { refuseEarlierState } from "./old-state.ts";
import { type Apart, stateOf } from "./runtime.ts";

/** As wrangler.jsonc has it for the local environment. The file of the database is named after it. */
export const DATABASE_ID = "darkroom-local";

/** wrangler's own, so that `wrangler d1 migrations` knows what has been applied. */
const APPLIED = `CREATE TABLE IF NOT EXISTS d1_migrations (
  id INTEGER PRIMARY KEY AUTOINCREMENT,
  name TEXT UNIQUE,
  applied_at TIMESTAMP DEFAULT CURRENT_TIMESTAMP NOT NULL
)`;

/** Create the local database or bring it up to date, and store the development key. Stops early when `signal` is aborted. */
export async function migrate(apart?: Apart, signal?: AbortSignal): Promise<void> {
  const state = stateOf(apart);
  await refuseEarlierState(state);
  if (await isMigrated(state)) return;
  signal?.throwIfAborted();
  // Not loaded where nothing is to be done: that takes half a second.
  const { Miniflare } = await import("miniflare");
  const runtime = new Miniflare({
    // Otherwise it asks the network where this machine is.
    cf: false,
    resourcePersistencePath: join(state, "v3"),
    workers: [
      {
        config: {
          name: "migrate",
          compatibilityDate: "2026-11-01",
          manifest: {
            mainModule: "migrate.mjs",
            modules: { "migrate.mjs": { type: "esm", contents: "export default {};" } },
          },
          env: { DB: { type: "d1", id: DATABASE_ID } },
        },
      },
    ],
  });
  try {
    const database: D1Database = await runtime.getD1Database("DB");
    await database.prepare(APPLIED).run();
    const { results } = await database.prepare("SELECT name FROM d1_migrations").all<{ name: string }>();
    const applied = new Set(results.map(({ name }) => name));
    for (const name of (await migrationNames()).filter((one) => !applied.has(one))) {
      signal?.throwIfAborted();
      const sql = await readFile(join(MIGRATIONS, name), "utf8");
      await database.batch([
        database.prepare(sql),
        database.prepare("INSERT INTO d1_migrations (name) VALUES (?1)").bind(name),
      ]);
    }
    await database.prepare(await readFile(DEVELOPMENT_KEY, "utf8")).run();
  } finally {
    await runtime.dispose();
  }
}
