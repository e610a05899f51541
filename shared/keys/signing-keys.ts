// The keys that sign links, as an isolate remembers them: requests ask D1 for them once a minute, not each time.
import { readSigningKeys, type SigningKey } from "../db/keys/signing-keys.ts";
import { MAX_SIGNED_URL_SECONDS } from "../limits.ts";
import { isSigned } from "../uploads/signed-url.ts";

/** How long an isolate may continue to sign with a key that was retired elsewhere. */
const REMEMBERED_MS = 60_000;

/** A link that no remembered key verifies may be signed with a newer key. Guessed links make us ask D1 no more often than this. */
const LOOK_AGAIN_MS = 1000;

const HONOURED_MS = MAX_SIGNED_URL_SECONDS * 1000 + REMEMBERED_MS;

interface Remembered {
  readonly keys: readonly SigningKey[];
  readonly readAt: number;
}

const remembered = new WeakMap<D1Database, Remembered>();

/** Return the key to sign with now. */
export async function signingKey(db: D1Database, now: number): Promise<string> {
  const [current] = await keysOf(db, { now, maxAgeMs: REMEMBERED_MS });
  if (current === undefined) throw new Error("the database gave no key to sign links with");
  return current.secret;
}

/** Return whether one of our keys signed the address, and its term has not passed. */
export async function isOurLink(url: URL, db: D1Database, now: number): Promise<boolean> {
  if (await isOpenedBy(await keysOf(db, { now, maxAgeMs: REMEMBERED_MS }), url, now)) return true;
  return isOpenedBy(await keysOf(db, { now, maxAgeMs: LOOK_AGAIN_MS }), url, now);
}

async function keysOf(
  db: D1Database,
  { now, maxAgeMs }: { now: number; maxAgeMs: number },
): Promise<readonly SigningKey[]> {
  const known = remembered.get(db);
  if (known !== undefined && now - known.readAt < maxAgeMs) return known.keys;
  const keys = await readSigningKeys(db, { now, honouredMs: HONOURED_MS });
  remembered.set(db, { keys, readAt: now });
  return keys;
}

async function isOpenedBy(keys: readonly SigningKey[], url: URL, now: number): Promise<boolean> {
  for (const { secret } of keys) {
    if (await isSigned(url, { key: secret, now })) return true;
  }
  return false;
}
