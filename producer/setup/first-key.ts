// The key that the setup token is exchanged for. Only its hash is stored, so a lost answer would lose the key. Therefore the same
// attempt with the same token gets the same key again.
import { findKey, type Key } from "../../shared/db/keys/keys.ts";
import { SCOPES } from "../../shared/keys/scopes.ts";
import { sha256Hex } from "../../shared/hash.ts";
import { isUsable, newKeyId, newSecret } from "../http/auth.ts";

/** How long after its creation a key is shown again. */
const SHOWN_AGAIN_MS = 10 * 60_000;

const KEY_ID_BYTES = 8;
const SECRET_BYTES = 24;

/** The random text that a form or a client sends as `attempt`. If it were shorter, a person with the token could guess the key. */
const ATTEMPT = /^[A-Za-z0-9_-]{32,64}$/;

export const HOW_TO_ATTEMPT = "The field 'attempt' must have 32 to 64 random letters, digits, '-' and '_'.";

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

/** Derive the key of an attempt, which is always the same. Without an attempt, make a new key. */
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

/** Whether this key was made within the last ten minutes, and still works. */
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
