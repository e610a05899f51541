// The SQL of passages: rows, the words in them (passages_fts, which triggers keep), and vectors if they are stored here.
import type { JobKind } from "../../kinds/index.ts";
import { type D1Rows, rowsOf } from "../../jobs/operations.ts";
import { latestVersionOf } from "../transcripts/versions.ts";
import { together } from "../../search/indexed-text.ts";
import {
  type PassageEdit,
  type PassageJob,
  type PassageSource,
  type TimedPassage,
  TranscriptChanged,
} from "../../search/passage.ts";
import { passagePages } from "./pages.ts";

/** A passage to be written. */
export interface NewPassage {
  readonly id: string;
  readonly source: PassageSource;
  readonly text: string;
  readonly startMs: number | null;
  readonly endMs: number | null;
  /** Null if the vector is kept elsewhere. */
  readonly vector: string | null;
}

export interface PassageRow {
  readonly id: string;
  readonly jobId: string;
  readonly kind: JobKind;
  readonly source: PassageSource;
  readonly text: string;
  readonly startMs: number | null;
  readonly endMs: number | null;
}

/** The passages that are searched. */
export interface PassageScope {
  readonly ownerId: string;
  readonly jobId?: string | undefined;
  readonly kind?: JobKind | undefined;
}

/** The space of passages that can be found only by their words. */
export const WORDS_ALONE = "";

/** FTS5 returns at most 64 words of a snippet. A character that stands alone in the index counts as a word. */
export const SNIPPET_WORDS = 30;
const SNIPPET_CHARS = 60;

/**
 * FTS5 compares all matches in a passage with each other to choose a snippet. 10,000 times the same character take 1 s, and 1500 take
 * 25 ms. A passage of 120 words has at most some 1300 characters in its index, breaks included.
 */
const SNIPPED_CHARS = 3000;

/** A passage with a vector and an indexed text has some 8 kB. */
const WRITTEN_A_STATEMENT = 150;

/** 2.8 MB of vectors: memory stays bounded however many an owner has, and a thousand take three round trips. */
const VECTORS_A_PAGE = 500;

export const IN_SCOPE = `p.owner_id = ?1 AND (?2 IS NULL OR p.job_id = ?2) AND (?3 IS NULL OR p.kind = ?3)`;

export function bindScope({ ownerId, jobId, kind }: PassageScope): [string, string | null, string | null] {
  return [ownerId, jobId ?? null, kind ?? null];
}

/** Replace a job's passages, all at once. `count` is how many were written: none for a job that is gone. */
export async function replacePassages(
  db: D1Database,
  job: PassageJob,
  { passages, space }: { passages: readonly NewPassage[]; space: string },
): Promise<{ readonly count: number; readonly rows: D1Rows }> {
  const { transcriptVersion = 0 } = job;
  // An edit that came first has changed the passages itself, and the passages of the version before would undo that.
  const isCurrent = `(SELECT ${latestVersionOf("j.id")} FROM jobs j WHERE j.id = ?1) = ?2`;
  const statements = [
    db.prepare(`SELECT id FROM jobs j WHERE j.id = ?1 AND NOT ${isCurrent}`).bind(job.id, transcriptVersion),
    db.prepare(`DELETE FROM passages WHERE job_id = ?1 AND ${isCurrent}`).bind(job.id, transcriptVersion),
  ];
  for (const page of passagePages(passages, WRITTEN_A_STATEMENT)) {
    const rows = JSON.stringify(page);
    statements.push(
      db
        .prepare(
          `INSERT INTO passages (id, owner_id, job_id, kind, source, text, indexed_text, start_ms, end_ms, space, vector)
           SELECT s.value ->> 'id', j.owner_id, j.id, j.kind, s.value ->> 'source', s.value ->> 'text', s.value ->> 'indexedText',
                  s.value ->> 'startMs', s.value ->> 'endMs', ?4, s.value ->> 'vector'
             FROM json_each(?1) s JOIN jobs j ON j.id = ?2 AND j.owner_id = ?3
            WHERE ${latestVersionOf("j.id")} = ?5
           RETURNING id`,
        )
        .bind(rows, job.id, job.ownerId, space, transcriptVersion),
    );
  }
  const [changed, ...written] = await db.batch(statements);
  if ((changed?.results.length ?? 0) > 0) throw new TranscriptChanged(`the transcript of job '${job.id}' was edited`);
  return { count: written.reduce((sum, { results }) => sum + results.length, 0), rows: rowsOf(written) };
}

/** Read the passages of a transcript that touch a time span, in the order of their times. */
export async function readPassagesAt(
  db: D1Database,
  jobId: string,
  { fromMs, toMs }: { readonly fromMs: number; readonly toMs: number },
): Promise<readonly TimedPassage[]> {
  const { results } = await db
    .prepare(
      `SELECT id, text, start_ms AS startMs, end_ms AS endMs FROM passages
        WHERE job_id = ?1 AND source = 'transcript' AND end_ms >= ?2 AND start_ms <= ?3 ORDER BY number`,
    )
    .bind(jobId, fromMs, toMs)
    .all<TimedPassage>();
  return results;
}

/**
 * Change the passages of a transcript, for the batch that stores a version of it. `guard` is SQL of our own over ?2, ?3 and ?4,
 * which are `guarded`: the job's id first.
 */
export function editPassages(
  db: D1Database,
  edit: PassageEdit,
  guard: string,
  guarded: readonly [jobId: string, ...more: (string | number)[]],
): D1PreparedStatement[] {
  if (edit.type === "changed") {
    const changes = passagePages(edit.changed, WRITTEN_A_STATEMENT).map((page) =>
      db
        .prepare(
          `UPDATE passages SET text = c.value ->> 'text', indexed_text = c.value ->> 'indexedText', start_ms = c.value ->> 'startMs', end_ms = c.value ->> 'endMs'
             FROM json_each(?1) c WHERE passages.id = c.value ->> 'id' AND passages.job_id = ?2 AND ${guard}`,
        )
        .bind(JSON.stringify(page), ...guarded),
    );
    return [
      ...changes,
      db
        .prepare(
          `DELETE FROM passages WHERE id IN (SELECT value FROM json_each(?1)) AND passages.job_id = ?2 AND ${guard}`,
        )
        .bind(JSON.stringify(edit.removedIds), ...guarded),
    ];
  }
  const pages: D1PreparedStatement[] = [];
  for (const page of passagePages(edit.passages, WRITTEN_A_STATEMENT)) {
    const rows = JSON.stringify(page);
    pages.push(
      db
        .prepare(
          `INSERT INTO passages (id, owner_id, job_id, kind, source, text, indexed_text, start_ms, end_ms, space, vector)
           SELECT s.value ->> 'id', j.owner_id, j.id, j.kind, 'transcript', s.value ->> 'text', s.value ->> 'indexedText',
                  s.value ->> 'startMs', s.value ->> 'endMs', '${WORDS_ALONE}', NULL
             FROM json_each(?1) s JOIN jobs j ON j.id = ?2 WHERE ${guard}`,
        )
        .bind(rows, ...guarded),
    );
  }
  return [
    db
      .prepare(
        `DELETE FROM passages WHERE passages.job_id = ?2 AND source = 'transcript' AND json_valid(?1) AND ${guard}`,
      )
      .bind("null", ...guarded),
    ...pages,
  ];
}

export async function findPassageIds(db: D1Database, jobIds: readonly string[]): Promise<readonly string[]> {
  const { results } = await db
    .prepare(`SELECT id FROM passages WHERE job_id IN (SELECT value FROM json_each(?1))`)
    .bind(JSON.stringify(jobIds))
    .all<{ id: string }>();
  return results.map(({ id }) => id);
}

/** Read the vectors of one space, a page at a time. */
export async function* readVectors(
  db: D1Database,
  scope: PassageScope,
  space: string,
): AsyncGenerator<readonly { readonly id: string; readonly vector: string }[]> {
  let after = 0;
  for (;;) {
    const { results } = await db
      .prepare(
        `SELECT p.number, p.id, p.vector FROM passages p
          WHERE ${IN_SCOPE} AND p.space = ?4 AND p.vector IS NOT NULL AND p.number > ?5
          ORDER BY p.number LIMIT ?6 + 0`,
      )
      .bind(...bindScope(scope), space, after, VECTORS_A_PAGE)
      .all<{ number: number; id: string; vector: string }>();
    yield results;
    const last = results.at(-1);
    if (last === undefined || results.length < VECTORS_A_PAGE) return;
    after = last.number;
  }
}

/**
 * Read these passages, in no order, with a snippet of each around the words of `match`, unless the passage is far longer than most.
 * Whatever index found a passage, this query decides whether it is in the scope.
 */
export async function readPassages(
  db: D1Database,
  scope: PassageScope,
  { ids, match }: { ids: readonly string[]; match: string | null },
): Promise<{ readonly rows: readonly PassageRow[]; readonly snippets: ReadonlyMap<string, string> }> {
  const wanted = JSON.stringify(ids);
  const rows = db
    .prepare(
      `SELECT p.id, p.job_id AS jobId, p.kind, p.source, p.text, p.start_ms AS startMs, p.end_ms AS endMs
         FROM passages p WHERE ${IN_SCOPE} AND p.id IN (SELECT value FROM json_each(?4))`,
    )
    .bind(...bindScope(scope), wanted);
  if (match === null) return { rows: (await rows.all<PassageRow>()).results, snippets: new Map() };
  // The words are looked for only in these passages.
  const snippets = db
    .prepare(
      `SELECT p.id, snippet(passages_fts, 1, '', '', '…', iif(p.indexed_text IS NULL, ${SNIPPET_WORDS}, ${SNIPPET_CHARS})) AS snippet
         FROM json_each(?5) w CROSS JOIN passages p ON p.id = w.value CROSS JOIN passages_fts ON passages_fts.rowid = p.number
        WHERE passages_fts MATCH ?4 AND ${IN_SCOPE}
          AND length(coalesce(p.indexed_text, p.text)) <= ${SNIPPED_CHARS}`,
    )
    .bind(...bindScope(scope), match, wanted);
  const [found, read] = await db.batch<PassageRow & { snippet: string }>([rows, snippets]);
  return {
    rows: found?.results ?? [],
    snippets: new Map((read?.results ?? []).map(({ id, snippet }) => [id, together(snippet)])),
  };
}
