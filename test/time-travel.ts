// D1's Time Travel has no simulator: this keeps what all tables hold, and puts it back. The bucket stays as it is.

export type Bookmark = ReadonlyMap<string, { readonly columns: readonly string[]; readonly rows: readonly unknown[] }>;

/** What the database holds now. Of tables whose rows are JSON at heart: no vectors, and no index of words. */
export async function takeBookmark(db: D1Database): Promise<Bookmark> {
  const { results } = await db
    .prepare(
      `SELECT name FROM sqlite_master
        WHERE type = 'table' AND name NOT GLOB '_cf*' AND name NOT GLOB 'sqlite*' AND name NOT GLOB 'd1_*' AND name NOT GLOB 'passages*'`,
    )
    .all<{ name: string }>();
  const bookmark = new Map<string, { columns: readonly string[]; rows: readonly unknown[] }>();
  for (const { name } of results) {
    // Without generated columns, which nobody may write.
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
