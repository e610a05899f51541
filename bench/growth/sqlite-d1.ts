// D1's methods on a file of SQLite, in this process. The product's statements fill a database through it at some thousand jobs a
// second; a runtime takes ten times as long. It counts no rows read: `counting-d1.ts` asks the real D1 for those.
import type { DatabaseSync, SQLInputValue, StatementSync } from "node:sqlite";

/** The limits of D1 (developers.cloudflare.com/d1/platform/limits), for a `DatabaseSync`. The runtime on this machine does not keep them. */
export const D1_LIMITS = {
  length: 2_000_000,
  sqlLength: 100_000,
  column: 100,
  functionArg: 32,
  likePatternLength: 50,
  variableNumber: 100,
};

/** @param database is closed by whoever opened it. */
export function sqliteD1(database: DatabaseSync): D1Database {
  const prepared = new Map<string, StatementSync>();
  const changes = database.prepare("SELECT changes() AS n");

  function run(sql: string, values: readonly SQLInputValue[]): D1Result<Record<string, unknown>> {
    let statement = prepared.get(sql);
    if (statement === undefined) prepared.set(sql, (statement = database.prepare(sql)));
    const results = statement.all(...values);
    const changed = Number(changes.get()?.["n"] ?? 0);
    return { success: true, results, meta: { ...NOT_COUNTED, changes: changed, changed_db: changed > 0 } };
  }

  class FileStatement {
    readonly sql: string;
    readonly values: readonly SQLInputValue[];
    constructor(sql: string, values: readonly SQLInputValue[] = []) {
      this.sql = sql;
      this.values = values;
    }
    bind(...values: readonly unknown[]) {
      return new FileStatement(this.sql, values.map(sqlValue));
    }
    now() {
      return run(this.sql, this.values);
    }
    async all() {
      return this.now();
    }
    async run() {
      return this.now();
    }
    async first(column?: string) {
      const [row] = this.now().results;
      return row === undefined ? null : column === undefined ? row : row[column];
    }
  }

  return {
    prepare: (sql: string) => new FileStatement(sql),
    async batch(statements: readonly FileStatement[]) {
      return together(database, () => statements.map((statement) => statement.now()));
    },
    // The product's statements call nothing else of D1.
  } as unknown as D1Database;
}

const NOT_COUNTED = { duration: 0, size_after: 0, rows_read: 0, rows_written: 0, last_row_id: 0 };

/** Run `act` in one transaction, or in a part of the one that is open. What it does is undone if it throws. */
function together<Result>(database: DatabaseSync, act: () => Result): Result {
  database.exec("SAVEPOINT together");
  try {
    const result = act();
    database.exec("RELEASE together");
    return result;
  } catch (error) {
    database.exec("ROLLBACK TO together; RELEASE together");
    throw error;
  }
}

/** Run `act` and undo what it did. @returns how much time of a processor it took, in milliseconds: what else runs does not count. */
export async function timeUndone(database: DatabaseSync, act: () => Promise<unknown>): Promise<number> {
  database.exec("SAVEPOINT undone");
  const start = process.threadCpuUsage();
  try {
    await act();
    const { user, system } = process.threadCpuUsage(start);
    return (user + system) / 1000;
  } finally {
    database.exec("ROLLBACK TO undone; RELEASE undone");
  }
}

/** As D1 takes them: a boolean is a number. */
function sqlValue(value: unknown): SQLInputValue {
  if (typeof value === "boolean") return value ? 1 : 0;
  if (value === null || typeof value === "string" || typeof value === "number") return value;
  throw new TypeError(`D1 does not bind a value of type '${typeof value}' here`);
}
