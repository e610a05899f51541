/** A key that signs links. `secret` is never shown. */
export interface SigningKey {
  readonly secret: string;
  readonly isCurrent: boolean;
}

/**
 * Return the keys that links may be signed with, the current one first. If there is none yet, or an operator has retired it,
 * the first reader creates one; of concurrent readers one does.
 * @param honouredMs how long links that a retired key signed are still accepted.
 */
export async function readSigningKeys(
  db: D1Database,
  { now, honouredMs }: { now: number; honouredMs: number },
): Promise<readonly SigningKey[]> {
  const reading = db
    .prepare(
      `SELECT secret, retired_at IS NULL AS isCurrent FROM signing_keys
        WHERE retired_at IS NULL OR retired_at > ?1 ORDER BY isCurrent DESC`,
    )
    .bind(now - honouredMs);
  const { results } = await reading.all<StoredKey>();
  if (results[0]?.isCurrent === 1) return results.map(asKey);
  const secret = crypto.getRandomValues(new Uint8Array(32)).toHex();
  const [, , made] = await db.batch<StoredKey>([
    db.prepare(`DELETE FROM signing_keys WHERE retired_at <= ?1`).bind(now - honouredMs),
    db
      .prepare(
        `INSERT INTO signing_keys (id, secret, created_at)
         SELECT ?1, ?2, ?3 WHERE NOT EXISTS (SELECT 1 FROM signing_keys WHERE retired_at IS NULL)`,
      )
      .bind(crypto.randomUUID(), secret, now),
    reading,
  ]);
  return (made?.results ?? []).map(asKey);
}

interface StoredKey {
  readonly secret: string;
  readonly isCurrent: 0 | 1;
}

function asKey({ secret, isCurrent }: StoredKey): SigningKey {
  return { secret, isCurrent: isCurrent === 1 };
}
