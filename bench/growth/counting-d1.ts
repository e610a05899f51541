// The real D1 of a local runtime, which reports for each statement how many rows it read.
import { join } from "node:path";

import { Miniflare } from "miniflare";

import { DATABASE_ID } from "../../local/migrate.ts";
import { stateOf } from "../../local/runtime.ts";

/** The rows that a call read and wrote, by D1's own count. A row of an index counts like a row of a table. */
export interface Rows {
  readonly read: number;
  readonly written: number;
}

export interface CountingD1 {
  /** Run something on the real database. `answer` is what it returned. */
  readonly count: <Answer>(act: (db: D1Database) => Promise<Answer>) => Promise<Rows & { readonly answer: Answer }>;
  readonly db: D1Database;
  readonly media: R2Bucket;
  close(): Promise<void>;
}

/** Start a runtime on the migrated database in `folder`. It needs no network, and writes nothing elsewhere. */
export async function openCountingD1(folder: string): Promise<CountingD1> {
  const runtime = new Miniflare({
    cf: false, // else it asks the network where this machine is
    resourcePersistencePath: join(stateOf({ folder, wakeGraceSeconds: 1 }), "v3"),
    workers: [
      {
        config: {
          name: "growth",
          compatibilityDate: "2026-11-01",
          manifest: {
            mainModule: "growth.mjs",
            modules: { "growth.mjs": { type: "esm", contents: "export default {};" } },
          },
          env: { DB: { type: "d1", id: DATABASE_ID }, MEDIA: { type: "r2", name: "growth" } },
        },
      },
    ],
  });
  const real = await runtime.getD1Database("DB");
  const media = (await runtime.getR2Bucket("MEDIA")) as unknown as R2Bucket; // the runtime's own copy of the same types
  const rows = { read: 0, written: 0 };
  const db = counted(real, ({ meta }) => {
    rows.read += meta.rows_read;
    rows.written += meta.rows_written;
  });
  return {
    db,
    media,
    async count(act) {
      Object.assign(rows, { read: 0, written: 0 });
      const answer = await act(db);
      return { ...rows, answer };
    },
    close: () => runtime.dispose(),
  };
}

/** The same database; `note` sees the result of each statement, those of a batch included. */
function counted(db: D1Database, note: (result: D1Result) => void): D1Database {
  const originals = new WeakMap<D1PreparedStatement, D1PreparedStatement>();
  const all = async (statement: D1PreparedStatement) => {
    const result = await statement.all();
    note(result);
    return result;
  };
  const wrap = (statement: D1PreparedStatement): D1PreparedStatement => {
    const wrapped = {
      bind: (...values: unknown[]) => wrap(statement.bind(...values)),
      all: () => all(statement),
      run: () => all(statement),
      async first(column?: string) {
        const [row] = (await all(statement)).results;
        return row === undefined ? null : column === undefined ? row : row[column];
      },
    } as unknown as D1PreparedStatement; // the product's statements call nothing else
    originals.set(wrapped, statement);
    return wrapped;
  };
  return {
    prepare: (sql: string) => wrap(db.prepare(sql)),
    async batch(statements: readonly D1PreparedStatement[]) {
      const results = await db.batch(statements.map((one) => originals.get(one) ?? one));
      results.forEach(note);
      return results;
    },
  } as unknown as D1Database;
}
