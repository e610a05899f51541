import { DATABASE_LIMIT_BYTES } from "../alerts/alert.ts";

/** @throws if the database does not answer, or has not been migrated. Reads one row at most. */
export async function probeDatabase(db: D1Database): Promise<void> {
  await db.prepare(`SELECT 1 FROM jobs LIMIT 1`).first();
}

/** How large the database is. */
export interface DatabaseSize {
  readonly sizeBytes: number;
  /** At this size writes fail. */
  readonly limitBytes: number;
}

/** D1 says how large the database is with every answer. */
export async function readSize(db: D1Database): Promise<DatabaseSize> {
  const { meta } = await db.prepare("SELECT 1").all();
  return { sizeBytes: meta.size_after, limitBytes: DATABASE_LIMIT_BYTES };
}
