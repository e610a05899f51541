// Endpoints of webhooks, and the secrets that sign their deliveries.
import type { WebhookEvent } from "../../webhooks/event.ts";
import { ROTATION_MS } from "../../webhooks/event.ts";
import { newSecret } from "../../webhooks/sign.ts";
import { type Actor, insertAudit } from "../keys/audit.ts";

export interface Endpoint {
  readonly id: string;
  /**
   * The key that the endpoint depends on: it registered the endpoint, or was the last to change its address or to enable it
   * again.
   */
  readonly keyId: string;
  readonly url: string;
  /** JSON. */
  readonly events: string;
  readonly description: string;
  readonly disabledAt: number | null;
  readonly disabledReason: string | null;
  readonly createdAt: number;
}

export interface NewEndpoint {
  readonly url: string;
  readonly origin: string;
  readonly events: readonly WebhookEvent[];
  readonly description: string;
}

const COLUMNS = `id, key_id AS keyId, url, events, description, disabled_at AS disabledAt, disabled_reason AS disabledReason,
                 created_at AS createdAt`;

/** Each endpoint adds a row for every job of its owner. */
export const MAX_ENDPOINTS = 10;

const IS_THEIRS = `EXISTS (SELECT 1 FROM webhook_endpoints WHERE id = ?1 AND owner_id = ?2)`;

/** @returns the endpoint's id and its secret, which is not shown again; null if the owner has `MAX_ENDPOINTS`. */
export async function createEndpoint(
  db: D1Database,
  { url, origin, events, description }: NewEndpoint,
  { keyId, ...actor }: Actor & { keyId: string },
  now: number,
): Promise<{ readonly id: string; readonly secret: string } | null> {
  const id = `wh_${crypto.randomUUID().replaceAll("-", "").slice(0, 20)}`;
  const secret = newSecret();
  const [inserted] = await db.batch([
    db
      .prepare(
        `INSERT INTO webhook_endpoints (id, owner_id, key_id, url, origin, events, description, created_at)
         SELECT ?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8
          WHERE (SELECT count(*) FROM webhook_endpoints WHERE owner_id = ?2) < ${MAX_ENDPOINTS}`,
      )
      .bind(id, actor.ownerId, keyId, url, origin, JSON.stringify(events), description, now),
    db
      .prepare(`INSERT INTO webhook_secrets (signer, owner_id, secret) SELECT ?1, ?2, ?3 WHERE ${IS_THEIRS}`)
      .bind(id, actor.ownerId, secret),
    insertAudit(db, actor, { act: "webhook.create", subject: id, detail: { url, events }, now }, IS_THEIRS),
  ]);
  return (inserted?.meta.changes ?? 0) > 0 ? { id, secret } : null;
}

export async function listEndpoints(db: D1Database, ownerId: string): Promise<readonly Endpoint[]> {
  const { results } = await db
    .prepare(`SELECT ${COLUMNS} FROM webhook_endpoints WHERE owner_id = ?1 ORDER BY created_at DESC, id DESC`)
    .bind(ownerId)
    .all<Endpoint>();
  return results;
}

export async function findEndpoint(
  db: D1Database,
  endpoint: { id: string; ownerId: string },
): Promise<Endpoint | null> {
  return db
    .prepare(`SELECT ${COLUMNS} FROM webhook_endpoints WHERE id = ?1 AND owner_id = ?2`)
    .bind(endpoint.id, endpoint.ownerId)
    .first<Endpoint>();
}

const IS_ENDPOINT = `d.endpoint_id = ?1 AND d.owner_id = ?2`;

/** Cancel what waits for endpoints: the deliveries `d` that `these` selects (SQL of our own, with ?1 and ?2). */
function cancelWaiting(
  db: D1Database,
  id: string,
  ownerId: string,
  now: number,
  these = IS_ENDPOINT,
): D1PreparedStatement[] {
  const waiting = `SELECT d.job_id || '.' || d.id FROM webhook_deliveries d WHERE ${these}`;
  return [
    db
      .prepare(
        `INSERT INTO attempts (task_id, number, outcome, started_at, finished_at)
         SELECT id, attempt, 'cancelled', leased_at, ?3 FROM tasks WHERE state = 'running' AND id IN (${waiting})`,
      )
      .bind(id, ownerId, now),
    db
      .prepare(
        `UPDATE tasks SET state = 'cancelled', finalized_at = ?3, lease_id = NULL, leased_at = NULL
          WHERE finalized_at IS NULL AND id IN (${waiting})`,
      )
      .bind(id, ownerId, now),
  ];
}

/**
 * Disable all endpoints that depend on a key (?1 of `isRevoked`, SQL of our own; ?2 is the caller's owner), and cancel what
 * waits for them: for the batch that revokes the key.
 */
export function disableEndpointsOf(
  db: D1Database,
  keyId: string,
  { ownerId, isRevoked, now }: { ownerId: string; isRevoked: string; now: number },
): D1PreparedStatement[] {
  // Found by owner, for which there is an index: a key registers and edits only for its own owner.
  const registered = `SELECT e.id FROM webhook_endpoints e
                       WHERE e.owner_id = (SELECT owner_id FROM api_keys WHERE id = ?1) AND e.key_id = ?1 AND ${isRevoked}`;
  return [
    ...cancelWaiting(db, keyId, ownerId, now, `d.endpoint_id IN (${registered})`),
    db
      .prepare(
        `UPDATE webhook_endpoints SET disabled_at = ?3, disabled_reason = 'The key that registered it, last changed its address or last enabled it was revoked.'
          WHERE disabled_at IS NULL AND id IN (${registered})`,
      )
      .bind(keyId, ownerId, now),
  ];
}

/** List the endpoints that depend on a key. Some may be disabled. */
export async function listEndpointsOf(
  db: D1Database,
  key: { id: string; ownerId: string },
): Promise<readonly Endpoint[]> {
  return (await listEndpoints(db, key.ownerId)).filter(({ keyId }) => keyId === key.id);
}

/** Delete an endpoint, its secret and its log. @returns whether there was one. */
export async function deleteEndpoint(db: D1Database, id: string, actor: Actor, now: number): Promise<boolean> {
  const results = await db.batch([
    insertAudit(db, actor, { act: "webhook.delete", subject: id, now }, IS_THEIRS),
    ...cancelWaiting(db, id, actor.ownerId, now),
    db.prepare(`DELETE FROM webhook_secrets WHERE signer = ?1 AND ${IS_THEIRS}`).bind(id, actor.ownerId),
    db.prepare(`DELETE FROM webhook_endpoints WHERE id = ?1 AND owner_id = ?2`).bind(id, actor.ownerId),
  ]);
  return (results.at(-1)?.meta.changes ?? 0) > 0;
}

export interface EndpointEdit {
  readonly url?: string | undefined;
  readonly events?: readonly WebhookEvent[] | undefined;
  readonly description?: string | undefined;
  readonly disabled?: boolean | undefined;
}

/**
 * Change the given fields. Disabling also cancels what waits. From then on the endpoint depends on the key that changed its
 * address or enabled it again.
 * @returns whether there is such an endpoint.
 */
export async function editEndpoint(
  db: D1Database,
  id: string,
  edit: EndpointEdit,
  { keyId, ...actor }: Actor & { keyId: string },
  now: number,
): Promise<boolean> {
  const events = edit.events === undefined ? null : JSON.stringify(edit.events);
  const disabled = edit.disabled === undefined ? null : Number(edit.disabled);
  const results = await db.batch([
    insertAudit(db, actor, { act: "webhook.edit", subject: id, detail: { ...edit }, now }, IS_THEIRS),
    ...(edit.disabled === true ? cancelWaiting(db, id, actor.ownerId, now) : []),
    db
      .prepare(
        `UPDATE webhook_endpoints
            SET key_id = iif(?3 <> url OR (?6 = 0 AND disabled_at IS NOT NULL), ?8, key_id),
                url = coalesce(?3, url), events = coalesce(?4, events), description = coalesce(?5, description),
                disabled_at = CASE ?6 WHEN 1 THEN coalesce(disabled_at, ?7) WHEN 0 THEN NULL ELSE disabled_at END,
                disabled_reason = CASE ?6 WHEN 1 THEN coalesce(disabled_reason, 'Disabled by hand.') WHEN 0 THEN NULL
                                          ELSE disabled_reason END
          WHERE id = ?1 AND owner_id = ?2`,
      )
      .bind(id, actor.ownerId, edit.url ?? null, events, edit.description ?? null, disabled, now, keyId),
  ]);
  return (results.at(-1)?.meta.changes ?? 0) > 0;
}

/**
 * Give a signer a new secret. The old one also signs for a day; a secret older than that is forgotten.
 * @returns null if this owner has no such signer.
 */
export async function rotateSecret(
  db: D1Database,
  signer: string,
  actor: Actor,
  now: number,
): Promise<{ readonly secret: string; readonly previousUntil: number } | null> {
  const secret = newSecret();
  const previousUntil = now + ROTATION_MS;
  const isTheirs = `EXISTS (SELECT 1 FROM webhook_secrets WHERE signer = ?1 AND owner_id = ?2)`;
  const results = await db.batch([
    insertAudit(db, actor, { act: "webhook.rotate", subject: signer, now }, isTheirs),
    db
      .prepare(
        `UPDATE webhook_secrets SET secret = ?3, previous_secret = secret, previous_until = ?4
          WHERE signer = ?1 AND owner_id = ?2`,
      )
      .bind(signer, actor.ownerId, secret, previousUntil),
  ]);
  return (results.at(-1)?.meta.changes ?? 0) > 0 ? { secret, previousUntil } : null;
}

/** Return the secret of a key, for deliveries with an address of their own. It is created when it is first needed. */
export async function secretOfKey(db: D1Database, key: { id: string; ownerId: string }): Promise<string> {
  const [, found] = await db.batch<{ secret: string }>([
    db
      .prepare(
        `INSERT INTO webhook_secrets (signer, owner_id, secret) VALUES (?1, ?2, ?3) ON CONFLICT (signer) DO NOTHING`,
      )
      .bind(`key:${key.id}`, key.ownerId, newSecret()),
    db.prepare(`SELECT secret FROM webhook_secrets WHERE signer = ?1`).bind(`key:${key.id}`),
  ]);
  const secret = found?.results[0]?.secret;
  if (secret === undefined) throw new Error(`the secret of key '${key.id}' was made and cannot be read`);
  return secret;
}
