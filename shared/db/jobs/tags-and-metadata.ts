// The marks that the rows of jobs `o` carry. `from` is SQL of our own: a FROM clause that names `o`.
const tagsOf = (from: string) =>
  `SELECT o.owner_id, 'tag:' || m.value, o.created_at, o.id FROM ${from}, json_each(o.tags) m`;
const metadataOf = (from: string) =>
  `SELECT o.owner_id, 'metadata:' || m.key || '=' || m.value, o.created_at, o.id FROM ${from}, json_each(o.metadata) m`;

const jobsIn = (ids: string) =>
  `(WITH chosen (id) AS (${ids}) SELECT * FROM chosen) v CROSS JOIN jobs o ON o.id = v.id`;

/** Index the jobs just inserted (?1: JSON array of objects with their `id` and `ownerId`) by their tags and metadata. */
export function insertMarks(db: D1Database, jobs: string): D1PreparedStatement {
  const from = `json_each(?1) j JOIN jobs o ON o.id = j.value ->> 'id' AND o.owner_id = j.value ->> 'ownerId'`;
  return db
    .prepare(
      `INSERT INTO job_marks (owner_id, mark, created_at, job_id)
       SELECT * FROM (${tagsOf(from)} UNION ALL ${metadataOf(from)}) WHERE true
       ON CONFLICT DO NOTHING`,
    )
    .bind(jobs);
}

/**
 * Remove those index rows for jobs (SQL of our own that selects the ids of those with tags, and with metadata) that this batch is about
 * to delete. Two statements: SQLite reads the whole table if one compares it with a UNION.
 */
export function deleteMarksOf(
  db: D1Database,
  jobs: { readonly tagged: string; readonly described: string },
  values: readonly unknown[],
): readonly D1PreparedStatement[] {
  return [tagsOf(jobsIn(jobs.tagged)), metadataOf(jobsIn(jobs.described))].map((marks) =>
    db.prepare(`DELETE FROM job_marks WHERE (owner_id, mark, created_at, job_id) IN (${marks})`).bind(...values),
  );
}
