import { type Context, Hono } from "hono";

import { findJobOwner } from "../../shared/db/jobs/reads.ts";
import { findKeyOfJob, type Key } from "../../shared/db/keys/keys.ts";
import { accessOf, isAccessId, memberOfId } from "../../shared/keys/access.ts";
import { isOurLink } from "../../shared/keys/signing-keys.ts";
import { endOf, signerOf } from "../../shared/uploads/signed-url.ts";
import { asKey } from "../access/sign-in.ts";
import { AudioQuery } from "../audio/requests.ts";
import { AUDIO, sendAudio } from "../audio/routes.ts";
import type { App } from "../http/app.ts";
import { isUsable } from "../http/auth.ts";
import { describe, type Description, query } from "../http/describe.ts";
import { limitRate } from "../http/limit-rate.ts";
import { problem } from "../http/problem.ts";
import { ARTIFACT, readArtifact } from "../jobs/artifact-routes.ts";
import { EVENTS, sendEvents } from "../jobs/event-routes.ts";
import { readSource, SOURCE } from "../jobs/source-routes.ts";
import { readRendered, TRANSCRIPT } from "../transcripts/routes.ts";
import { TranscriptQuery } from "../transcripts/requests.ts";

/** The routes to a job's results, source and events that require a signed link instead of an API key. */
export const signed = new Hono<App>();

signed.use("/jobs/:id/*", async (c, next) => {
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

const IN_LINK = { in: "query", required: true, schema: { type: "string" } } as const;

/** The description of a route with a key, plus the parameters of a signed link. */
function asLink(described: Omit<Description, "operationId">, operationId: string) {
  return describe({
    ...described,
    operationId,
    summary: `${described.summary}, with a signed link`,
    parameters: [
      ...(described.parameters ?? []),
      { ...IN_LINK, name: "expires" },
      { ...IN_LINK, name: "by", required: false },
      { ...IN_LINK, name: "signature" },
    ],
    problems: [...(described.problems ?? []), "unauthorized", "rate_limited"],
  });
}

signed.get("/jobs/:id/artifacts/:name", asLink(ARTIFACT, "readSignedArtifact"), readArtifact);
signed.get("/jobs/:id/source", asLink(SOURCE, "readSignedSource"), readSource);
signed.get("/jobs/:id/audio", asLink(AUDIO, "readSignedAudio"), query(AudioQuery), sendAudio);
signed.get("/jobs/:id/transcript", asLink(TRANSCRIPT, "readSignedTranscript"), query(TranscriptQuery), readRendered);
signed.get("/jobs/:id/events", asLink(EVENTS, "followSignedJob"), sendEvents);
