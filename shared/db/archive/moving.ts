// Jobs that move from one deployment to another.
import type { ExportedJob } from "../../archive/exported.ts";
import type { LinePlace } from "../../archive/line.ts";
import { MEDIA_BUCKET } from "../../uploads/storage.ts";
import { insertMarks } from "../jobs/tags-and-metadata.ts";
import { arraysOf, contentStatements } from "./bring-back.ts";
import { arrayOf, HEAD, HEAD_CHARS, objectOf, PARTS, valuesOf } from "./contents.ts";

const ROW_COLUMNS = [
  "owner_id",
  "kind",
  "state",
  "error_code",
  "error_message",
  "created_at",
  "started_at",
  "finalized_at",
  "priority",
  "start_by",
  "deadline_at",
  "max_neurons",
  "fingerprint",
  "reused_from",
  "saved_neurons",
  "tags",
  "metadata",
] as const;

const UPLOAD_COLUMNS = ["bucket", "key", "etag", "size_bytes"] as const;
const LABEL_COLUMNS = ["label", "score"] as const;
const PASSAGE_COLUMNS = [
  "id",
  "owner_id",
  "kind",
  "source",
  "text",
  "indexed_text",
  "start_ms",
  "end_ms",
  "space",
  "vector",
] as const;
const VERSION_COLUMNS = [
  "version",
  "owner_id",
  "key",
  "etag",
  "original_etag",
  "request_hash",
  "key_id",
  "operations",
  "reverted_to",
  "created_at",
] as const;

/** An ended job that is to be exported. The columns are JSON. */
export interface ExportableJob {
  readonly id: string;
  readonly finalizedAt: number;
  readonly row: string;
  readonly upload: string | null;
  readonly labels: string;
  readonly versions: string;
  /** Null if they are too long to be read at once. */
  readonly passages: string | null;
  /** From `HEAD`; null for an archived job, whose line has it, and if it is too long to be read at once. */
  readonly head: string | null;
  readonly hasChunks: number;
  readonly place: LinePlace | null;
}

type ExportableRow = Omit<ExportableJob, "place"> & (LinePlace | { readonly [Name in keyof LinePlace]: null });

/** D1 builds no text of more than two megabytes, and answers with at most fifty. */
const CHARS_AT_ONCE = 400_000;

/** How many of those that are read one by one come in one answer. */
const ROWS_A_PAGE = 100;

const PASSAGE = { object: objectOf("p", PASSAGE_COLUMNS), from: "passages p WHERE p.job_id = j.id ORDER BY p.number" };
const PASSAGE_CHARS = `(SELECT total(300 + length(p.text) + coalesce(length(p.indexed_text), 0) + coalesce(length(p.vector), 0))
                          FROM passages p WHERE p.job_id = j.id)`;

/** List ended jobs of all owners after a place, the earliest end first. */
export async function listExportable(
  db: D1Database,
  { after, limit }: { after: { readonly at: number; readonly id: string }; limit: number },
): Promise<readonly ExportableJob[]> {
  const of = "WHERE one_of.job_id = j.id";
  const { results } = await db
    .prepare(
      `SELECT j.id, j.finalized_at AS finalizedAt, ${objectOf("j", ROW_COLUMNS)} AS row,
              (SELECT ${objectOf("u", UPLOAD_COLUMNS)} FROM uploads u
                WHERE u.bucket = ?4 AND u.key = j.input ->> '$.source.key' AND u.job_id = j.id LIMIT 1) AS upload,
              ${arrayOf(objectOf("one_of", LABEL_COLUMNS), `job_labels one_of ${of} ORDER BY label`)} AS labels,
              ${arrayOf(objectOf("one_of", VERSION_COLUMNS), `transcript_versions one_of ${of} ORDER BY version`)} AS versions,
              iif(${PASSAGE_CHARS} < ${CHARS_AT_ONCE}, ${arrayOf(PASSAGE.object, PASSAGE.from)}, NULL) AS passages,
              iif(j.archive_id IS NULL AND ${HEAD_CHARS} < ${CHARS_AT_ONCE}, ${HEAD}, NULL) AS head, EXISTS (SELECT 1 FROM chunks c WHERE c.job_id = j.id) AS hasChunks,
              j.archive_id AS archiveId, j.archive_offset AS offset, j.archive_bytes AS bytes, j.archive_secret AS secret
         FROM jobs j INDEXED BY jobs_finalized
        WHERE j.finalized_at IS NOT NULL AND (j.finalized_at, j.id) > (?1, ?2)
        ORDER BY j.finalized_at, j.id LIMIT ?3`,
    )
    .bind(after.at, after.id, limit, MEDIA_BUCKET)
    .all<ExportableRow>();
  return results.map(({ archiveId, offset, bytes, secret, ...job }) => ({
    ...job,
    place: archiveId === null ? null : { archiveId, offset, bytes, secret },
  }));
}

/** Read the passages of a job that has many. @returns a JSON array. */
export async function readPassageLines(db: D1Database, jobId: string): Promise<string> {
  return `[${(await readPart(db, jobId, PASSAGE)).join(",")}]`;
}

/** Read what a job consists of, as `HEAD` does, but a page at a time. */
export async function readLongHead(db: D1Database, jobId: string): Promise<string> {
  const row = await db.prepare(`SELECT input, choice, estimate FROM jobs WHERE id = ?1`).bind(jobId).first();
  const parts = [];
  for (const [name, part] of Object.entries(PARTS)) {
    parts.push(`"${name}":[${(await readPart(db, jobId, part)).join(",")}]`);
  }
  return `${JSON.stringify(row).slice(0, -1)},${parts.join(",")}}`;
}

async function readPart(
  db: D1Database,
  jobId: string,
  { object, from }: { readonly object: string; readonly from: string },
): Promise<readonly string[]> {
  const all: string[] = [];
  for (let page: readonly string[] | null = null; page === null || page.length === ROWS_A_PAGE;) {
    const { results } = await db
      .prepare(
        `SELECT (SELECT ${object}) AS one FROM jobs j CROSS JOIN ${from.replace("WHERE", "WHERE j.id = ?1 AND")} LIMIT ?2 OFFSET ?3`,
      )
      .bind(jobId, ROWS_A_PAGE, all.length)
      .all<{ one: string }>();
    page = results.map(({ one }) => one);
    all.push(...page);
  }
  return all;
}

/**
 * Insert a job that was exported, with everything that belongs to it, in one transaction.
 * @returns false if there is a job with this id, which stays as it is.
 */
export async function insertExported(db: D1Database, job: ExportedJob, now: number): Promise<boolean> {
  const { job: id, row, upload, labels, versions, passages, contents, chunks } = job;
  // Until the last statement the row names a place of its own, so that each statement knows whether this call has inserted it.
  const place = { archiveId: `import:${crypto.randomUUID()}`, offset: 0, bytes: 0, secret: "" };
  const isNew = "j.id = ?2 AND j.archive_id = ?3";
  const of = (sql: string, json: unknown) => db.prepare(sql).bind(JSON.stringify(json), id, place.archiveId);
  const rowsOf = (table: string, columns: readonly string[]) =>
    `INSERT INTO ${table} (job_id, ${columns.join(", ")})
     SELECT j.id, ${valuesOf(columns)} FROM json_each(?1) r JOIN jobs j ON ${isNew} WHERE true ON CONFLICT DO NOTHING`;
  const [inserted] = await db.batch([
    of(
      `INSERT INTO jobs (id, input, archive_id, archive_offset, ${ROW_COLUMNS.join(", ")})
       SELECT ?2, '{}', ?3, 0, ${valuesOf(ROW_COLUMNS)} FROM (SELECT ?1 AS value) r WHERE true ON CONFLICT (id) DO NOTHING`,
      row,
    ),
    of(rowsOf("job_labels", LABEL_COLUMNS), labels),
    of(rowsOf("transcript_versions", VERSION_COLUMNS), versions),
    ...arraysOf(passages.map((passage) => JSON.stringify(passage))).map((some) =>
      db.prepare(rowsOf("passages", PASSAGE_COLUMNS)).bind(some, id, place.archiveId),
    ),
    of(
      `INSERT INTO uploads (bucket, key, etag, size_bytes, owner_id, job_id, created_at)
       SELECT ${valuesOf(UPLOAD_COLUMNS)}, j.owner_id, j.id, j.created_at
         FROM json_each(?1) r JOIN jobs j ON ${isNew} WHERE true ON CONFLICT DO NOTHING`,
      upload === null ? [] : [upload],
    ),
    insertMarks(db, JSON.stringify([{ id, ownerId: row.owner_id }])),
    ...contentStatements(
      db,
      id,
      place,
      { head: JSON.stringify(contents), chunks: chunks.map((chunk) => JSON.stringify(chunk)), fingerprint: null },
      now,
    ),
  ]);
  return (inserted?.meta.changes ?? 0) > 0;
}
