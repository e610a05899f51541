/** @throws if the database does not answer, or has not been migrated. Reads one row at most. */
export async function probeDatabase(db: D1Database): Promise<void> {
  await db.prepare(`SELECT 1 FROM jobs LIMIT 1`).first();
}
