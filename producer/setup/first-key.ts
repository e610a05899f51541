// The key that the setup token is exchanged for. The hash alone is kept of it, so an answer that is lost would lose the key: the same
// attempt of the same holder is answered with the same key.
import { findKey, type Key } from "../../shared/db/keys/keys.ts";
import { SCOPES } from "../../shared/keys/scopes.ts";
import { sha256Hex } from "../../shared/hash.ts";
import { isUsable, newKeyId, newSecret } from "../http/auth.ts";

/** How long after it was made a key is shown again. */
const SHOWN_AGAIN_MS = 10 * 60_000;

const KEY_ID_BYTES = 8;
const SECRET_BYTES = 24;

/** What a form or a client sends along, random and its own: with less of it a key could be guessed by whoever has the token. */
const ATTEMPT = /^[A-Za-z0-9_-]{32,64}$/;

export const HOW_TO_ATTEMPT = "The field 'attempt' has 32 to 64 letters, digits, '-' and '_', made at random.";

export interface FirstKey {
  readonly id: string;
  readonly secret: string;
  readonly secretHash: string;
}

export function newAttempt(): string {
  return crypto.getRandomValues(new Uint8Array(16)).toHex();
}

export function isAttempt(text: string): boolean {
  return ATTEMPT.test(text);
}

/** The key of this attempt, always the same; without an attempt a new one. */
export async function keyOfAttempt(token: string, attempt: string | null): Promise<FirstKey> {
  if (attempt === null) return { id: newKeyId(), ...(await newSecret()) };
  const by = await crypto.subtle.importKey("raw", bytes(token), { name: "HMAC", hash: "SHA-512" }, false, ["sign"]);
  const derived = new Uint8Array(await crypto.subtle.sign("HMAC", by, bytes(`darkroom first key ${attempt}`)));
  const id = `k${derived.subarray(0, KEY_ID_BYTES).toHex()}`;
  const secret = derived.subarray(KEY_ID_BYTES, KEY_ID_BYTES + SECRET_BYTES).toHex();
  return { id, secret, secretHash: await sha256Hex(secret) };
}

function bytes(text: string): Uint8Array {
  return new TextEncoder().encode(text);
}

/** Whether this key was made a moment ago, and is valid. */
export async function wasMade(db: D1Database, { id, secretHash }: FirstKey, now: number): Promise<boolean> {
  const found = await findKey(db, id);
  if (found === null || found.secretHash !== secretHash) return false;
  return isUsable(found.key, now) && found.key.createdAt > now - SHOWN_AGAIN_MS;
}

export function asOperators({ id, secretHash }: FirstKey, ownerId: string, now: number): Key & { secretHash: string } {
  return {
    id,
    secretHash,
    ownerId,
    label: "first admin key",
    scopes: SCOPES,
    createdAt: now,
    expiresAt: null,
    revokedAt: null,
    maxConcurrentJobs: null,
    maxUploadBytesADay: null,
    uploadLimits: { maxBytes: null, contentTypes: null },
  };
}
