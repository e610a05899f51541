import { type Context, Hono } from "hono";

import { findArtifact } from "../../shared/db/jobs/reads.ts";
import type { App } from "../http/app.ts";
import { describe, type Description } from "../http/describe.ts";
import { problem } from "../http/problem.ts";
import { sendObject } from "../http/send-object.ts";

/** What a browser may show. Everything else, HTML and SVG among it, is a download of no particular type. */
const INLINE = /^(application\/json|text\/plain|text\/vtt|application\/x-subrip|image\/(jpeg|png|webp|gif))(;|$)/;

/** What its route answers, whoever asks. */
export const ARTIFACT = {
  summary: "A result",
  tags: ["results"],
  parameters: [
    { in: "header", name: "If-None-Match", schema: { type: "string" } },
    { in: "header", name: "Range", description: "one range of bytes", schema: { type: "string" } },
  ],
  answers: {
    200: { description: "all of it", media: ["*/*"], headers: { etag: "of these bytes" } },
    206: { description: "the range", media: ["*/*"], headers: { "content-range": "which" } },
    304: { description: "it is as it was" },
  },
  problems: ["artifact_not_found", "range_not_satisfiable"],
} satisfies Omit<Description, "operationId">;

export const artifacts = new Hono<App>();
artifacts.get("/:id/artifacts/:name", describe({ ...ARTIFACT, operationId: "readArtifact" }), readArtifact);

/** One result, streamed from R2, with ETag and Range. */
export async function readArtifact(c: Context<App, "/:id/artifacts/:name">): Promise<Response> {
  const { id, name } = c.req.param();
  const artifact = await findArtifact(c.env.DB, { jobId: id, ownerId: c.get("ownerId"), name });
  const missing = { code: "artifact_not_found", detail: `Job '${id}' has no artifact '${name}'.` } as const;
  if (artifact === null) return problem(c, missing);

  const isInline = INLINE.test(artifact.contentType);
  return sendObject(c, c.env.MEDIA, { ...artifact, isInline, fileName: name, missing });
}
