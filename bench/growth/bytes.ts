// What a database's pages hold, table by table, each with its indexes.
import type { DatabaseSync } from "node:sqlite";

export interface Bytes {
  /** Everything but the words that search finds. */
  readonly main: number;
  readonly search: number;
  readonly ofTables: Readonly<Record<string, number>>;
}

export function readBytes(database: DatabaseSync): Bytes {
  const rows = database
    .prepare(
      `SELECT coalesce(s.tbl_name, d.name) AS name, sum(d.pgsize) AS bytes
         FROM dbstat d LEFT JOIN sqlite_schema s ON s.name = d.name
        WHERE d.aggregate = true GROUP BY 1 ORDER BY 2 DESC`,
    )
    .all();
  const ofTables = Object.fromEntries(rows.map(({ name, bytes }) => [String(name), Number(bytes)]));
  const all = Object.values(ofTables).reduce((sum, bytes) => sum + bytes, 0);
  const ofSearch = Object.entries(ofTables).filter(([name]) => name.startsWith("passages"));
  const search = ofSearch.reduce((sum, [, bytes]) => sum + bytes, 0);
  return { main: all - search, search, ofTables };
}
