export interface StoredKey {
  readonly ownerId: string;
  readonly secretHash: string;
  readonly revokedAt: number | null;
  /** What it may upload at most; null for no limit of its own. */
  readonly maxUploadBytes: number | null;
  /** JSON, prefixes of content types; null for any. */
  readonly contentTypes: string | null;
}

export async function findKey(db: D1Database, id: string): Promise<StoredKey | null> {
  return db
    .prepare(
      `SELECT owner_id AS ownerId, secret_hash AS secretHash, revoked_at AS revokedAt,
              max_upload_bytes AS maxUploadBytes, content_types AS contentTypes
         FROM api_keys WHERE id = ?1`,
    )
    .bind(id)
    .first<StoredKey>();
}
