import { SCOPES, type Scope } from "../../keys/scopes.ts";
import { type Actor, insertAudit } from "./audit.ts";
import { disableEndpointsOf } from "../webhooks/webhooks.ts";

/** An API key without its secret. Times are epoch milliseconds. */
export interface Key {
  readonly id: string;
  readonly ownerId: string;
  readonly label: string;
  readonly scopes: readonly Scope[];
  readonly createdAt: number;
  readonly expiresAt: number | null;
  readonly revokedAt: number | null;
  /** How many of the jobs that it submitted may be unfinished at once. */
  readonly maxConcurrentJobs: number | null;
  /** How many bytes it may upload between two midnights UTC. */
  readonly maxUploadBytesADay: number | null;
  readonly uploadLimits: UploadLimits;
}

/** What a key may upload; null if it has no limit of its own. */
export interface UploadLimits {
  readonly maxBytes: number | null;
  /** Prefixes, such as `audio/`. */
  readonly contentTypes: readonly string[] | null;
}

export type KeyRow = Omit<Key, "scopes" | "uploadLimits"> & {
  readonly scopes: string;
  readonly maxUploadBytes: number | null;
  /** JSON. */
  readonly contentTypes: string | null;
};

const COLUMNS = `id, owner_id AS ownerId, label, scopes, created_at AS createdAt, expires_at AS expiresAt,
  revoked_at AS revokedAt, max_concurrent_jobs AS maxConcurrentJobs, max_upload_bytes_a_day AS maxUploadBytesADay,
  max_upload_bytes AS maxUploadBytes, content_types AS contentTypes`;

/** `secretHash` is SHA-256, hexadecimal. */
export interface FoundKey {
  readonly key: Key;
  readonly secretHash: string;
}

/** Find a key, whether or not it is revoked or expired. */
export async function findKey(db: D1Database, id: string): Promise<FoundKey | null> {
  return foundKey((await selectKey(db, id).first<KeyRow & { secretHash: string }>()) ?? undefined);
}

/** Select a key for `foundKey`. For a batch. */
export function selectKey(db: D1Database, id: string): D1PreparedStatement {
  return db.prepare(`SELECT ${COLUMNS}, secret_hash AS secretHash FROM api_keys WHERE id = ?1`).bind(id);
}

/** Return the key of this row. */
export function foundKey(row: (KeyRow & { readonly secretHash: string }) | undefined): FoundKey | null {
  if (row === undefined) return null;
  const { secretHash, ...key } = row;
  return { key: keyOf(key), secretHash };
}

/** Find a key of the job's owner; null if there is no such key or no such job, or if the key is another owner's. */
export async function findKeyOfJob(
  db: D1Database,
  { keyId, jobId }: { keyId: string; jobId: string },
): Promise<Key | null> {
  const row = await db
    .prepare(
      `SELECT ${COLUMNS} FROM api_keys WHERE id = ?1 AND owner_id = (SELECT j.owner_id FROM jobs j WHERE j.id = ?2)`,
    )
    .bind(keyId, jobId)
    .first<KeyRow>();
  return row === null ? null : keyOf(row);
}

/** Select keys, as `keyOf` reads them, by a JSON array of ids (?1). For a batch. */
export function selectKeys(db: D1Database, ids: readonly string[]): D1PreparedStatement {
  return db
    .prepare(`SELECT ${COLUMNS} FROM api_keys WHERE id IN (SELECT value FROM json_each(?1))`)
    .bind(JSON.stringify(ids));
}

/** List keys, newest first, of one owner or (null) of all; `before` is the position (time and id) of the last one seen. */
export async function listKeys(
  db: D1Database,
  ownerId: string | null,
  { limit, before }: { limit: number; before: { at: number; id: string } | undefined },
): Promise<readonly Key[]> {
  const { results } = await db
    .prepare(
      `SELECT ${COLUMNS} FROM api_keys
        WHERE (?1 IS NULL OR owner_id = ?1) AND (created_at, id) < (?2, ?3)
        ORDER BY created_at DESC, id DESC LIMIT ?4`,
    )
    .bind(ownerId, before?.at ?? Number.MAX_SAFE_INTEGER, before?.id ?? "", limit)
    .all<KeyRow>();
  return results.map(keyOf);
}

/**
 * Insert a key, with its creator in the audit log. `where` is SQL of our own; its ?1 is the key, ?2 its owner.
 * @returns false if that condition does not hold.
 */
export async function insertKey(
  db: D1Database,
  key: Key & { secretHash: string },
  actor: Actor,
  where = "true",
): Promise<boolean> {
  const { ownerId, scopes, expiresAt, maxConcurrentJobs, maxUploadBytesADay, uploadLimits } = key;
  const detail = { ownerId, scopes, expiresAt, maxConcurrentJobs, maxUploadBytesADay, ...uploadLimits };
  const [, inserted] = await db.batch([
    insertAudit(db, actor, { act: "key.create", subject: key.id, detail, now: key.createdAt }, where),
    db
      .prepare(
        `INSERT INTO api_keys (id, owner_id, label, secret_hash, created_at, scopes, expires_at, max_concurrent_jobs, max_upload_bytes_a_day,
                               max_upload_bytes, content_types)
         SELECT ?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11 WHERE ${where}`,
      )
      .bind(
        key.id,
        ownerId,
        key.label,
        key.secretHash,
        key.createdAt,
        JSON.stringify(scopes),
        expiresAt,
        maxConcurrentJobs,
        maxUploadBytesADay,
        uploadLimits.maxBytes,
        uploadLimits.contentTypes === null ? null : JSON.stringify(uploadLimits.contentTypes),
      ),
  ]);
  return (inserted?.meta.changes ?? 0) > 0;
}

// ?1 is the key, ?2 the caller's owner. The operator may revoke every owner's keys, but not the last one that could create
// another.
const REVOCABLE = {
  byOperator: (now: number) => `EXISTS (
    SELECT 1 FROM api_keys k WHERE k.id = ?1 AND k.revoked_at IS NULL
       AND (k.owner_id <> ?2 OR NOT ${isAdmin("k")} OR EXISTS (
             SELECT 1 FROM api_keys o
              WHERE o.owner_id = ?2 AND o.id <> ?1 AND o.revoked_at IS NULL AND ${isAdmin("o")}
                AND (o.expires_at IS NULL OR o.expires_at > ${now}))))`,
  byOwner: () => `EXISTS (SELECT 1 FROM api_keys WHERE id = ?1 AND owner_id = ?2 AND revoked_at IS NULL)`,
};

/** SQL: whether the row of `api_keys` with this alias can create keys. */
export function isAdmin(table: string): string {
  return `EXISTS (SELECT 1 FROM json_each(${table}.scopes) WHERE value = 'admin')`;
}

/**
 * Revoke a key, if it exists and may be revoked. It is refused from the next request on. The addresses that it gave get no more
 * webhooks, unless `keepsWebhooks`. If the key is revoked again, they get them only if `keepsWebhooks` is set again.
 */
export async function revokeKey(
  db: D1Database,
  id: string,
  by: { actor: Actor; isOperator: boolean; keepsWebhooks: boolean; now: number },
): Promise<void> {
  const { actor, isOperator, keepsWebhooks, now } = by;
  const where = isOperator ? REVOCABLE.byOperator(now) : REVOCABLE.byOwner();
  const isRevoked = `EXISTS (SELECT 1 FROM api_keys
                             WHERE id = ?1 AND revoked_at IS NOT NULL ${isOperator ? "" : "AND owner_id = ?2"})`;
  await db.batch([
    insertAudit(db, actor, { act: "key.revoke", subject: id, detail: { keepsWebhooks }, now }, where),
    db.prepare(`UPDATE api_keys SET revoked_at = ?3 WHERE id = ?1 AND ${where}`).bind(id, actor.ownerId, now),
    db
      .prepare(`UPDATE api_keys SET keeps_webhooks = ?3 WHERE id = ?1 AND ${isRevoked}`)
      .bind(id, actor.ownerId, Number(keepsWebhooks)),
    ...(keepsWebhooks ? [] : disableEndpointsOf(db, id, { ownerId: actor.ownerId, isRevoked, now })),
  ]);
}

/** Read a key from its row. A scope that this version does not know grants nothing. */
export function keyOf({ scopes, maxUploadBytes, contentTypes, ...row }: KeyRow): Key {
  const given = JSON.parse(scopes) as readonly unknown[];
  const types = contentTypes === null ? null : (JSON.parse(contentTypes) as readonly string[]);
  return {
    ...row,
    scopes: SCOPES.filter((scope) => given.includes(scope)),
    uploadLimits: { maxBytes: maxUploadBytes, contentTypes: types },
  };
}
