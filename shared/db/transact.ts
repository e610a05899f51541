/** A statement with what reads the rows that it returns, so that nobody has to know its place in a batch. */
export interface Returning<Answer> {
  readonly prepared: D1PreparedStatement;
  readonly read: (result: D1Result) => Answer;
}

/** A statement of a batch: one without a reader returns nothing that anybody asks for. */
export type Statement<Answer> = D1PreparedStatement | Returning<Answer>;

/**
 * @param read is given the rows that `prepared` returns, and how many rows it changed. The type of its rows is its own to say:
 * the columns are in the statement beside it.
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

/** Run statements in one transaction. @returns what each reader made of its statement's rows, in their order. */
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
