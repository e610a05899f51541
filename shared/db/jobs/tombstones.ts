// Jobs that were deleted after the moment to which the database was set back.

/** Note that these jobs were deleted. They lose the results that they had reused before. */
export async function insertTombstones(
  db: D1Database,
  deleted: readonly { readonly id: string; readonly deletedAt: number }[],
  now: number,
): Promise<void> {
  if (deleted.length === 0) return;
  const rows = JSON.stringify(deleted);
  await db.batch([
    db
      .prepare(
        `INSERT INTO tombstones (job_id, deleted_at, taken_up_at)
         SELECT d.value ->> 'id', d.value ->> 'deletedAt', ?2 FROM json_each(?1) d WHERE true
         ON CONFLICT (job_id) DO UPDATE
            SET deleted_at = max(deleted_at, excluded.deleted_at), taken_up_at = excluded.taken_up_at`,
      )
      .bind(rows, now),
    db
      .prepare(
        // A step of a restore has thousands of deleted jobs: each finds its own row.
        `DELETE FROM reuses
          WHERE job_id IN (SELECT r.job_id FROM json_each(?1) d CROSS JOIN reuses r ON r.job_id = d.value ->> 'id'
                            WHERE d.value ->> 'deletedAt' >= r.ended_at)`,
      )
      .bind(rows),
  ]);
}

/** Return those of the jobs that do not exist, and that were not deleted after they were submitted. */
export async function findMissing(
  db: D1Database,
  jobs: readonly { readonly id: string; readonly createdAt: number }[],
): Promise<ReadonlySet<string>> {
  const { results } = await db
    .prepare(
      `SELECT o.value ->> 'id' AS id FROM json_each(?1) o
        WHERE NOT EXISTS (SELECT 1 FROM jobs j WHERE j.id = o.value ->> 'id')
          AND NOT EXISTS (SELECT 1 FROM tombstones d
                           WHERE d.job_id = o.value ->> 'id' AND d.deleted_at >= o.value ->> 'createdAt')`,
    )
    .bind(JSON.stringify(jobs.map(({ id, createdAt }) => ({ id, createdAt }))))
    .all<{ id: string }>();
  return new Set(results.map(({ id }) => id));
}
