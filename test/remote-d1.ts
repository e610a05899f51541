// Calls the Worker's D1 from a test in Node, with one request for a statement or a batch. Miniflare's own proxy makes a request, and
// blocks Node, for every prepared statement and every bound value.

/** A request to the Worker for its database. */
export interface D1Call {
  readonly statements: readonly { readonly sql: string; readonly params: readonly unknown[] }[];
  readonly isBatch: boolean;
}

export type D1Answer = { readonly results: readonly D1Result[] } | { readonly error: string };

type Send = (call: D1Call) => Promise<D1Answer>;

export function remoteDatabase(send: Send): D1Database {
  const asked = new WeakMap<object, D1Call["statements"][number]>();

  async function run(call: D1Call): Promise<readonly D1Result[]> {
    const answer = await send(call);
    if ("error" in answer) throw new Error(answer.error);
    return answer.results;
  }

  function statement(sql: string, params: readonly unknown[]) {
    const all = async () => (await run({ statements: [{ sql, params }], isBatch: false }))[0];
    const made = {
      bind: (...values: readonly unknown[]) => statement(sql, values),
      all,
      run: all,
      async first(column?: string) {
        const row = ((await all())?.results[0] ?? null) as Record<string, unknown> | null;
        if (row === null || column === undefined) return row;
        if (!(column in row)) throw new Error(`D1_ERROR: there is no column '${column}'`);
        return row[column];
      },
    };
    asked.set(made, { sql, params });
    return made;
  }

  const database = {
    prepare: (sql: string) => statement(sql, []),
    batch: async (statements: readonly object[]) =>
      run({ statements: statements.map((one) => asked.get(one)!), isBatch: true }),
  };
  return database as unknown as D1Database;
}

/** Write a call as JSON, with bound bytes in base64. */
export function writeCall({ statements, isBatch }: D1Call): string {
  const written = statements.map(({ sql, params }) => ({ sql, params: params.map(writeParam) }));
  return JSON.stringify({ statements: written, isBatch });
}

export async function runCall(db: D1Database, call: D1Call): Promise<D1Answer> {
  try {
    const prepared = call.statements.map(({ sql, params }) => {
      const statement = db.prepare(sql);
      return params.length === 0 ? statement : statement.bind(...params.map(readParam));
    });
    if (call.isBatch) return { results: await db.batch(prepared) };
    return { results: await Promise.all(prepared.map((statement) => statement.all())) };
  } catch (error) {
    return { error: error instanceof Error ? error.message : String(error) };
  }
}

function writeParam(value: unknown): unknown {
  if (value instanceof ArrayBuffer) return { base64: new Uint8Array(value).toBase64() };
  if (ArrayBuffer.isView(value)) {
    return { base64: new Uint8Array(value.buffer as ArrayBuffer, value.byteOffset, value.byteLength).toBase64() };
  }
  // D1 refuses it with an error.
  return value === undefined ? { isUndefined: true } : value;
}

function readParam(value: unknown): unknown {
  if (typeof value !== "object" || value === null) return value;
  return "base64" in value ? Uint8Array.fromBase64(String(value.base64)) : undefined;
}
