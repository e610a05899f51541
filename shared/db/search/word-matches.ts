// Where words are found: numbers of passages, read only from the index of words.
import type { Sample, WordMatches } from "../../search/score-words.ts";
import { bindScope, IN_SCOPE, type PassageScope } from "./passages.ts";

/** Rows read by all the queries of one search together, and at least by each. */
const ROWS_READ = 2400;
const LEAST_ROWS = 20;

/** How many times more matches are looked through if a kind is asked for, because the index of words does not have the kind. */
const OF_A_KIND = 4;

/** How many of the owner's latest passages are read to see how frequent a word is. */
const SAMPLED = 1000;

/**
 * Find the latest passages that match each of FTS5's queries. How many depends only on the number of queries: 2,400 passages
 * together, or 20 for each query. Rows read: one for each, and a thousand for the sample.
 * @param owner FTS5's query for all passages of the owner.
 */
export async function matchEach(
  db: D1Database,
  scope: PassageScope,
  { owner, queries }: { owner: string; queries: readonly string[] },
): Promise<WordMatches> {
  const limit = Math.max(LEAST_ROWS, Math.floor(ROWS_READ / queries.length));
  const latest = `SELECT passages_fts.rowid AS number FROM passages_fts WHERE passages_fts MATCH q.value`;
  const [found, sampled] = await db.batch<never>([
    db
      .prepare(
        `SELECT (SELECT json_group_array(number) FROM (${scoped(scope, latest)} LIMIT ?5 + 0)) AS numbers
           FROM json_each(?4) q ORDER BY q.key`,
      )
      .bind(...bindScope(scope), JSON.stringify(queries), limit),
    db
      .prepare(
        `SELECT count(*) AS size, coalesce(min(number), 0) AS oldest
           FROM (SELECT rowid AS number FROM passages_fts WHERE passages_fts MATCH ?1 ORDER BY rowid DESC LIMIT ${SAMPLED})`,
      )
      .bind(owner),
  ]);
  const rows: readonly { numbers: string }[] = found?.results ?? [];
  const [sample = { size: 0, oldest: 0 }]: readonly Sample[] = sampled?.results ?? [];
  // Our own JSON, from this statement.
  return { numbers: rows.map(({ numbers }) => JSON.parse(numbers) as number[]), sample };
}

/** SQL: the numbers that `latest` selects, within the scope, the latest first. */
function scoped({ jobId, kind }: PassageScope, latest: string): string {
  const inOrder = "ORDER BY passages_fts.rowid DESC";
  if (jobId === undefined && kind === undefined) return `${latest} ${inOrder}`;
  // A job's passages were written together: their numbers are near each other.
  const near =
    jobId === undefined
      ? ""
      : `AND passages_fts.rowid BETWEEN (SELECT min(number) FROM passages WHERE job_id = ?2)
                                    AND (SELECT max(number) FROM passages WHERE job_id = ?2)`;
  return `SELECT m.number FROM (${latest} ${near} ${inOrder} LIMIT ${OF_A_KIND} * ?5) m
            JOIN passages p ON p.number = m.number WHERE ${IN_SCOPE} ORDER BY m.number DESC`;
}

/** Return the ids of these passages, in the order of their numbers as given. A passage that is not in the scope is left out. */
export async function findIds(
  db: D1Database,
  scope: PassageScope,
  numbers: readonly number[],
): Promise<readonly string[]> {
  if (numbers.length === 0) return [];
  const { results } = await db
    .prepare(
      `SELECT p.id FROM json_each(?4) n CROSS JOIN passages p ON p.number = n.value WHERE ${IN_SCOPE} ORDER BY n.key`,
    )
    .bind(...bindScope(scope), JSON.stringify(numbers))
    .all<{ id: string }>();
  return results.map(({ id }) => id);
}
