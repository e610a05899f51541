import type { LineContents, LinePlace } from "../../archive/line.ts";
import { DAY_MS } from "../../durations.ts";
import { ARTIFACT_COLUMNS, ATTEMPT_COLUMNS, CHUNK_COLUMNS, TASK_COLUMNS, valuesOf } from "./contents.ts";

/** A job that was brought back is likely to be read again soon. */
const KEPT_MS = DAY_MS;

/** A value bound in D1 has at most two megabytes, and a character at most three bytes. */
const CHARS_A_STATEMENT = 500_000;

/** An archived job of this owner. `place` is null if it is whole in the database. */
export interface PlacedJob {
  readonly place: LinePlace | null;
}

/** Find where a job's line is; null if this owner has no such job. */
export async function findPlace(
  db: D1Database,
  job: { readonly id: string; readonly ownerId: string },
): Promise<PlacedJob | null> {
  const row = await db
    .prepare(
      `SELECT archive_id AS archiveId, archive_offset AS offset, archive_bytes AS bytes, archive_secret AS secret
         FROM jobs WHERE id = ?1 AND owner_id = ?2`,
    )
    .bind(job.id, job.ownerId)
    .first<LinePlace | { readonly archiveId: null }>();
  return row && { place: row.archiveId === null ? null : row };
}

interface Leader {
  readonly id: string;
  readonly ownerId: string;
}

/** Find the archived jobs whose results these jobs wait for. */
export async function findLeadersOf(db: D1Database, followers: readonly string[]): Promise<readonly Leader[]> {
  const { results } = await db
    .prepare(
      `SELECT DISTINCT l.id, l.owner_id AS ownerId FROM json_each(?1) v JOIN jobs f ON f.id = v.value JOIN jobs l ON l.id = f.follows
        WHERE f.state = 'queued' AND l.archive_id IS NOT NULL`,
    )
    .bind(JSON.stringify(followers))
    .all<Leader>();
  return results;
}

/** Find those of these jobs that are archived while others wait for their results. */
export async function findArchivedLeaders(db: D1Database, leaders: readonly string[]): Promise<readonly Leader[]> {
  if (leaders.length === 0) return [];
  const { results } = await db
    .prepare(
      `SELECT l.id, l.owner_id AS ownerId FROM json_each(?1) v CROSS JOIN jobs l ON l.id = v.value
        WHERE l.archive_id IS NOT NULL AND EXISTS (SELECT 1 FROM jobs f WHERE f.follows = l.id AND f.state = 'queued')
        ORDER BY l.id`,
    )
    .bind(JSON.stringify(leaders))
    .all<Leader>();
  return results;
}

/**
 * Let no other job reuse the result of a job whose line is lost: one of those that wait for it runs in its place. Changes nothing if the row
 * does not refer to this line any more.
 */
export async function endReuse(db: D1Database, jobId: string, { archiveId, offset }: LinePlace): Promise<void> {
  await db
    .prepare(`UPDATE jobs SET fingerprint = NULL WHERE id = ?1 AND archive_id = ?2 AND archive_offset = ?3`)
    .bind(jobId, archiveId, offset)
    .run();
}

/**
 * Give a job its contents back, in one transaction. Changes nothing if the row does not refer to this line any more: the job was
 * brought back or deleted in the meantime.
 */
export async function insertContents(
  db: D1Database,
  jobId: string,
  place: LinePlace,
  contents: LineContents,
  now: number,
): Promise<void> {
  await db.batch([...contentStatements(db, jobId, place, contents, now)]);
}

/** Our own JSON, from `HEAD`, or checked as an `ExportedJob`. */
interface Head {
  readonly input: string;
  readonly choice: string | null;
  readonly estimate: string | null;
  readonly tasks: readonly unknown[];
  readonly attempts: readonly unknown[];
  readonly artifacts: readonly unknown[];
}

/** The statements that bring back a job whose row refers to this place, for one batch. After them it refers to none. */
export function contentStatements(
  db: D1Database,
  jobId: string,
  place: LinePlace,
  { head, chunks, fingerprint }: LineContents,
  now: number,
): readonly D1PreparedStatement[] {
  const isStillThere = `j.id = ?2 AND j.archive_id = ?3 AND j.archive_offset = ?4`;
  const of = (sql: string, json: string, ...more: unknown[]) =>
    db.prepare(sql).bind(json, jobId, place.archiveId, place.offset, ...more);
  const into = (table: string, columns: readonly string[], rows: string) =>
    `INSERT INTO ${table} (job_id, ${columns.join(", ")})
     SELECT j.id, ${valuesOf(columns)} FROM ${rows} r JOIN jobs j ON ${isStillThere} WHERE true ON CONFLICT DO NOTHING`;
  const { input, choice, estimate, tasks, attempts, artifacts } = JSON.parse(head) as Head;
  const each = (sql: string, rows: readonly unknown[], ...more: unknown[]) =>
    arraysOf(rows.map((row) => JSON.stringify(row))).map((some) => of(sql, some, ...more));
  return [
    ...each(
      `INSERT INTO tasks (job_id, owner_id, args, ${TASK_COLUMNS.join(", ")})
       SELECT j.id, j.owner_id, coalesce(r.value ->> 'args', ?5), ${valuesOf(TASK_COLUMNS)}
         FROM json_each(?1) r JOIN jobs j ON ${isStillThere} WHERE true ON CONFLICT DO NOTHING`,
      tasks,
      input,
    ),
    ...each(
      `INSERT INTO attempts (${ATTEMPT_COLUMNS.join(", ")})
       SELECT ${valuesOf(ATTEMPT_COLUMNS)}
         FROM json_each(?1) r JOIN jobs j ON ${isStillThere} WHERE true ON CONFLICT DO NOTHING`,
      attempts,
    ),
    ...each(into("artifacts", ARTIFACT_COLUMNS, "json_each(?1)"), artifacts),
    ...arraysOf(chunks).map((some) => of(into("chunks", CHUNK_COLUMNS, "json_each(?1)"), some)),
    db
      .prepare(
        `UPDATE archives SET jobs = jobs - 1, empty_since = ?4
          WHERE id = ?2 AND EXISTS (SELECT 1 FROM jobs j WHERE j.id = ?1 AND j.archive_id = ?2 AND j.archive_offset = ?3)`,
      )
      .bind(jobId, place.archiveId, place.offset, now),
    of(
      `UPDATE jobs
          SET input = ?1 ->> '$.input', choice = ?1 ->> '$.choice', estimate = ?1 ->> '$.estimate',
              -- A job without one stays without one: no other job is to reuse its result.
              fingerprint = iif(fingerprint IS NULL, NULL, coalesce(?1 ->> '$.fingerprint', fingerprint)), archive_id = NULL,
              archive_offset = NULL, archive_bytes = NULL, archive_secret = NULL, archive_neurons = NULL, archive_estimate = NULL,
              archive_names = NULL, stored_names = NULL, kept_until = ?5
        WHERE id = ?2 AND archive_id = ?3 AND archive_offset = ?4`,
      JSON.stringify({ input, choice, estimate, fingerprint }),
      now + KEPT_MS,
    ),
  ];
}

/** Join JSON values into JSON arrays, each short enough for one statement. */
export function arraysOf(values: readonly string[]): readonly string[] {
  const arrays: string[][] = [];
  let chars = Infinity;
  for (const value of values) {
    if (chars + value.length > CHARS_A_STATEMENT) {
      arrays.push([]);
      chars = 0;
    }
    chars += value.length;
    arrays.at(-1)?.push(value);
  }
  return arrays.map((some) => `[${some.join(",")}]`);
}
