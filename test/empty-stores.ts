// Empties the stores of a runtime between tests, or between runs of chaos.

/** The tables to empty. `signing_keys` stay, because Node, in which tests run, remembers the key like any isolate. */
const TABLES = `
  SELECT name FROM sqlite_schema
   WHERE type = 'table' AND name NOT LIKE 'sqlite%' AND name NOT LIKE 'd1%' AND name NOT LIKE '\\_cf%' ESCAPE '\\'
     AND name NOT LIKE 'passages\\_fts%' ESCAPE '\\' AND name <> 'signing_keys'`;

export async function readTables(db: D1Database): Promise<readonly string[]> {
  return (await db.prepare(TABLES).all<{ name: string }>()).results.map(({ name }) => name);
}

/** The statements that empty these tables, for one batch. */
export function emptyTables(db: D1Database, tables: readonly string[]): readonly D1PreparedStatement[] {
  return [db.prepare("PRAGMA defer_foreign_keys = true"), ...tables.map((table) => db.prepare(`DELETE FROM ${table}`))];
}

export async function emptyBucket(media: R2Bucket): Promise<void> {
  for (;;) {
    const { objects } = await media.list();
    if (objects.length === 0) return;
    await media.delete(objects.map(({ key }) => key));
  }
}
