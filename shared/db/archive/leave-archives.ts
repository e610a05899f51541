/** Count jobs that this batch is about to delete out of their objects. SQL of our own selects the object of each job. */
export function leaveArchives(
  db: D1Database,
  archives: string,
  values: readonly [unknown, number],
): D1PreparedStatement {
  return db
    .prepare(
      `UPDATE archives SET jobs = jobs - d.deleted, empty_since = ?2
         FROM (WITH archived (id) AS (${archives}) SELECT id, count(*) AS deleted FROM archived GROUP BY id) d
        WHERE archives.id = d.id`,
    )
    .bind(...values);
}
