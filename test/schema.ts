// Writes the SQL of an empty database after all migrations. Run it with Node to update `shared/db/schema.sql`.
import { writeFile } from "node:fs/promises";
import { join } from "node:path";

import { migratedDatabase } from "./migrated.ts";

const FOLDER = join(import.meta.dirname, "../shared/db");
export const SCHEMA_FILE = join(FOLDER, "schema.sql");

const HEAD = "-- What all migrations make, for reading. Written by `npm run schema`; a test compares it.\n\n";

/** Return tables, indexes and triggers by name, without those that SQLite and FTS5 create themselves. */
export async function dumpSchema(): Promise<string> {
  const database = await migratedDatabase();
  const made = database
    .prepare(
      `SELECT sql FROM sqlite_schema
        WHERE sql IS NOT NULL AND name NOT LIKE 'sqlite_%' AND name NOT LIKE 'passages\\_fts\\_%' ESCAPE '\\'
        ORDER BY tbl_name, CASE type WHEN 'table' THEN 0 ELSE 1 END, name`,
    )
    .all();
  return HEAD + made.map(({ sql }) => `${String(sql)};\n`).join("\n");
}

if (import.meta.main) await writeFile(SCHEMA_FILE, await dumpSchema());
