import { Hono } from "hono";

import { listUploads } from "../../shared/db/job-reads.ts";
import { MAX_UPLOAD_BYTES } from "../../shared/limits.ts";
import { JobWork, type Source } from "../../shared/new-job.ts";
import { routeUpload } from "../../shared/route-upload.ts";
import { uploadKey } from "../../shared/storage.ts";
import { intakeOf } from "../../shared/intake.ts";
import { JobTerms } from "../../shared/terms.ts";
import type { App } from "../app.ts";
import { submitterOf } from "../auth.ts";
import { iso } from "../job-view.ts";
import { problem } from "../problem.ts";
import { peek, storeUpload } from "../receive-upload.ts";
import { UploadQuery } from "../requests.ts";
import { accept } from "../submit-job.ts";
import { admitUpload, limitMetadata, refuseSize } from "../upload-limits.ts";
import { parseQuery } from "../validate.ts";
import { submitted } from "./submitted.ts";

export const uploads = new Hono<App>();

/** Store a body in the inbox and answer with its job. */
uploads.post("/", async (c, next) => {
  // A JSON body that is not named is a client that announces an upload; a .json file to be stored has a name.
  if (isDescription(c.req.header("content-type"), c.req.query())) return next();
  const query = parseQuery(c, UploadQuery);
  if (!query.ok) return query.response;
  const length = c.req.header("content-length");
  if (c.req.raw.body === null || length === "0") return problem(c, EMPTY);
  if (length === undefined) return problem(c, NO_LENGTH);
  const sizeBytes = Number(length);
  if (sizeBytes > MAX_UPLOAD_BYTES) {
    const detail = `At most ${MAX_UPLOAD_BYTES} bytes come through the API; announce larger files with { name, sizeBytes } as JSON, or put them under 'inbox/'.`;
    return problem(c, { code: "upload_too_large", detail });
  }

  const limits = c.get("uploadLimits");
  const refusal = refuseSize(limits, sizeBytes);
  if (refusal !== null) return problem(c, refusal);

  const { name, kind, options, ...asked } = query.value;
  const terms = JobTerms.parse(asked);
  const by = submitterOf(c);
  const key = uploadKey(crypto.randomUUID(), name);
  // The object says itself what it is, so that its event notification makes the same job as this request.
  const metadata = {
    owner: by.ownerId,
    ...limitMetadata(c),
    terms: JSON.stringify(terms),
    ...(kind && { kind }),
    ...(options && { options }),
    ...(limits.contentTypes && { "accepted-types": JSON.stringify(limits.contentTypes) }),
  };
  const body = await peek(c.req.raw.body);
  const route = await routeUpload({ source: { key, etag: "", sizeBytes }, head: body.head, metadata });
  if (route.type === "ignored") return problem(c, { code: "unsupported_media", detail: route.reason });

  const admission = await admitUpload(c, sizeBytes);
  if (!admission.ok) return problem(c, admission.problem);
  const deps = intakeOf(c.env);
  let source: Source;
  try {
    source = await storeUpload(deps.media, { key, sizeBytes, body: body.whole, metadata });
  } catch (error) {
    await admission.giveBack();
    return problem(c, { code: "upload_incomplete", detail: `Nothing was stored: ${String(error)}` });
  }
  const work = JobWork.parse({ kind: route.work.kind, input: { ...route.work.input, source } });
  const result = await accept(work, { terms, source }, by, deps);
  if (!result.ok) {
    // Its event would make a job of it all the same.
    await deps.media.delete(key);
    await admission.giveBack();
  }
  return submitted(c, result);
});

/** The latest objects seen in the inbox, with the job of each or the reason why it has none. */
uploads.get("/", async (c) => {
  const rows = await listUploads(c.env.DB, c.get("ownerId"));
  return c.json({ uploads: rows.map((row) => ({ ...row, createdAt: iso(row.createdAt) })) });
});

function isDescription(contentType: string | undefined, query: Record<string, string>): boolean {
  return /^application\/json\b/i.test(contentType ?? "") && query["name"] === undefined && query["kind"] === undefined;
}

const EMPTY = { code: "unsupported_media", detail: "the body is empty" } as const;
const NO_LENGTH = {
  code: "length_required",
  detail: "R2 stores streams of a known length only: send Content-Length (curl: --data-binary @file).",
} as const;
