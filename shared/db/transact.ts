/** A statement with the function that reads its rows, so that no caller has to know its place in a batch. */
export interface Returning<Answer> {
  readonly prepared: D1PreparedStatement;
  readonly read: (result: D1Result) => Answer;
}

/** A statement of a batch. A statement without a reader returns nothing that is used. */
export type Statement<Answer> = D1PreparedStatement | Returning<Answer>;

/**
 * @param read gets the rows that `prepared` returns, and how many rows it changed. It declares the type of its rows, because
 * the columns are in that statement.
 */
export function returning<Answer>(
  prepared: D1PreparedStatement,
  read: (rows: readonly never[], changed: number) => Answer,
): Returning<Answer> {
  return { prepared, read: ({ results, meta }) => read(results as never[], meta.changes) };
}

export function preparedOf(statement: Statement<unknown>): D1PreparedStatement {
  return "prepared" in statement ? statement.prepared : statement;
}

/** Run statements in one transaction. @returns the answers of their readers, in their order. */
export async function transact<Answer>(
  db: D1Database,
  statements: readonly Statement<Answer>[],
): Promise<readonly Answer[]> {
  const results = await db.batch(statements.map(preparedOf));
  return statements.flatMap((statement, index) => {
    const result = results[index];
    return "prepared" in statement && result !== undefined ? [statement.read(result)] : [];
  });
}
