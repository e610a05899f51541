// Databases on real SQLite. Paths and bodies: wrangler 4.164.0 (src/d1/create.ts, info.ts, execute.ts) and
// developers.cloudflare.com/api/resources/d1/subresources/database/. 7404 and 7502 are in wrangler's code (a missing database,
// a name that is in use). The text of 7404, and 7500 for an error of SQLite, are in logs of several projects.
// Unverified: that the statements of one query fail together, and the text of 7502.
import { DatabaseSync } from "node:sqlite";

import { type Route, match, newId, ok, page, refusal } from "./route.ts";

interface Database {
  readonly uuid: string;
  readonly name: string;
  readonly sql: DatabaseSync;
  readonly region: string;
  /** The jurisdiction; null for a database without one. */
  readonly jurisdiction: string | null;
}

export function createD1() {
  const databases = new Map<string, Database>();
  const view = ({ uuid, name, region, jurisdiction }: Database) => ({
    uuid,
    name,
    version: "production",
    created_at: "2026-11-29T08:00:00.000Z",
    num_tables: 0,
    file_size: 0,
    running_in_region: region,
    jurisdiction,
  });
  const route: Route = ({ method, path, query }, json) => {
    if (path === "/d1/database") {
      if (method === "GET") {
        const asked = query.get("name");
        return page([...databases.values()].filter(({ name }) => asked === null || name === asked).map(view));
      }
      const asked = json() as { name: string; primary_location_hint?: string; jurisdiction?: string };
      const { name, primary_location_hint: hint = "weur", jurisdiction = null } = asked;
      if (databases.has(name)) return refusal(400, 7502, `A database with the name '${name}' already exists.`);
      const database = {
        uuid: newId(),
        name,
        sql: new DatabaseSync(":memory:"),
        region: hint.toUpperCase(),
        jurisdiction,
      };
      databases.set(name, database);
      return ok(view(database));
    }
    const [key] = match(path, "/d1/database/:id/query") ?? match(path, "/d1/database/:id") ?? [];
    if (key === undefined) return undefined;
    const database = databases.get(key) ?? [...databases.values()].find(({ uuid }) => uuid === key);
    if (database === undefined) return refusal(404, 7404, `The database ${key} could not be found`);
    return path.endsWith("/query") ? run(database.sql, String(json()["sql"])) : ok(view(database));
  };
  return { databases, route };
}

function run(db: DatabaseSync, sql: string) {
  try {
    return ok([{ results: rowsOf(db, sql), success: true, meta: { duration: 1, rows_read: 0, rows_written: 0 } }]);
  } catch (error) {
    return refusal(400, 7500, `${error instanceof Error ? error.message : String(error)}: SQLITE_ERROR`);
  }
}

function rowsOf(db: DatabaseSync, sql: string): readonly unknown[] {
  if (/^\s*(SELECT|PRAGMA)\b/i.test(sql) || /\bRETURNING \w+\s*$/.test(sql)) return db.prepare(sql).all();
  db.exec("BEGIN");
  try {
    db.exec(sql);
    db.exec("COMMIT");
  } catch (error) {
    db.exec("ROLLBACK");
    throw error;
  }
  return [];
}
