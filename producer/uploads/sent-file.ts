// A file that is sent as the body of a request, with its description in the query.
import type { Context } from "hono";
import type * as z from "zod";

import { JobTerms } from "../../shared/jobs/terms.ts";
import { MAX_UPLOAD_BYTES } from "../../shared/limits.ts";
import type { App } from "../http/app.ts";
import type { Problem } from "../http/problem.ts";
import type { AskedOfUpload } from "./metadata.ts";
import type { UploadQuery } from "./requests.ts";

interface SentFile {
  readonly body: ReadableStream<Uint8Array>;
  readonly sizeBytes: number;
}

/** Return the body and its size, or the reason why it cannot be stored. */
export function sentFile(c: Context<App>): SentFile | Problem {
  const length = c.req.header("content-length");
  const { body } = c.req.raw;
  if (body === null || length === "0") return EMPTY;
  if (length === undefined) return NO_LENGTH;
  const sizeBytes = Number(length);
  if (sizeBytes <= MAX_UPLOAD_BYTES) return { body, sizeBytes };
  const detail = `The API accepts files of at most ${MAX_UPLOAD_BYTES} bytes. Announce a larger file with { name, sizeBytes } as JSON, or put it under 'inbox/'.`;
  return { code: "upload_too_large", detail };
}

/** Return what the query asks for. */
export function askedOf({
  kind,
  options,
  then = [],
  tag: tags = [],
  metadata = {},
  priority,
  reuse,
  startWithinSeconds,
  deadlineSeconds,
  latencyBudgetMs,
  maxNeurons,
}: z.output<typeof UploadQuery>): AskedOfUpload {
  const terms = { priority, reuse, startWithinSeconds, deadlineSeconds, latencyBudgetMs, maxNeurons };
  return { kind, options, then, tags, metadata, terms: JobTerms.parse(terms) };
}

const EMPTY = { code: "unsupported_media", detail: "The body is empty. Send the file as the body." } as const;
const NO_LENGTH = {
  code: "length_required",
  detail: "R2 stores only streams of a known length. Send Content-Length (curl: --data-binary @file).",
} as const;
