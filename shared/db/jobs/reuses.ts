// Jobs that reuse the result of another: read for the bucket's record of them, and inserted from it after a restore.
import type { Label, StoredArtifact } from "../../jobs/outcome.ts";
import type { Reuse } from "../../restoring/reuses.ts";

/** List jobs that reused a result after a time, the earliest first, at most `limit`. Reads three rows for each, or a few more. */
export async function listReused(
  db: D1Database,
  { after, limit }: { after: { at: number; id: string }; limit: number },
): Promise<{ readonly rows: readonly Reuse[]; readonly isAll: boolean }> {
  const { results } = await db
    .prepare(
      `SELECT j.id AS jobId, j.reused_from AS reusedFrom, j.finalized_at AS endedAt, j.saved_neurons AS savedNeurons,
              (SELECT json_group_array(json_object('name', a.name, 'key', a.key, 'contentType', a.content_type,
                                                   'sizeBytes', a.size_bytes, 'etag', a.etag))
                 FROM artifacts a WHERE a.job_id = j.id) AS artifacts
         FROM jobs j INDEXED BY jobs_reused_by_end
        WHERE j.reused_from IS NOT NULL AND (j.finalized_at, j.id) > (?1, ?2)
        ORDER BY j.finalized_at, j.id LIMIT ?3`,
    )
    .bind(after.at, after.id, limit)
    .all<Omit<Reuse, "artifacts"> & { artifacts: string }>();
  // Our own JSON, from this statement.
  const rows = results.map((row) => ({ ...row, artifacts: JSON.parse(row.artifacts) as StoredArtifact[] }));
  return { rows, isAll: rows.length < limit };
}

/** Note what jobs had reused before the database was set back. Of two records of a job the later one counts. */
export async function insertReuses(
  db: D1Database,
  reuses: readonly (Reuse & { readonly labels: readonly Label[] })[],
  now: number,
): Promise<void> {
  if (reuses.length === 0) return;
  await db
    .prepare(
      `INSERT INTO reuses (job_id, reused_from, artifacts, labels, saved_neurons, ended_at, taken_up_at)
       SELECT r.value ->> 'jobId', r.value ->> 'reusedFrom', r.value -> 'artifacts', r.value -> 'labels',
              r.value ->> 'savedNeurons', r.value ->> 'endedAt', ?2
         FROM json_each(?1) r WHERE true
       ON CONFLICT (job_id) DO UPDATE
          SET reused_from = excluded.reused_from, artifacts = excluded.artifacts, labels = excluded.labels,
              saved_neurons = excluded.saved_neurons, ended_at = excluded.ended_at, taken_up_at = excluded.taken_up_at
        WHERE excluded.ended_at > reuses.ended_at`,
    )
    .bind(JSON.stringify(reuses), now)
    .run();
}

/**
 * Find jobs whose results were kept for others that had reused them before the database was set back, if noted before this
 * moment.
 */
export async function findLapsedClaims(db: D1Database, before: number, limit: number): Promise<readonly string[]> {
  const { results } = await db
    .prepare(`SELECT DISTINCT reused_from AS id FROM reuses WHERE taken_up_at < ?1 LIMIT ?2`)
    .bind(before, limit)
    .all<{ id: string }>();
  return results.map(({ id }) => id);
}

/** Forget which jobs had reused these jobs' results, if that was noted before this moment. */
export async function deleteLapsedClaims(db: D1Database, jobIds: readonly string[], before: number): Promise<void> {
  await db
    .prepare(`DELETE FROM reuses WHERE reused_from IN (SELECT value FROM json_each(?1)) AND taken_up_at < ?2`)
    .bind(JSON.stringify(jobIds), before)
    .run();
}
