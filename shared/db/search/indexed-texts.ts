// SQL for passages that were stored before indexed texts existed (migration 0004).

/** A passage, with an empty text if it already has an indexed text. */
export interface PlainPassage {
  readonly number: number;
  readonly text: string;
}

/** Read passages in order, starting after a number. */
export async function findPlain(db: D1Database, after: number, limit: number): Promise<readonly PlainPassage[]> {
  const { results } = await db
    .prepare(
      `SELECT number, iif(indexed_text IS NULL, text, '') AS text FROM passages WHERE number > ?1 ORDER BY number LIMIT ?2`,
    )
    .bind(after, limit)
    .all<PlainPassage>();
  return results;
}

/** Store the indexed text of these passages, except for those whose text has changed since it was read. */
export async function indexAs(
  db: D1Database,
  passages: readonly (PlainPassage & { readonly indexedText: string | null })[],
): Promise<void> {
  await db
    .prepare(
      `UPDATE passages SET indexed_text = c.value ->> 'indexedText'
         FROM json_each(?1) c WHERE passages.number = c.value ->> 'number' AND passages.text = c.value ->> 'text'`,
    )
    .bind(JSON.stringify(passages))
    .run();
}
