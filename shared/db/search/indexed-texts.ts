// Passages from before their characters stood apart in the index (migration 0004).

/** A passage whose text is indexed as it is. */
export interface PlainPassage {
  readonly number: number;
  readonly text: string;
}

/** The passages behind this one, in their order, that are indexed as they are. */
export async function findPlain(db: D1Database, after: number, limit: number): Promise<readonly PlainPassage[]> {
  const { results } = await db
    .prepare(
      `SELECT number, iif(indexed_text IS NULL, text, '') AS text FROM passages WHERE number > ?1 ORDER BY number LIMIT ?2`,
    )
    .bind(after, limit)
    .all<PlainPassage>();
  return results;
}

/** Index these in another form, unless their text has changed since. */
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
