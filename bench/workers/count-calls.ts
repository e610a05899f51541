// Bindings that count real calls, so that the figures are not estimates from reading the code.
import { countedBucket } from "../../shared/jobs/operations.ts";

/** What the consumer of one queue has done since the Worker started. */
export interface Counts {
  invocations: number;
  messages: number;
  /** Messages delivered again. Each is one more read. */
  redeliveries: number;
  /** Calls of `batch()`, `run()`, `all()` and `first()`. Each waits for D1 once. */
  d1RoundTrips: number;
  d1Statements: number;
  d1RowsRead: number;
  d1RowsWritten: number;
  /** put, list and multipart calls */
  r2ClassA: number;
  /** get and head */
  r2ClassB: number;
}

export interface Report {
  readonly queues: Readonly<Record<string, Counts>>;
  readonly logLines: number;
  /** Rows that statements of one verb and table wrote, of all queues together. A trigger and a cascade count to their statement. */
  readonly d1RowsWrittenBy: Readonly<Record<string, number>>;
}

const queues: Record<string, Counts> = {};
const rowsWrittenBy: Record<string, number> = {};
let logLines = 0;

/** Run the same handler on counted bindings; `fetch` returns the report. */
export function countCalls<Bindings extends { readonly DB: D1Database; readonly MEDIA: R2Bucket }, Body>(worker: {
  queue(batch: MessageBatch<Body>, env: Bindings): Promise<void>;
}): ExportedHandler<Bindings, Body> {
  for (const level of ["log", "warn", "error"] as const) {
    console[level] = () => {
      logLines += 1;
    };
  }
  return {
    async queue(batch, env) {
      const counts = (queues[batch.queue] ??= emptyCounts());
      counts.invocations += 1;
      counts.messages += batch.messages.length;
      counts.redeliveries += batch.messages.filter((message) => message.attempts > 1).length;
      const counted = { DB: countedDatabase(env.DB, counts, rowsWrittenBy), MEDIA: countedBucket(env.MEDIA, counts) };
      await worker.queue(batch, { ...env, ...counted });
    },
    async fetch() {
      return Response.json({ queues, logLines, d1RowsWrittenBy: rowsWrittenBy } satisfies Report);
    },
  };
}

export function emptyCounts(): Counts {
  return {
    invocations: 0,
    messages: 0,
    redeliveries: 0,
    d1RoundTrips: 0,
    d1Statements: 0,
    d1RowsRead: 0,
    d1RowsWritten: 0,
    r2ClassA: 0,
    r2ClassB: 0,
  };
}

/** @param writtenBy gets the rows that each verb and table wrote. */
export function countedDatabase(db: D1Database, counts: Counts, writtenBy: Record<string, number>): D1Database {
  const originals = new WeakMap<D1PreparedStatement, D1PreparedStatement>();
  const subjects = new WeakMap<D1PreparedStatement, string>();

  function tally<Row>(results: readonly D1Result<Row>[], subjectsOf: readonly string[]): void {
    counts.d1RoundTrips += 1;
    counts.d1Statements += results.length;
    for (const [index, { meta }] of results.entries()) {
      counts.d1RowsRead += meta.rows_read;
      counts.d1RowsWritten += meta.rows_written;
      const subject = subjectsOf[index] ?? "";
      if (meta.rows_written > 0) writtenBy[subject] = (writtenBy[subject] ?? 0) + meta.rows_written;
    }
  }

  function countedStatement(statement: D1PreparedStatement, subject: string): D1PreparedStatement {
    const all = async () => {
      const result = await statement.all();
      tally([result], [subject]);
      return result;
    };
    const counted = new Proxy(statement, {
      get(target, name) {
        if (name === "bind")
          return (...values: readonly unknown[]) => countedStatement(target.bind(...values), subject);
        if (name === "all" || name === "run") return all;
        // The answer of first() has no meta, so all() is called instead: the same single round trip.
        if (name === "first") return async (column?: string) => firstOf((await all()).results[0], column);
        throw new Error(`D1PreparedStatement.${String(name)} is not counted`);
      },
    });
    originals.set(counted, statement);
    subjects.set(counted, subject);
    return counted;
  }

  return new Proxy(db, {
    get(target, name) {
      if (name === "prepare") return (sql: string) => countedStatement(target.prepare(sql), subjectOf(sql));
      if (name === "batch") {
        return async (statements: readonly D1PreparedStatement[]) => {
          const results = await target.batch(statements.map((statement) => originals.get(statement) ?? statement));
          tally(
            results,
            statements.map((statement) => subjects.get(statement) ?? ""),
          );
          return results;
        };
      }
      throw new Error(`D1Database.${String(name)} is not counted`);
    },
  });
}

function firstOf(row: Record<string, unknown> | undefined, column: string | undefined): unknown {
  if (row === undefined) return null;
  return column === undefined ? row : row[column];
}

/** Return what a statement does, as `insert jobs`. */
function subjectOf(sql: string): string {
  const [, verb = "read", table = ""] = /^\s*(INSERT|UPDATE|DELETE)\s+(?:INTO\s+|FROM\s+)?(\w+)/.exec(sql) ?? [];
  return `${verb.toLowerCase()} ${table}`.trim();
}
