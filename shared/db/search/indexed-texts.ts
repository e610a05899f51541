// SQL for passages without an indexed text: they were stored before migration 0004, or by an earlier version of the Worker after it.

import { passagePages } from "./pages.ts";

/** The cursor's name. A trigger of migration 0006 sets it back. */
export const INDEXED_TEXTS = "indexed_texts";

/** A passage, with an empty text if it already has an indexed text. */
export interface PlainPassage {
  readonly number: number;
  readonly text: string;
}

/**
 * Read the passages after the cursor, in order. If the last passages were deleted, SQLite gives their numbers again: the cursor is then
 * set back to the last number there is.
 */
export async function findPlain(db: D1Database, limit: number): Promise<readonly PlainPassage[]> {
  const [, found] = await db.batch<PlainPassage>([
    db
      .prepare(
        `UPDATE cursors SET value = m.number FROM (SELECT coalesce(max(number), 0) AS number FROM passages) m
          WHERE name = ?1 AND CAST(value AS INTEGER) > m.number`,
      )
      .bind(INDEXED_TEXTS),
    db
      .prepare(
        `SELECT number, iif(indexed_text IS NULL, text, '') AS text FROM passages
          WHERE number > coalesce((SELECT CAST(value AS INTEGER) FROM cursors WHERE name = ?1), 0)
          ORDER BY number LIMIT ?2`,
      )
      .bind(INDEXED_TEXTS, limit),
  ]);
  return found?.results ?? [];
}

/** A passage has about 3 kB here. */
const WRITTEN_A_STATEMENT = 100;

/** Store the indexed text of these passages, except for those whose text has changed since it was read. */
export async function indexAs(db: D1Database, passages: readonly PlainPassage[]): Promise<void> {
  for (const page of passagePages(passages, WRITTEN_A_STATEMENT)) {
    await db
      .prepare(
        `UPDATE passages SET indexed_text = c.value ->> 'indexedText'
           FROM json_each(?1) c WHERE passages.number = c.value ->> 'number' AND passages.text = c.value ->> 'text'`,
      )
      .bind(JSON.stringify(page))
      .run();
  }
}
