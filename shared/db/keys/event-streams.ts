/** Enough for a page that follows what it has submitted, in a few tabs. Each stream asks D1 up to once a second. */
export const MAX_STREAMS_A_KEY = 20;

/** A stream whose Worker has died holds its place no longer than this. */
export const STREAM_LEASE_MS = 45_000;

/** One open stream, by the key that opened it. */
export interface StreamPlace {
  readonly keyId: string;
  readonly id: string;
}

/**
 * Take a place for a stream, or keep it; places are counted for all Workers together. Reads the key's streams and the key,
 * writes one row.
 * @param endsAt when the session of a person ends, who has no row (shared/keys/access.ts); null to look the key up.
 * @returns false if the key has as many open as it may, or has been revoked or has expired since.
 */
export async function holdStream(
  db: D1Database,
  { keyId, id }: StreamPlace,
  { now, endsAt }: { readonly now: number; readonly endsAt: number | null },
): Promise<boolean> {
  const { meta } = await db
    .prepare(
      `INSERT INTO event_streams (key_id, id, lease_expires_at)
       SELECT ?1, ?2, ?3
        WHERE (SELECT count(*) FROM event_streams WHERE key_id = ?1 AND id <> ?2 AND lease_expires_at > ?4) < ?5
          AND (?6 > ?4 OR EXISTS (SELECT 1 FROM api_keys
                                   WHERE id = ?1 AND revoked_at IS NULL AND (expires_at IS NULL OR expires_at > ?4)))
       ON CONFLICT (key_id, id) DO UPDATE SET lease_expires_at = excluded.lease_expires_at`,
    )
    .bind(keyId, id, now + STREAM_LEASE_MS, now, MAX_STREAMS_A_KEY, endsAt)
    .run();
  return meta.changes === 1;
}

/** Give back the place of a stream that has ended. */
export async function releaseStream(db: D1Database, { keyId, id }: StreamPlace): Promise<void> {
  await db.prepare(`DELETE FROM event_streams WHERE key_id = ?1 AND id = ?2`).bind(keyId, id).run();
}

/** Forget the places of streams that are not renewed any more. @returns how many. */
export async function pruneStreams(db: D1Database, now: number): Promise<number> {
  return (await db.prepare(`DELETE FROM event_streams WHERE lease_expires_at < ?1`).bind(now).run()).meta.changes;
}
