import { createMiddleware } from "hono/factory";

import { findKey } from "../shared/db/keys.ts";
import type { App } from "./app.ts";
import { problem } from "./problem.ts";

/** `dk_<id>_<secret>`: the id finds the row, the secret is compared with its hash. */
const KEY = /^dk_([a-z0-9]{1,32})_([A-Za-z0-9]{16,128})$/;

/** Compared with when there is no such key, so that an unknown id takes as long as a wrong secret. */
const NO_KEY = { ownerId: "", secretHash: "0".repeat(64), revokedAt: 0 };

/** Bearer API key to owner. */
export const authenticate = createMiddleware<App>(async (c, next) => {
  const ownerId = await ownerOf(c.env.DB, c.req.header("authorization"));
  if (ownerId === null) {
    const detail = "Send 'Authorization: Bearer <key>' with a key that has not been revoked.";
    return problem(c, { code: "unauthorized", detail }, { "www-authenticate": 'Bearer realm="darkroom"' });
  }
  c.set("ownerId", ownerId);
  return next();
});

async function ownerOf(db: D1Database, authorization: string | undefined): Promise<string | null> {
  const [, token = ""] = /^Bearer +(\S+)$/i.exec(authorization ?? "") ?? [];
  const [, id, secret] = KEY.exec(token) ?? [];
  if (id === undefined || secret === undefined) return null;
  const key = (await findKey(db, id)) ?? NO_KEY;
  const matches = crypto.subtle.timingSafeEqual(await sha256(secret), Uint8Array.fromHex(key.secretHash));
  return matches && key.revokedAt === null ? key.ownerId : null;
}

// A plain hash is enough: the secret is 32 random characters, nothing that could be guessed from a list.
async function sha256(text: string): Promise<ArrayBuffer> {
  return crypto.subtle.digest("SHA-256", new TextEncoder().encode(text));
}
