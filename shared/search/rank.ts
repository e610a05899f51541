import { type PassageScope, readPassages, SNIPPET_WORDS } from "../db/search/passages.ts";
import { findIds, matchEach } from "../db/search/word-matches.ts";
import { wordStarts } from "../transcripts/scripts.ts";
import { clip } from "../input/characters.ts";
import { fuse } from "./fuse.ts";
import { matchText, matchWords, type Words } from "./match-words.ts";
import type { FoundBy, Hit, PassageQuery } from "./passage.ts";
import { scoreWords } from "./score-words.ts";

/** The length of each ranking: the most results of one Vectorize query. */
export const CANDIDATES = 100;

/** The longest query, in words, for which passages with all words are ranked first. A longer query is a sentence. */
const MOST_TOGETHER = 8;

/** A snippet marks the rarest words. Each of them is searched for in each hit. */
const MOST_SNIPPED = 16;

export interface Near {
  readonly id: string;
  readonly similarity: number;
}

/**
 * Rank passages by words and by meaning, and join the two rankings. Both indexes search for words in D1. They differ in `findNear`,
 * which returns the passages nearest to the query's meaning, the best first.
 */
export async function rank(
  db: D1Database,
  query: PassageQuery,
  findNear: (meaning: NonNullable<PassageQuery["meaning"]>) => Promise<readonly Near[]>,
): Promise<readonly Hit[]> {
  const words = matchWords(query.ownerId, query.text);
  const [{ ids: byWords, match }, nearest] = await Promise.all([
    words === null ? NO_WORDS : findTelling(db, query, words),
    query.meaning === null ? [] : findNear(query.meaning),
  ]);
  const near = nearest.filter(({ similarity }) => similarity > 0); // vectors at a right angle have nothing in common
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
    if (passage === undefined) return []; // deleted since, or another owner's: only rows are shown
    const snippet = snippets.get(id) ?? beginning(passage.text);
    return [{ ...passage, snippet, score, foundBy, similarity: similarities.get(id) ?? null }];
  });
}

/** The passages that were found by words, the best first, and the query for their snippets. */
interface Telling {
  readonly ids: readonly string[];
  readonly match: string | null;
}

const NO_WORDS: Telling = { ids: [], match: null };

async function findTelling(db: D1Database, scope: PassageScope, words: Words): Promise<Telling> {
  const count = words.words.length;
  const queries = words.words.map((word) => matchText({ ...words, words: [word] }, "OR"));
  if (count > 1 && count <= MOST_TOGETHER) queries.push(matchText(words, "AND"));
  const { passages, rarest } = scoreWords(await matchEach(db, scope, { owner: words.owner, queries }), count);
  const snipped = rarest.slice(0, MOST_SNIPPED).flatMap((place) => words.words[place] ?? []);
  return {
    ids: await findIds(db, scope, passages.slice(0, CANDIDATES)),
    match: matchText({ ...words, words: snipped }, "OR"),
  };
}

/** A text without spaces may be one word, however long it is. */
const BEGINNING_CHARS = 400;

function beginning(text: string): string {
  const some = clip(text, BEGINNING_CHARS);
  const end = wordStarts(some)[SNIPPET_WORDS] ?? some.length;
  return end === text.length ? text : `${text.slice(0, end).trimEnd()}…`;
}
