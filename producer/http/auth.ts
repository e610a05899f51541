import type { Context } from "hono";
import { createMiddleware } from "hono/factory";
import type { Actor } from "../../shared/db/keys/audit.ts";
import { findKeyAndJob } from "../../shared/db/jobs/key-and-job.ts";
import { findKey, type Key } from "../../shared/db/keys/keys.ts";
import { isAccessId } from "../../shared/keys/access.ts";
import { isLocalhost, LOCAL_KEY } from "../../shared/keys/local-secrets.ts";
import { createJournal } from "../../shared/jobs/journal.ts";
import { SESSION_EXPIRED, signInByAccess } from "../access/sign-in.ts";
import type { App } from "./app.ts";
import { guardBody, KeyEnded, keyWatch } from "./guard-body.ts";
import { limitFailures } from "./limit-failures.ts";
import { type Problem, problem, PROBLEM_STATUS } from "./problem.ts";
import type { Submitter } from "../jobs/asked.ts";
import { sha256, sha256Hex } from "../../shared/hash.ts";

/** `dk_<id>_<secret>`: the id finds the row, the secret is compared with its hash. */
const KEY = /^dk_([a-z0-9]{1,32})_([A-Za-z0-9]{16,128})$/;

const NO_TOKEN = 'Bearer realm="darkroom"';
const INVALID_TOKEN = 'Bearer realm="darkroom", error="invalid_token"';

/** Compared with when there is no such key, so that an unknown id takes as long as a wrong secret. */
const NO_SECRET = "0".repeat(64);

/**
 * Find the owner of the API key in the header. Each request reads D1 once, together with a polled job, and nothing is cached: a
 * revoked key is refused from the next request on, and in the middle of a request that is sent slowly. Refused requests are limited
 * by their address, after that read: only the read shows whether the key is valid, and a valid key passes at any address. A token
 * that does not have the form of a key is refused without the read. A request without the header `Authorization` may be signed in
 * with Cloudflare Access, which reads nothing from D1. If there is a key, only the key counts, even if it is wrong.
 */
export const authenticate = createMiddleware<App>(async (c, next) => {
  const found = await whoSends(c);
  if ("code" in found) return refused(c, found);
  c.set("ownerId", found.ownerId);
  c.set("keyId", found.id);
  c.set("key", found);
  c.set(
    "mayStillAct",
    keyWatch(async () => isUsable(isAccessId(found.id) ? found : ((await findKey(c.env.DB, found.id))?.key ?? null))),
  );
  guardBody(c);
  await next();
  if (c.get("hasKeyEnded") !== true) return;
  // Replaces the route's answer to a body that broke off.
  c.res = undefined;
  const keyEnded: Problem = { code: "unauthorized", detail: new KeyEnded().message };
  c.res = await refused(c, isAccessId(found.id) ? SESSION_EXPIRED : keyEnded);
});

async function whoSends(c: Context<App>): Promise<Key | Problem> {
  const authorization = c.req.header("authorization");
  if (authorization === undefined) {
    const signedIn = await signInByAccess(c.req.raw, c.env, createJournal(c.env));
    if (signedIn !== null) return signedIn;
  }
  const token = tokenOf(authorization);
  if (token === null) return { code: "unauthorized", detail: "Send 'Authorization: Bearer <key>'." };
  if (token === LOCAL_KEY && !isLocalhost(new URL(c.req.url).hostname)) {
    const detail =
      "This is the public key of local development. It works only on localhost. Send a key that this deployment has created.";
    return { code: "unauthorized", detail };
  }
  const key = await keyOf(c, token);
  if (key !== null && isUsable(key)) return key;
  return { code: "unauthorized", detail: "The key does not exist, has expired or has been revoked." };
}

/** Whether requests may still be sent with this key. */
export function isUsable(key: Key | null, now: number = Date.now()): key is Key {
  return key !== null && key.revokedAt === null && (key.expiresAt ?? Infinity) > now;
}

/** The actor, as the audit log names it. */
export function actorOf(c: Context<App>): Actor {
  const { id, label } = c.get("key");
  return { ownerId: c.get("ownerId"), actor: isAccessId(id) ? `access:${label}` : `key:${id}` };
}

/** The author of something, as people see it: the id of a key, or the address of a person. */
export function authorOf(c: Context<App>): string {
  const { id, label } = c.get("key");
  return isAccessId(id) ? label : id;
}

/** The owner and the key for which a job is accepted. */
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

async function refused(c: Context<App>, refusal: Problem): Promise<Response> {
  // It is not the sender's fault if the assertion cannot be checked.
  const limited = refusal.code === "unavailable" ? null : await limitFailures(c);
  if (limited !== null) return problem(c, limited);
  if (PROBLEM_STATUS[refusal.code] !== 401) return problem(c, refusal);
  const challenge = tokenOf(c.req.header("authorization")) === null ? NO_TOKEN : INVALID_TOKEN;
  return problem(c, refusal, { "www-authenticate": challenge });
}

function tokenOf(authorization: string | undefined): string | null {
  return /^Bearer +(\S+)$/i.exec(authorization ?? "")?.[1] ?? null;
}

/** `GET /v1/jobs/{id}`, which clients poll. */
const POLLED_JOB = /^\/v1\/jobs\/(\w+)$/;

async function keyOf(c: Context<App>, token: string): Promise<Key | null> {
  const [, id, secret] = KEY.exec(token) ?? [];
  if (id === undefined || secret === undefined) return null;
  const [, jobId] = (c.req.method === "GET" && POLLED_JOB.exec(c.req.path)) || [];
  const { found, job } =
    jobId === undefined
      ? { found: await findKey(c.env.DB, id), job: null }
      : await findKeyAndJob(c.env.DB, { keyId: id, jobId });
  const expected = Uint8Array.fromHex(found?.secretHash ?? NO_SECRET);
  if (!crypto.subtle.timingSafeEqual(await sha256(secret), expected) || found === null) return null;
  if (job !== null) c.set("polledJob", job);
  return found.key;
}
