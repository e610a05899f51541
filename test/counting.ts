/** The real database, with what it read and wrote counted. */
export function counted(db: D1Database) {
  const counts = { trips: 0, queries: 0, rowsRead: 0, rowsWritten: 0 };
  const note = (result: D1Result | undefined) => {
    counts.queries += 1;
    counts.rowsRead += result?.meta.rows_read ?? 0;
    counts.rowsWritten += result?.meta.rows_written ?? 0;
  };
  const originals = new WeakMap<D1PreparedStatement, D1PreparedStatement>();
  const count = (statement: D1PreparedStatement): D1PreparedStatement => {
    const proxy = new Proxy(statement, {
      get(target, name) {
        if (name === "bind") return (...values: unknown[]) => count(target.bind(...values));
        if (name !== "all" && name !== "first" && name !== "run") return Reflect.get(target, name) as unknown;
        return async (column?: string) => {
          counts.trips += 1;
          const result = await target.all();
          note(result);
          if (name !== "first") return result;
          const [row = null] = result.results;
          return row === null || column === undefined ? row : row[column];
        };
      },
    });
    originals.set(proxy, statement);
    return proxy;
  };
  return {
    counts,
    db: new Proxy(db, {
      get(target, name) {
        if (name === "prepare") return (sql: string) => count(target.prepare(sql));
        if (name !== "batch") return Reflect.get(target, name) as unknown;
        return async (statements: readonly D1PreparedStatement[]) => {
          counts.trips += 1;
          const results = await target.batch(statements.map((one) => originals.get(one) ?? one));
          results.forEach(note);
          return results;
        };
      },
    }),
  };
}
