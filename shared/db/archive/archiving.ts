import type { LinePlace } from "../../archive/line.ts";
import { DAY_MS } from "../../durations.ts";
import { STORED_NAMES } from "../jobs/prunings.ts";
import { CHUNK, HEAD, HEAD_CHARS, NEURONS, thinFingerprint, THIN_INPUT } from "./contents.ts";
import { usualNumberOf } from "./usual-names.ts";

/** A job that ended, in the order of the ends. */
export interface EndedJobPlace {
  readonly id: string;
  readonly ownerId: string;
  readonly finalizedAt: number;
  /** Null for a job that may not be archived now. */
  readonly size: JobSize | null;
}

export interface JobSize {
  /** About how many characters `HEAD` gives. It is known before `HEAD` is built: D1 builds no text of more than two megabytes. */
  readonly headChars: number;
  /** How many characters its chunks have; 0 for a job without chunks. */
  readonly chunkChars: number;
}

/** What a job consists of, as the archiver read it. */
export interface JobHead {
  readonly id: string;
  /** JSON, from `HEAD`. */
  readonly head: string;
  readonly fingerprint: string | null;
  /** JSON of an `Estimate`. */
  readonly estimate: string | null;
}

/**
 * Whether nothing refers to what job `j` consists of (?1 is now): nothing of it is to run or to be sent, no other job shows or awaits
 * its result, no letter asks for a redrive, nothing of its cost is open, and the bucket's record of it is written.
 */
const IS_ARCHIVABLE = `j.archive_id IS NULL AND coalesce(j.kept_until, 0) <= ?1 AND j.finalized_at IS NOT NULL
  AND j.reused_from IS NULL
  AND NOT EXISTS (SELECT 1 FROM jobs r WHERE r.reused_from = j.id)
  AND NOT EXISTS (SELECT 1 FROM jobs f WHERE f.follows = j.id AND f.state = 'queued')
  AND NOT EXISTS (SELECT 1 FROM reuses r WHERE r.job_id = j.id)
  AND NOT EXISTS (SELECT 1 FROM reuses r WHERE r.reused_from = j.id)
  AND NOT EXISTS (SELECT 1 FROM tasks t WHERE t.job_id = j.id AND t.finalized_at IS NULL)
  AND NOT EXISTS (SELECT 1 FROM dead_letters d WHERE d.job_id = j.id)
  AND NOT EXISTS (SELECT 1 FROM deletions d WHERE d.job_id = j.id)
  AND NOT EXISTS (SELECT 1 FROM reservations r WHERE r.owner_id = j.owner_id AND r.job_id = j.id)
  AND j.created_at < coalesce((SELECT CAST(value AS INTEGER) FROM cursors WHERE name = 'recorded'), 0)`;

const CHUNK_CHARS = `coalesce((SELECT sum(length(c.heard)) FROM chunks c WHERE c.job_id = j.id), 0)`;

/** List jobs that ended after a place and before a time, in the order of their ends. Reads some ten rows for each. */
export async function listEnded(
  db: D1Database,
  { after, before, now, limit }: { after: { at: number; id: string }; before: number; now: number; limit: number },
): Promise<readonly EndedJobPlace[]> {
  const { results } = await db
    .prepare(
      `SELECT j.id, j.owner_id AS ownerId, j.finalized_at AS finalizedAt,
              iif(${IS_ARCHIVABLE}, json_object('headChars', ${HEAD_CHARS}, 'chunkChars', ${CHUNK_CHARS}), NULL) AS size
         FROM jobs j INDEXED BY jobs_finalized
        WHERE j.finalized_at < ?4 AND (j.finalized_at, j.id) > (?2, ?3)
        ORDER BY j.finalized_at, j.id LIMIT ?5`,
    )
    .bind(now, after.at, after.id, before, limit)
    .all<Omit<EndedJobPlace, "size"> & { size: string | null }>();
  // Our own JSON, from this statement.
  return results.map((row) => ({ ...row, size: row.size === null ? null : (JSON.parse(row.size) as JobSize) }));
}

/** Read the contents of jobs, those of one owner together, so that a page of a list is close together in the object. */
export async function readHeads(db: D1Database, ids: readonly string[]): Promise<readonly JobHead[]> {
  const { results } = await db
    .prepare(
      `SELECT j.id, ${HEAD} AS head, j.fingerprint, j.estimate
         FROM jobs j WHERE j.id IN (SELECT value FROM json_each(?1)) AND j.archive_id IS NULL
        ORDER BY j.owner_id, j.created_at, j.id`,
    )
    .bind(JSON.stringify(ids))
    .all<JobHead>();
  return results;
}

/** Some 10 kB each, so a page stays well below the limit of one answer of D1. */
const CHUNKS_A_PAGE = 100;

/** Read the chunks of a job, each as JSON. */
export async function readChunkLines(db: D1Database, jobId: string): Promise<readonly string[]> {
  const chunks: string[] = [];
  for (let after = -1; ;) {
    const { results } = await db
      .prepare(
        `SELECT ${CHUNK} AS chunk, c.own_start_ms AS startMs
           FROM chunks c WHERE c.job_id = ?1 AND c.own_start_ms > ?2 ORDER BY c.own_start_ms LIMIT ?3`,
      )
      .bind(jobId, after, CHUNKS_A_PAGE)
      .all<{ chunk: string; startMs: number }>();
    chunks.push(...results.map(({ chunk }) => chunk));
    if (results.length < CHUNKS_A_PAGE) return chunks;
    after = results.at(-1)?.startMs ?? after;
  }
}

/** Note an object before it is written: if no row refers to it in the end, it is deleted later. */
export async function insertArchive(db: D1Database, archiveId: string, now: number): Promise<void> {
  await db.prepare(`INSERT INTO archives (id, empty_since) VALUES (?1, ?2)`).bind(archiveId, now).run();
}

/** A job, what its line says, and where the line is in the object. */
export interface ArchivedLine extends Omit<LinePlace, "archiveId"> {
  readonly id: string;
  /** The same text as in `JobHead`. */
  readonly head: string;
  readonly estimatedNeurons: number | null;
}

/**
 * Replace the contents of jobs by references to their lines, in one transaction. A job that is not exactly as it was read, or that
 * may not be archived any more, stays as it is. Chunks are written with their tasks, so comparing the tasks is enough.
 * @returns how many jobs were archived.
 */
export async function swapForLines(
  db: D1Database,
  archiveId: string,
  lines: readonly ArchivedLine[],
  now: number,
): Promise<number> {
  const rows = JSON.stringify(lines);
  const these = `SELECT j.id FROM json_each(?1) r JOIN jobs j ON j.id = r.value ->> 'id' WHERE j.archive_id = ?2`;
  const of = (sql: string) => db.prepare(sql).bind(rows, archiveId);
  const [swapped] = await db.batch<{ id: string }>([
    db
      .prepare(
        `UPDATE jobs
            SET archive_id = ?3, archive_offset = l.offset, archive_bytes = l.bytes, archive_secret = l.secret, kept_until = NULL,
                input = l.input, choice = NULL, estimate = NULL, fingerprint = ${thinFingerprint("fingerprint")},
                archive_neurons = l.neurons, archive_estimate = l.estimated,
                archive_names = ${usualNumberOf("l.names")}, stored_names = iif(${usualNumberOf("l.names")} IS NULL, l.names, NULL)
           FROM (SELECT j.id, r.value ->> 'offset' AS offset, r.value ->> 'bytes' AS bytes, r.value ->> 'secret' AS secret,
                        r.value ->> 'estimatedNeurons' AS estimated,
                        ${THIN_INPUT} AS input, ${NEURONS} AS neurons, ${STORED_NAMES} AS names
                   FROM json_each(?2) r JOIN jobs j ON j.id = r.value ->> 'id'
                  WHERE ${IS_ARCHIVABLE} AND ${HEAD} = r.value ->> 'head') l
          WHERE jobs.id = l.id
         RETURNING jobs.id`,
      )
      .bind(now, rows, archiveId),
    of(`DELETE FROM tasks WHERE is_side = 0 AND job_id IN (${these})`),
    of(`DELETE FROM artifacts WHERE job_id IN (${these})`),
    of(`DELETE FROM chunks WHERE job_id IN (${these})`),
    of(`UPDATE archives SET jobs = (SELECT count(*) FROM (${these})) WHERE id = ?2`),
  ]);
  return swapped?.results.length ?? 0;
}

/** For this long after the last row that refers to an object, Time Travel may bring such a row back. */
const EMPTY_KEPT_MS = 31 * DAY_MS;

/** Find objects that no job has referred to for so long that a restore of the database cannot bring a reference back. */
export async function findEmptyArchives(db: D1Database, now: number, limit: number): Promise<readonly string[]> {
  const { results } = await db
    .prepare(`SELECT id FROM archives WHERE jobs = 0 AND empty_since < ?1 ORDER BY empty_since LIMIT ?2`)
    .bind(now - EMPTY_KEPT_MS, limit)
    .all<{ id: string }>();
  return results.map(({ id }) => id);
}

/** Forget objects that were deleted. */
export async function deleteArchives(db: D1Database, ids: readonly string[]): Promise<void> {
  await db
    .prepare(`DELETE FROM archives WHERE id IN (SELECT value FROM json_each(?1)) AND jobs = 0`)
    .bind(JSON.stringify(ids))
    .run();
}
