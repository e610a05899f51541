import type { Context } from "hono";
import { createMiddleware } from "hono/factory";

import { findJobOwner } from "../../shared/db/jobs/reads.ts";
import { findKeyOfJob, type Key } from "../../shared/db/keys/keys.ts";
import { accessOf, isAccessId, memberOfId } from "../../shared/keys/access.ts";
import { isOurLink } from "../../shared/keys/signing-keys.ts";
import { endOf, signerOf } from "../../shared/uploads/signed-url.ts";
import { asKey } from "../access/sign-in.ts";
import type { App } from "../http/app.ts";
import { isUsable } from "../http/auth.ts";
import { limitRate } from "../http/limit-rate.ts";
import { problem } from "../http/problem.ts";

/** Accept a signed link to what belongs to the job in its path, in place of an API key. */
export const acceptLink = createMiddleware<App, "/:id">(async (c, next) => {
  const url = new URL(c.req.url);
  const jobId = c.req.param("id");
  if (!(await isOurLink(url, c.env.DB, Date.now()))) return refused(c);
  c.set("isLink", true);
  // The holder of a link may show the picture in a page of another origin.
  c.header("cross-origin-resource-policy", "cross-origin");
  const signer = signerOf(url);
  if (signer === null) {
    const owner = await findJobOwner(c.env.DB, jobId);
    if (owner === null) return refused(c);
    c.set("ownerId", owner);
    return next();
  }
  const key = isAccessId(signer)
    ? await findPerson(c.env, signer, url)
    : await findKeyOfJob(c.env.DB, { keyId: signer, jobId });
  if (!isUsable(key) || !key.scopes.includes("jobs:read")) return refused(c);
  c.set("ownerId", key.ownerId);
  c.set("keyId", key.id);
  c.set("key", key);
  return limitRate(c, next);
});

/**
 * The person who signed the link while signed in with Cloudflare Access; null if their entry of ACCESS_MEMBERS was removed or has another
 * owner now. The link itself expires when the assertion does, or before.
 */
async function findPerson(env: Env, signer: string, url: URL): Promise<Key | null> {
  const member = await memberOfId(accessOf(env), signer);
  return member === null ? null : asKey(member, { id: signer, label: "", issuedAt: 0, expiresAt: endOf(url) });
}

function refused(c: Context<App>): Response {
  const detail =
    "The link is not valid: its signature is wrong, it has expired, or the API key or person that signed it may no longer read. Sign a new link.";
  return problem(c, { code: "unauthorized", detail });
}
