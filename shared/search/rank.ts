import { findByWords, type PassageScope, readPassages, SNIPPET_WORDS } from "../db/search/passages.ts";
import { wordStarts } from "../transcripts/scripts.ts";
import { fuse } from "./fuse.ts";
import { matchWords } from "./match-words.ts";
import type { FoundBy, Hit, PassageQuery } from "./passage.ts";

/** How deep each ranking goes: as far as one query of Vectorize can. */
export const CANDIDATES = 100;

/**
 * Hits below this share of the best one's bm25 match nothing but words that most passages have, which FTS5 gives next to
 * no weight.
 */
const LEAST_SHARE = 0.1;

export interface Near {
  readonly id: string;
  readonly similarity: number;
}

/**
 * Words and meaning, each ranked for itself, fused. Both indexes look for words in D1; `findNear` is what they differ in:
 * the passages nearest to the query's meaning, best first.
 */
export async function rank(
  db: D1Database,
  query: PassageQuery,
  findNear: (meaning: NonNullable<PassageQuery["meaning"]>) => Promise<readonly Near[]>,
): Promise<readonly Hit[]> {
  const match = matchWords(query.ownerId, query.text);
  const [byWords, nearest] = await Promise.all([
    match === null ? [] : findTelling(db, query, match),
    query.meaning === null ? [] : findNear(query.meaning),
  ]);
  const near = nearest.filter(({ similarity }) => similarity > 0); // at a right angle nothing is alike
  const fused = fuse<FoundBy>(
    [
      { name: "words", ids: byWords },
      { name: "meaning", ids: near.map(({ id }) => id) },
    ],
    query.limit,
  );
  if (fused.length === 0) return [];
  const { rows, snippets } = await readPassages(db, query, { ids: fused.map(({ id }) => id), match });
  const passages = new Map(rows.map((row) => [row.id, row]));
  const similarities = new Map(near.map(({ id, similarity }) => [id, similarity]));
  return fused.flatMap(({ id, score, foundBy }) => {
    const passage = passages.get(id);
    if (passage === undefined) return []; // deleted since, or another owner's: the row decides
    const snippet = snippets.get(id) ?? beginning(passage.text);
    return [{ ...passage, snippet, score, foundBy, similarity: similarities.get(id) ?? null }];
  });
}

async function findTelling(db: D1Database, scope: PassageScope, match: string): Promise<readonly string[]> {
  const found = await findByWords(db, scope, { match, limit: CANDIDATES });
  const best = found[0]?.bm25 ?? 0;
  return found.filter(({ bm25 }) => bm25 <= best * LEAST_SHARE).map(({ id }) => id);
}

function beginning(text: string): string {
  const end = wordStarts(text)[SNIPPET_WORDS];
  return end === undefined ? text : `${text.slice(0, end).trimEnd()}…`;
}
