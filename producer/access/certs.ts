// The public keys of Cloudflare Access, which each isolate keeps in memory.
//
// Cloudflare's page "Validate JWTs" (updated 6 May 2026): the keys of a team are at /cdn-cgi/access/certs of its domain, the current one
// and the one before. They rotate every six weeks, and the one before stays valid for seven days. The new one is not published ahead,
// so an unknown key must be looked up at once.
import { createLocalJWKSet, errors, type JSONWebKeySet, type JWTVerifyGetKey } from "jose";

import { MINUTE_MS } from "../../shared/durations.ts";
import { decodeText } from "../../shared/input/decode-text.ts";
import { readJson } from "../../shared/input/read-json.ts";
import { readUpTo } from "../../shared/input/read-up-to.ts";
import type { Journal } from "../../shared/jobs/journal.ts";

/** Keys are read again after this time. A key that was withdrawn is accepted no longer than that, unless reading fails. */
const FRESH_MS = 10 * MINUTE_MS;
/** An unknown key may be new, so the keys are read again. Invented keys cannot cause more reads than one in this time. */
const LOOK_AGAIN_MS = 10_000;
/** After a failure the keys are not read again for this time, so that requests do not wait for one failure after another. */
const TRY_AGAIN_MS = 5_000;
const TIMEOUT_MS = 5_000;
const POLL_MS = 20;
/** Two keys, each as JWK and as certificate, have about 8,000. */
const MAX_CERTS_BYTES = 100_000;

/** An assertion cannot be checked: no keys are in memory, and they cannot be read. */
export class CertsUnavailable extends Error {
  override readonly name = "CertsUnavailable";
}

interface Remembered {
  readonly keys: JWTVerifyGetKey | null;
  readonly readAt: number;
  readonly failedAt: number;
  /** When the request that is reading them now began; 0 if none is. */
  readonly readingSince: number;
}

const NOTHING: Remembered = { keys: null, readAt: 0, failedAt: 0, readingSince: 0 };

/** By the address of the team. A deployment has one team. */
const remembered = new Map<string, Remembered>();

/**
 * Find the key that an assertion was signed with, among the keys of this team.
 * @param issuer `https://<team>.cloudflareaccess.com`
 * @throws CertsUnavailable; jose's JWKSNoMatchingKey for a key that is not the team's.
 */
export function keysOfTeam(issuer: string, journal: Journal): JWTVerifyGetKey {
  return async (header, token) => {
    const keys = await keysOf(issuer, DUE, journal);
    try {
      return await keys(header, token);
    } catch (error) {
      if (!(error instanceof errors.JWKSNoMatchingKey)) throw error;
      const newer = await keysOf(issuer, UNKNOWN, journal);
      // If reading has failed, it is unknown whether the key is a new one.
      if (!isReadWithin(issuer, LOOK_AGAIN_MS)) throw unavailable(issuer);
      return newer(header, token);
    }
  };
}

function isReadWithin(issuer: string, maxAgeMs: number): boolean {
  return Date.now() - (remembered.get(issuer) ?? NOTHING).readAt < maxAgeMs;
}

interface Wanted {
  readonly maxAgeMs: number;
  /** Whether older keys do while another request reads them. */
  readonly mayBeOlder: boolean;
}

const DUE: Wanted = { maxAgeMs: FRESH_MS, mayBeOlder: true };
const UNKNOWN: Wanted = { maxAgeMs: LOOK_AGAIN_MS, mayBeOlder: false };

/** Keys that are not older than wanted. If they cannot be read, older keys are used. */
async function keysOf(issuer: string, { maxAgeMs, mayBeOlder }: Wanted, journal: Journal): Promise<JWTVerifyGetKey> {
  for (;;) {
    const now = Date.now();
    const known = remembered.get(issuer) ?? NOTHING;
    if (known.keys !== null && now - known.readAt < maxAgeMs) return known.keys;
    if (now - known.failedAt < TRY_AGAIN_MS) return orUnavailable(known, issuer);
    if (now - known.readingSince >= TIMEOUT_MS) return readKeys(issuer, known, journal);
    if (known.keys !== null && mayBeOlder) return known.keys;
    // Another request is reading them. Its promise cannot be awaited here: on Workers it never settles if that request is ended.
    await new Promise((resolve) => setTimeout(resolve, POLL_MS));
  }
}

async function readKeys(issuer: string, known: Remembered, journal: Journal): Promise<JWTVerifyGetKey> {
  remembered.set(issuer, { ...known, readingSince: Date.now() });
  try {
    const keys = createLocalJWKSet(await fetchCerts(issuer));
    remembered.set(issuer, { ...NOTHING, keys, readAt: Date.now() });
    return keys;
  } catch (error) {
    journal.fault({ event: "access.failed" }, error);
    // Another request may have read them since, if this one took too long.
    const latest = remembered.get(issuer) ?? known;
    if (latest.readAt === known.readAt) remembered.set(issuer, { ...known, failedAt: Date.now(), readingSince: 0 });
    return orUnavailable(latest, issuer);
  }
}

function orUnavailable({ keys }: Remembered, issuer: string): JWTVerifyGetKey {
  if (keys !== null) return keys;
  throw unavailable(issuer);
}

function unavailable(issuer: string): CertsUnavailable {
  return new CertsUnavailable(`The public keys of Cloudflare Access cannot be read from ${certsUrl(issuer)}.`);
}

async function fetchCerts(issuer: string): Promise<JSONWebKeySet> {
  const signal = AbortSignal.timeout(TIMEOUT_MS);
  // A redirect could lead to the keys of somebody else.
  const response = await fetch(certsUrl(issuer), { redirect: "manual", signal });
  const { status, body } = response;
  if (status !== 200 || body === null) {
    await body?.cancel();
    throw new Error(`the address of the keys answered ${status}`);
  }
  const bytes = await readUpTo(body, MAX_CERTS_BYTES);
  const decoded = bytes === null ? null : decodeText(bytes);
  const read = decoded?.ok === true ? readJson(decoded.text) : null;
  if (read?.ok !== true)
    throw new Error("the address of the keys answered with a body that is not JSON, or is too long");
  // `createLocalJWKSet` throws if this is not a set of keys.
  return read.value as JSONWebKeySet;
}

function certsUrl(issuer: string): string {
  return `${issuer}/cdn-cgi/access/certs`;
}
