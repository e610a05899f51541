import type { Actor } from "./audit.ts";
import { insertKey, isAdmin, type Key } from "./keys.ts";
import { MINUTE_MS } from "../../durations.ts";

/** ?2 is the owner. A revoked or expired key counts: a setup token opens a fresh deployment, never one that was in use. */
const NO_ADMIN_YET = `NOT EXISTS (SELECT 1 FROM api_keys k WHERE k.owner_id = ?2 AND ${isAdmin("k")})`;

/** Return whether the owner has had a key that can create others. */
export async function isSetUp(db: D1Database, ownerId: string): Promise<boolean> {
  const found = await db
    .prepare(`SELECT 1 AS found FROM api_keys k WHERE k.owner_id = ?1 AND ${isAdmin("k")} LIMIT 1`)
    .bind(ownerId)
    .first();
  return found !== null;
}

/** Insert the owner's first admin key. @returns false if there is one: of concurrent requests one inserts. */
export async function insertFirstKey(
  db: D1Database,
  key: Key & { secretHash: string },
  actor: Actor,
): Promise<boolean> {
  return insertKey(db, key, actor, NO_ADMIN_YET);
}

/** Count an attempt with the token, for this address and for all. @returns how many each has made in this minute, with this one. */
export async function countTry(
  db: D1Database,
  address: string,
  now: number,
): Promise<{ readonly ofAddress: number; readonly ofAll: number }> {
  const minute = Math.floor(now / MINUTE_MS);
  const [, counted] = await db.batch<{ address: string; tries: number }>([
    db.prepare(`DELETE FROM setup_tries WHERE minute < ?1`).bind(minute),
    db
      .prepare(
        `INSERT INTO setup_tries (address, minute, tries)
         SELECT value, ?2, 1 FROM json_each(?1) WHERE true
         ON CONFLICT (address) DO UPDATE SET tries = tries + 1
         RETURNING address, tries`,
      )
      .bind(JSON.stringify([address, EVERYBODY]), minute),
  ]);
  const triesOf = (wanted: string) => counted?.results.find((row) => row.address === wanted)?.tries ?? Infinity;
  return { ofAddress: triesOf(address), ofAll: triesOf(EVERYBODY) };
}

const EVERYBODY = "*";
