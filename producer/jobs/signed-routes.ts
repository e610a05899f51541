import { Hono } from "hono";

import { isOurLink } from "../../shared/keys/signing-keys.ts";
import type { App } from "../http/app.ts";
import { describe } from "../http/describe.ts";
import { problem } from "../http/problem.ts";
import { ARTIFACT, readArtifact } from "./artifact-routes.ts";

/** Artifacts for who holds a link signed by us, instead of an API key. */
export const signed = new Hono<App>();

signed.use("/jobs/:id/*", async (c, next) => {
  const isOurs = await isOurLink(new URL(c.req.url), c.env.DB, Date.now());
  const owner = isOurs
    ? await c.env.DB.prepare(`SELECT owner_id AS ownerId FROM jobs WHERE id = ?1`)
        .bind(c.req.param("id"))
        .first<string>("ownerId")
    : null;
  if (owner === null) {
    return problem(c, { code: "unauthorized", detail: "The link's signature is not ours, or its hour has passed." });
  }
  c.set("ownerId", owner);
  // Whoever holds the link may show the picture in a page of theirs.
  c.header("cross-origin-resource-policy", "cross-origin");
  return next();
});

const IN_LINK = { in: "query", required: true, schema: { type: "string" } } as const;

signed.get(
  "/jobs/:id/artifacts/:name",
  describe({
    ...ARTIFACT,
    operationId: "readSignedArtifact",
    summary: "A result, for who holds a signed link to it",
    parameters: [...ARTIFACT.parameters, { ...IN_LINK, name: "expires" }, { ...IN_LINK, name: "signature" }],
    problems: [...ARTIFACT.problems, "unauthorized"],
  }),
  readArtifact,
);
