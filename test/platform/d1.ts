// Databases on real SQLite. Paths and shapes: developers.cloudflare.com/api/resources/d1/subresources/database/, read 2026-11-29;
// a query is one transaction, and its statements fail together (developers.cloudflare.com/d1/platform/limits/).
import { DatabaseSync } from "node:sqlite";

import { type Route, match, newId, ok, page, refusal } from "./route.ts";

interface Database {
  readonly uuid: string;
  readonly name: string;
  readonly sql: DatabaseSync;
}

export function createD1() {
  const databases = new Map<string, Database>();
  const view = ({ uuid, name }: Database) => ({
    uuid,
    name,
    version: "production",
    created_at: "2026-11-29T08:00:00.000Z",
    num_tables: 0,
    file_size: 0,
    running_in_region: "WEUR",
  });
  const route: Route = ({ method, path, query }, json) => {
    if (path === "/d1/database") {
      if (method === "GET") {
        const asked = query.get("name");
        return page([...databases.values()].filter(({ name }) => asked === null || name === asked).map(view));
      }
      const name = String(json()["name"]);
      if (databases.has(name)) return refusal(400, 7502, `A database with the name '${name}' already exists.`);
      const database = { uuid: newId(), name, sql: new DatabaseSync(":memory:") };
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
    return refusal(400, 7500, error instanceof Error ? error.message : String(error));
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
