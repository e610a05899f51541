import { type Context, Hono } from "hono";
import { fileTypeFromBuffer } from "file-type";

import { readWhole } from "../../shared/archive/whole.ts";
import { findSource } from "../../shared/db/jobs/reads.ts";
import { intakeOf } from "../../shared/jobs/intake.ts";
import type { Source } from "../../shared/jobs/source.ts";
import { SNIFF_BYTES } from "../../shared/limits.ts";
import type { App } from "../http/app.ts";
import { describe, type Description } from "../http/describe.ts";
import { problem } from "../http/problem.ts";
import { sendObject } from "../http/send-object.ts";
import { ARTIFACT } from "./artifact-routes.ts";

/** The types that a browser plays or shows and never executes. An upload may be anything, so the rest is a download without a particular type. */
const SHOWN = /^((audio|video)\/[\w.+-]+|image\/(jpeg|png|webp|gif))$/;

/** What both routes to a source answer, the one with a key and the signed one. */
export const SOURCE = {
  ...ARTIFACT,
  summary: "Read the source of a job: the recording, the picture or the text that was uploaded",
  description: "The object that the job reads, as it was uploaded. Ranges work, so a player can seek.",
  problems: ["source_not_found", "range_not_satisfiable"],
} satisfies Omit<Description, "operationId">;

export const sources = new Hono<App>();
sources.get("/:id/source", describe({ ...SOURCE, operationId: "readSource" }), readSource);

/** Stream the version that the job reads from R2. Supports ETag and one Range. */
export async function readSource(c: Context<App, "/:id/source">): Promise<Response> {
  const id = c.req.param("id");
  const deps = intakeOf(c.env);
  const ownerId = c.get("ownerId");
  const found = await readWhole(deps, { id, ownerId }, () => findSource(deps.db, { jobId: id, ownerId }));
  if (found === null) {
    return problem(c, { code: "source_not_found", detail: `There is no job '${id}' with a source.` });
  }
  const { source } = found;
  const contentType = await typeOf(source, c.env.MEDIA);
  return sendObject(c, c.env.MEDIA, {
    ...source,
    contentType,
    isInline: SHOWN.test(contentType),
    fileName: source.key.split("/").at(-1) ?? source.key,
    missing: {
      code: "source_not_found",
      detail: `The source of job '${id}' has been deleted or overwritten. The job's results still exist.`,
    },
  });
}

/** Detect the type from the bytes: names and content types that clients send are often wrong. */
async function typeOf({ key, etag }: Source, media: R2Bucket): Promise<string> {
  const object = await media.get(key, { range: { offset: 0, length: SNIFF_BYTES }, onlyIf: { etagMatches: etag } });
  if (object === null || !("body" in object)) return "";
  const head = new Uint8Array(await object.arrayBuffer());
  const mime = (await fileTypeFromBuffer(head).catch(() => undefined))?.mime ?? "";
  return mime === "application/ogg" ? "audio/ogg" : mime;
}
