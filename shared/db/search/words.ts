// Passages of jobs that were never embedded: they are found only by their words.
import { withIndexedText } from "../../search/indexed-text.ts";
import type { Passage } from "../../search/passage.ts";
import { latestVersionOf } from "../transcripts/versions.ts";
import { WORDS_ALONE } from "./passages.ts";

/** A value bound in D1 has at most 2 MB; a passage of 120 words has some 800 bytes. */
const WRITTEN_A_STATEMENT = 250;

/** The place of an ended job, in the order of the ends. */
export interface EndedPlace {
  readonly endedAt: number;
  readonly jobId: string;
}

/** Find ended jobs after a place, and which of them have words that are not stored yet. */
export async function findWordless(
  db: D1Database,
  after: EndedPlace,
  limit: number,
): Promise<readonly (EndedPlace & { readonly isWordless: boolean })[]> {
  const { results } = await db
    .prepare(
      `SELECT j.id AS jobId, j.finalized_at AS endedAt,
              j.state = 'completed' AND j.reused_from IS NULL
                AND NOT EXISTS (SELECT 1 FROM passages p WHERE p.job_id = j.id) AS isWordless
         FROM jobs j INDEXED BY jobs_finalized
        WHERE j.finalized_at IS NOT NULL AND (j.finalized_at, j.id) > (?1, ?2)
        ORDER BY j.finalized_at, j.id LIMIT ?3`,
    )
    .bind(after.endedAt, after.jobId, limit)
    .all<EndedPlace & { isWordless: 0 | 1 }>();
  return results.map((row) => ({ ...row, isWordless: row.isWordless === 1 }));
}

/** Let search find a job by its words, unless something finds it by now, or it is gone. */
export async function insertWords(db: D1Database, jobId: string, passages: readonly Passage[]): Promise<void> {
  const pages: D1PreparedStatement[] = [];
  const first = passages[0]?.id ?? "";
  for (let start = 0; start < passages.length; start += WRITTEN_A_STATEMENT) {
    const rows = JSON.stringify(passages.slice(start, start + WRITTEN_A_STATEMENT).map(withIndexedText));
    // The first page checks whether the job has passages; the others check whether the first page was written.
    const guard =
      start === 0
        ? `NOT EXISTS (SELECT 1 FROM passages o WHERE o.job_id = j.id) AND ?3 <> ''`
        : `EXISTS (SELECT 1 FROM passages o WHERE o.id = ?3 AND o.space = '${WORDS_ALONE}')`;
    pages.push(
      db
        .prepare(
          `INSERT INTO passages (id, owner_id, job_id, kind, source, text, indexed_text, start_ms, end_ms, space, vector)
           SELECT s.value ->> 'id', j.owner_id, j.id, j.kind, s.value ->> 'source', s.value ->> 'text', s.value ->> 'indexedText',
                  s.value ->> 'startMs', s.value ->> 'endMs', '${WORDS_ALONE}', NULL
             FROM json_each(?1) s JOIN jobs j ON j.id = ?2
            WHERE ${guard}
           ON CONFLICT (id) DO NOTHING`,
        )
        .bind(rows, jobId, first),
    );
  }
  if (pages.length > 0) await db.batch(pages);
}

/**
 * Let search find a job that shows the result of a deleted one in its place: for the batch that deletes jobs (SQL of our own
 * that gives their ids). If there are several such jobs, one is found, as before.
 */
export function handOverPassages(db: D1Database, deleted: string, parameters: readonly unknown[]): D1PreparedStatement {
  return db
    .prepare(
      `INSERT INTO passages (id, owner_id, job_id, kind, source, text, indexed_text, start_ms, end_ms, space, vector)
       SELECT h.id || substr(p.id, length(p.job_id) + 1), p.owner_id, h.id, p.kind, p.source, p.text, p.indexed_text, p.start_ms, p.end_ms,
              iif(p.vector IS NULL, '${WORDS_ALONE}', p.space), p.vector
         FROM jobs d JOIN passages p ON p.job_id = d.id
         JOIN jobs h ON h.id = (SELECT min(r.id) FROM jobs r
                                 WHERE r.reused_from = coalesce(d.reused_from, d.id) AND r.id NOT IN (${deleted}))
        WHERE d.id IN (${deleted}) AND ${latestVersionOf("d.id")} = 0
          AND NOT EXISTS (SELECT 1 FROM passages o WHERE o.job_id = h.id)
          AND NOT EXISTS (SELECT 1 FROM jobs o WHERE o.id = d.reused_from AND o.id NOT IN (${deleted}))`,
    )
    .bind(...parameters);
}
