/** Count out of their objects the jobs (SQL of our own that selects their ids) that this batch is about to delete. */
export function leaveArchives(db: D1Database, jobIds: string, values: readonly [unknown, number]): D1PreparedStatement {
  return db
    .prepare(
      `UPDATE archives SET jobs = jobs - d.deleted, empty_since = ?2
         FROM (SELECT archive_id, count(*) AS deleted FROM jobs
                WHERE id IN (${jobIds}) AND archive_id IS NOT NULL GROUP BY archive_id) d
        WHERE archives.id = d.archive_id`,
    )
    .bind(...values);
}
