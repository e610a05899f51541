import { type Context, Hono } from "hono";

import { readWhole } from "../../shared/archive/whole.ts";
import { findArtifact } from "../../shared/db/jobs/reads.ts";
import { intakeOf } from "../../shared/jobs/intake.ts";
import type { App } from "../http/app.ts";
import { describe, type Description } from "../http/describe.ts";
import { problem } from "../http/problem.ts";
import { sendObject } from "../http/send-object.ts";

/** The types that a browser may show. Everything else, such as HTML and SVG, is a download without a particular type. */
const INLINE = /^(application\/json|text\/plain|text\/vtt|application\/x-subrip|image\/(jpeg|png|webp|gif))(;|$)/;

/** What both routes to an artifact answer, the one with a key and the signed one. */
export const ARTIFACT = {
  summary: "Read a result",
  description: "Results are files such as `transcript.json`, `image.jpg` and `labels.json`; the job lists them.",
  tags: ["results"],
  parameters: [
    { in: "header", name: "If-None-Match", schema: { type: "string" } },
    { in: "header", name: "Range", description: "one range of bytes", schema: { type: "string" } },
  ],
  answers: {
    200: { description: "the whole object", media: ["*/*"], headers: { etag: "the version of these bytes" } },
    206: { description: "the range", media: ["*/*"], headers: { "content-range": "the range that was sent" } },
    304: { description: "it has not changed" },
  },
  problems: ["artifact_not_found", "range_not_satisfiable"],
} satisfies Omit<Description, "operationId">;

export const artifacts = new Hono<App>();
artifacts.get("/:id/artifacts/:name", describe({ ...ARTIFACT, operationId: "readArtifact" }), readArtifact);

/** Stream one result from R2. Supports ETag and one Range. */
export async function readArtifact(c: Context<App, "/:id/artifacts/:name">): Promise<Response> {
  const { id, name } = c.req.param();
  const deps = intakeOf(c.env);
  const ownerId = c.get("ownerId");
  const artifact = await readWhole(deps, { id, ownerId }, () => findArtifact(deps.db, { jobId: id, ownerId, name }));
  const missing = { code: "artifact_not_found", detail: `Job '${id}' has no artifact '${name}'.` } as const;
  if (artifact === null) return problem(c, missing);

  const isInline = INLINE.test(artifact.contentType);
  return sendObject(c, c.env.MEDIA, { ...artifact, isInline, fileName: name, missing });
}
