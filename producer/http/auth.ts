import type { Context } from "hono";
import { createMiddleware } from "hono/factory";
import type { Actor } from "../../shared/db/keys/audit.ts";
import { findKey, type Key } from "../../shared/db/keys/keys.ts";
import { isLocalhost, LOCAL_KEY } from "../../shared/keys/local-secrets.ts";
import type { App } from "./app.ts";
import { guardBody, KeyEnded, keyWatch } from "./guard-body.ts";
import { limitFailures } from "./limit-failures.ts";
import { problem } from "./problem.ts";
import type { Submitter } from "../jobs/asked.ts";
import { sha256, sha256Hex } from "../../shared/hash.ts";

/** `dk_<id>_<secret>`: the id finds the row, the secret is compared with its hash. */
const KEY = /^dk_([a-z0-9]{1,32})_([A-Za-z0-9]{16,128})$/;

const INVALID_TOKEN = 'Bearer realm="darkroom", error="invalid_token"';

/** Compared with when there is no such key, so that an unknown id takes as long as a wrong secret. */
const NO_SECRET = "0".repeat(64);

/**
 * Bearer API key to owner. One read of D1 a request, and no cache: a revoked key is refused from the next request on, and in the
 * middle of one that is sent slowly. Requests that are refused here are limited by their address, after that read: it tells them
 * from those with a valid key, which pass at any address. A token that does not have the form of a key is refused without it.
 */
export const authenticate = createMiddleware<App>(async (c, next) => {
  const token = tokenOf(c.req.header("authorization"));
  if (token === null) {
    return refused(c, "Send 'Authorization: Bearer <key>'.", 'Bearer realm="darkroom"');
  }
  if (token === LOCAL_KEY && !isLocalhost(new URL(c.req.url).hostname)) {
    return refused(c, "Everybody knows the key of local development: it works on localhost alone.", INVALID_TOKEN);
  }
  const key = await keyOf(c.env.DB, token);
  if (key === null || !isUsable(key)) {
    const why = "The key does not exist, has expired or has been revoked.";
    return refused(c, why, INVALID_TOKEN);
  }
  c.set("ownerId", key.ownerId);
  c.set("keyId", key.id);
  c.set("key", key);
  c.set(
    "mayStillAct",
    keyWatch(async () => isUsable((await findKey(c.env.DB, key.id))?.key ?? null)),
  );
  guardBody(c);
  await next();
  if (c.get("hasKeyEnded") !== true) return;
  // Whatever the route made of a body that broke off.
  c.res = undefined;
  c.res = await refused(c, new KeyEnded().message, INVALID_TOKEN);
});

/** Whether requests may still be sent with this key. */
export function isUsable(key: Key | null, now: number = Date.now()): key is Key {
  return key !== null && key.revokedAt === null && (key.expiresAt ?? Infinity) > now;
}

/** Who acts, as the audit names it. */
export function actorOf(c: Context<App>): Actor {
  return { ownerId: c.get("ownerId"), actor: `key:${c.get("keyId")}` };
}

/** For whom a job is taken. */
export function submitterOf(c: Context<App>): Submitter {
  const key = c.get("key");
  const { id, ownerId, maxConcurrentJobs } = key;
  const limit = maxConcurrentJobs === null ? null : { keyId: id, maxConcurrentJobs };
  return { ownerId, key, limit, seed: c.get("seed") };
}

export function newKeyId(): string {
  return `k${crypto.getRandomValues(new Uint8Array(8)).toHex()}`;
}

/**
 * A new secret with the hash that is kept of it. A plain hash is enough: the secret is 24 random bytes, nothing that could be
 * guessed from a list.
 */
export async function newSecret(): Promise<{ readonly secret: string; readonly secretHash: string }> {
  const secret = crypto.getRandomValues(new Uint8Array(24)).toHex();
  return { secret, secretHash: await sha256Hex(secret) };
}

async function refused(c: Context<App>, detail: string, challenge: string): Promise<Response> {
  const limited = await limitFailures(c);
  if (limited !== null) return problem(c, limited);
  return problem(c, { code: "unauthorized", detail }, { "www-authenticate": challenge });
}

function tokenOf(authorization: string | undefined): string | null {
  return /^Bearer +(\S+)$/i.exec(authorization ?? "")?.[1] ?? null;
}

async function keyOf(db: D1Database, token: string): Promise<Key | null> {
  const [, id, secret] = KEY.exec(token) ?? [];
  if (id === undefined || secret === undefined) return null;
  const found = await findKey(db, id);
  const expected = Uint8Array.fromHex(found?.secretHash ?? NO_SECRET);
  return crypto.subtle.timingSafeEqual(await sha256(secret), expected) && found !== null ? found.key : null;
}
