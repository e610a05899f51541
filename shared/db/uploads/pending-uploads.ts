/** An upload that goes straight into the bucket. Times are epoch milliseconds. */
export interface PendingUpload {
  readonly id: string;
  readonly ownerId: string;
  readonly key: string;
  /** The declared size. */
  readonly sizeBytes: number;
  readonly multipart: { readonly id: string; readonly partSizeBytes: number } | null;
  readonly createdAt: number;
  /** When its URLs expire. The upload itself expires soon after. */
  readonly expiresAt: number;
  readonly completedAt: number | null;
}

export interface StoredPart {
  readonly number: number;
  readonly etag: string;
}

type Row = Omit<PendingUpload, "multipart"> & { multipartId: string | null; partSizeBytes: number | null };

const COLUMNS = `id, owner_id AS ownerId, key, size_bytes AS sizeBytes, multipart_id AS multipartId,
                 part_size_bytes AS partSizeBytes, created_at AS createdAt, expires_at AS expiresAt, completed_at AS completedAt`;

export async function insertPendingUpload(db: D1Database, upload: PendingUpload): Promise<void> {
  await db
    .prepare(
      `INSERT INTO pending_uploads (id, owner_id, key, size_bytes, multipart_id, part_size_bytes, created_at, expires_at)
       VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8)`,
    )
    .bind(
      upload.id,
      upload.ownerId,
      upload.key,
      upload.sizeBytes,
      upload.multipart?.id ?? null,
      upload.multipart?.partSizeBytes ?? null,
      upload.createdAt,
      upload.expiresAt,
    )
    .run();
}

export async function readPendingUpload(
  db: D1Database,
  { id, ownerId }: { id: string; ownerId: string },
): Promise<PendingUpload | null> {
  const row = await db
    .prepare(`SELECT ${COLUMNS} FROM pending_uploads WHERE id = ?1 AND owner_id = ?2 AND aborted_at IS NULL`)
    .bind(id, ownerId)
    .first<Row>();
  return row && pendingUpload(row);
}

export async function completePendingUpload(db: D1Database, id: string, now: number): Promise<void> {
  await db
    .prepare(`UPDATE pending_uploads SET completed_at = ?2 WHERE id = ?1 AND completed_at IS NULL`)
    .bind(id, now)
    .run();
}

/** Extend an upload whose URLs were signed again. */
export async function extendPendingUpload(db: D1Database, id: string, expiresAt: number): Promise<void> {
  await db
    .prepare(`UPDATE pending_uploads SET expires_at = max(expires_at, ?2) WHERE id = ?1`)
    .bind(id, expiresAt)
    .run();
}

/** Abort an upload. The row stays until its URLs expire, so that an object which is put there becomes no job. */
export async function abortPendingUpload(db: D1Database, id: string, now: number): Promise<void> {
  await db
    .prepare(`UPDATE pending_uploads SET aborted_at = ?2 WHERE id = ?1 AND completed_at IS NULL`)
    .bind(id, now)
    .run();
}

export async function deletePendingUploads(db: D1Database, ids: readonly string[]): Promise<void> {
  await db
    .prepare(`DELETE FROM pending_uploads WHERE id IN (SELECT value FROM json_each(?1))`)
    .bind(JSON.stringify(ids))
    .run();
}

export async function findExpiredUploads(
  db: D1Database,
  now: number,
  limit: number,
): Promise<readonly PendingUpload[]> {
  const { results } = await db
    .prepare(`SELECT ${COLUMNS} FROM pending_uploads WHERE expires_at < ?1 ORDER BY expires_at LIMIT ?2`)
    .bind(now, limit)
    .all<Row>();
  return results.map(pendingUpload);
}

/** Record parts that a client has stored. The latest etag of a number counts: a part may be sent again. */
export async function recordParts(db: D1Database, uploadId: string, parts: readonly StoredPart[]): Promise<void> {
  await db
    .prepare(
      `INSERT INTO stored_parts (upload_id, number, etag)
       SELECT u.id, p.value ->> 'number', p.value ->> 'etag'
         FROM json_each(?2) p JOIN pending_uploads u ON u.id = ?1 AND u.completed_at IS NULL
        WHERE true
       ON CONFLICT (upload_id, number) DO UPDATE SET etag = excluded.etag`,
    )
    .bind(uploadId, JSON.stringify(parts))
    .run();
}

/** List parts in the order of their numbers. */
export async function listParts(db: D1Database, uploadId: string): Promise<readonly StoredPart[]> {
  const { results } = await db
    .prepare(`SELECT number, etag FROM stored_parts WHERE upload_id = ?1 ORDER BY number`)
    .bind(uploadId)
    .all<StoredPart>();
  return results;
}

function pendingUpload({ multipartId, partSizeBytes, ...row }: Row): PendingUpload {
  const multipart = multipartId === null || partSizeBytes === null ? null : { id: multipartId, partSizeBytes };
  return { ...row, multipart };
}
