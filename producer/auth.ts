import type { Context } from "hono";
import { createMiddleware } from "hono/factory";
import * as z from "zod";

import type { Actor } from "../shared/db/audit.ts";
import { findKey } from "../shared/db/keys.ts";
import type { App } from "./app.ts";
import { problem } from "./problem.ts";
import type { UploadLimits } from "./upload-limits.ts";

/** `dk_<id>_<secret>`: the id finds the row, the secret is compared with its hash. */
const KEY = /^dk_([a-z0-9]{1,32})_([A-Za-z0-9]{16,128})$/;

/** Compared with when there is no such key, so that an unknown id takes as long as a wrong secret. */
const NO_KEY = { ownerId: "", secretHash: "0".repeat(64), revokedAt: 0, maxUploadBytes: null, contentTypes: null };

/** Bearer API key to owner. */
export const authenticate = createMiddleware<App>(async (c, next) => {
  const key = await keyOf(c.env.DB, c.req.header("authorization"));
  if (key === null) {
    const detail = "Send 'Authorization: Bearer <key>' with a key that has not been revoked.";
    return problem(c, { code: "unauthorized", detail }, { "www-authenticate": 'Bearer realm="darkroom"' });
  }
  c.set("ownerId", key.ownerId);
  c.set("keyId", key.id);
  c.set("uploadLimits", key.uploadLimits);
  return next();
});

/** Who acts, as the audit names it. */
export function actorOf(c: Context<App>): Actor {
  return { ownerId: c.get("ownerId"), actor: `key:${c.get("keyId")}` };
}

async function keyOf(
  db: D1Database,
  authorization: string | undefined,
): Promise<{ readonly id: string; readonly ownerId: string; readonly uploadLimits: UploadLimits } | null> {
  const [, token = ""] = /^Bearer +(\S+)$/i.exec(authorization ?? "") ?? [];
  const [, id, secret] = KEY.exec(token) ?? [];
  if (id === undefined || secret === undefined) return null;
  const key = (await findKey(db, id)) ?? NO_KEY;
  const matches = crypto.subtle.timingSafeEqual(await sha256(secret), Uint8Array.fromHex(key.secretHash));
  if (!matches || key.revokedAt !== null) return null;
  const contentTypes = key.contentTypes === null ? null : z.array(z.string()).parse(JSON.parse(key.contentTypes));
  return { id, ownerId: key.ownerId, uploadLimits: { maxBytes: key.maxUploadBytes, contentTypes } };
}

// A plain hash is enough: the secret is 32 random characters, nothing that could be guessed from a list.
async function sha256(text: string): Promise<ArrayBuffer> {
  return crypto.subtle.digest("SHA-256", new TextEncoder().encode(text));
}
