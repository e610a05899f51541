export interface UploadRow {
  readonly key: string;
  readonly etag: string;
  readonly sizeBytes: number;
  readonly jobId: string | null;
  readonly ignoredReason: string | null;
  readonly createdAt: number;
}

/** List the latest objects seen in the inbox, newest first, at most 100. */
export async function listUploads(db: D1Database, ownerId: string): Promise<readonly UploadRow[]> {
  const { results } = await db
    .prepare(
      `SELECT key, etag, size_bytes AS sizeBytes, job_id AS jobId, ignored_reason AS ignoredReason, created_at AS createdAt
         FROM uploads WHERE owner_id = ?1 ORDER BY created_at DESC LIMIT 100`,
    )
    .bind(ownerId)
    .all<UploadRow>();
  return results;
}
