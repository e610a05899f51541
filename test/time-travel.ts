// D1's Time Travel has no simulator. This stores the contents of all tables and puts them back. The bucket does not change.

export type Bookmark = ReadonlyMap<string, { readonly columns: readonly string[]; readonly rows: readonly unknown[] }>;

/** Return the current contents of the database, without vectors and without the index of words. */
export async function takeBookmark(db: D1Database): Promise<Bookmark> {
  const { results } = await db
    .prepare(
      `SELECT name FROM sqlite_master
        WHERE type = 'table' AND name NOT GLOB '_cf*' AND name NOT GLOB 'sqlite*' AND name NOT GLOB 'd1_*' AND name NOT GLOB 'passages*'`,
    )
    .all<{ name: string }>();
  const bookmark = new Map<string, { columns: readonly string[]; rows: readonly unknown[] }>();
  for (const { name } of results) {
    // Generated columns are left out, because they cannot be written.
    const info = await db.prepare(`PRAGMA table_info("${name}")`).all<{ name: string }>();
    const columns = info.results.map((column) => column.name);
    const rows = await db.prepare(`SELECT ${columns.join(", ")} FROM "${name}"`).all();
    bookmark.set(name, { columns, rows: rows.results });
  }
  return bookmark;
}

export async function setBack(db: D1Database, bookmark: Bookmark): Promise<void> {
  await db.batch([
    db.prepare("PRAGMA defer_foreign_keys = true"),
    ...[...bookmark.keys()].map((name) => db.prepare(`DELETE FROM "${name}"`)),
    ...[...bookmark].map(([name, { columns, rows }]) =>
      db
        .prepare(
          `INSERT INTO "${name}" (${columns.join(", ")})
           SELECT ${columns.map((column) => `r.value ->> '${column}'`).join(", ")} FROM json_each(?1) r`,
        )
        .bind(JSON.stringify(rows)),
    ),
  ]);
}
