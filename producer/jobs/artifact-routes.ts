import { type Context, Hono } from "hono";

import { findArtifact } from "../../shared/db/jobs/reads.ts";
import type { App } from "../http/app.ts";
import { byteRange } from "../http/byte-range.ts";
import { describe, type Description } from "../http/describe.ts";
import { problem } from "../http/problem.ts";

/** What a browser may show. Everything else, HTML and SVG among it, is a download of no particular type. */
const INLINE = /^(application\/json|text\/plain|text\/vtt|application\/x-subrip|image\/(jpeg|png|webp|gif))(;|$)/;

/** What R2 accepts; a condition that is none may be ignored. */
const ETAGS = /^(\*|(W\/)?"[^"]*"(\s*,\s*(W\/)?"[^"]*")*)$/;

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

  const range = byteRange(c.req.header("range"), artifact.sizeBytes);
  if (range === "unsatisfiable") {
    const detail = `The artifact has ${artifact.sizeBytes} bytes.`;
    return problem(c, { code: "range_not_satisfiable", detail }, { "content-range": `bytes */${artifact.sizeBytes}` });
  }
  const conditions = new Headers();
  const noneMatch = c.req.header("if-none-match");
  if (noneMatch !== undefined && ETAGS.test(noneMatch)) conditions.set("if-none-match", noneMatch);
  const object = await c.env.MEDIA.get(artifact.key, { onlyIf: conditions, ...(range && { range }) });
  if (object === null) return problem(c, missing);

  const isInline = INLINE.test(artifact.contentType);
  const headers = {
    etag: object.httpEtag,
    "accept-ranges": "bytes",
    "cache-control": "private, max-age=0, must-revalidate",
    "content-type": isInline ? artifact.contentType : "application/octet-stream",
    "content-disposition": `${isInline ? "inline" : "attachment"}; filename="${name}"`,
    "content-security-policy": "default-src 'none'; sandbox",
    "x-content-type-options": "nosniff",
  };
  if (!("body" in object)) return c.body(null, 304, headers);
  if (range === null) return c.body(object.body, 200, { ...headers, "content-length": String(artifact.sizeBytes) });
  const last = range.offset + range.length - 1;
  return c.body(object.body, 206, {
    ...headers,
    "content-length": String(range.length),
    "content-range": `bytes ${range.offset}-${last}/${artifact.sizeBytes}`,
  });
}
