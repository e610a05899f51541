export interface StoredKey {
  readonly ownerId: string;
  readonly secretHash: string;
  readonly revokedAt: number | null;
}

export async function findKey(db: D1Database, id: string): Promise<StoredKey | null> {
  return db
    .prepare(
      `SELECT owner_id AS ownerId, secret_hash AS secretHash, revoked_at AS revokedAt FROM api_keys WHERE id = ?1`,
    )
    .bind(id)
    .first<StoredKey>();
}
