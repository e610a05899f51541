import { Hono } from "hono";

import { findJobOwner } from "../../shared/db/jobs/reads.ts";
import { signingKey } from "../../shared/keys/signing-keys.ts";
import { signedPath, signUrl } from "../../shared/uploads/signed-url.ts";
import type { App } from "../http/app.ts";
import { body, BODY_PROBLEMS, describe } from "../http/describe.ts";
import { limitBody } from "../http/limit-body.ts";
import { problem } from "../http/problem.ts";
import { iso } from "../http/time.ts";
import { LinksRequest, type WantedLink, type SignedLink, SignedLinks, LINKS, LINKS_REQUEST } from "./schema.ts";

export const links = new Hono<App>();

/** Sign links for elements that cannot send a key: `<audio>`, `<video>`, `<img>`, `<track>` and `EventSource`. */
links.post(
  "/:id/links",
  describe({
    operationId: "signLinks",
    summary: "Sign links to a job's results, source and events, which work without a key",
    description:
      "A link needs no key, so it suits `<audio>`, `<track>`, `<img>` and `EventSource`. It ends after `expiresInSeconds`, or earlier with the key that signed it.",
    request: LINKS_REQUEST,
    tags: ["results"],
    answers: { 201: { description: "the links, in the order of the request", schema: SignedLinks, example: LINKS } },
    problems: [...BODY_PROBLEMS, "job_not_found"],
  }),
  limitBody,
  body(LinksRequest),
  async (c) => {
    const id = c.req.param("id");
    const { db, now } = { db: c.env.DB, now: Date.now() };
    if ((await findJobOwner(db, id)) !== c.get("ownerId")) {
      return problem(c, { code: "job_not_found", detail: `There is no job '${id}'.` });
    }
    const asked = c.req.valid("json");
    const { id: by, expiresAt } = c.get("key");
    // A link ends with its key, so that the time in the answer is true.
    const keySeconds = Math.ceil(((expiresAt ?? Infinity) - now) / 1000);
    const signing = {
      key: await signingKey(db, now),
      now,
      by,
      validSeconds: Math.min(asked.expiresInSeconds, keySeconds),
    };
    const base = new URL(c.req.url).origin + signedPath(id);
    const signed = asked.links.map(async ({ to, name, query }): Promise<SignedLink> => {
      const url = new URL(`${base}/${pathTo(to, name)}`);
      for (const [parameter, value] of Object.entries(query)) url.searchParams.set(parameter, String(value));
      const expires = iso((Math.floor(now / 1000) + signing.validSeconds) * 1000);
      return { to, ...(name !== undefined && { name }), url: await signUrl(url.href, signing), expiresAt: expires };
    });
    const answer: SignedLinks = { links: await Promise.all(signed) };
    return c.json(answer, 201, { "cache-control": "no-store" });
  },
);

function pathTo(to: WantedLink["to"], name = ""): string {
  return to === "artifact" ? `artifacts/${encodeURIComponent(name)}` : to;
}
