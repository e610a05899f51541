import { type Context, Hono } from "hono";
import { createMiddleware } from "hono/factory";
import * as z from "zod";

import { listUploads } from "../../shared/db/uploads/list-uploads.ts";
import { MAX_UPLOAD_BYTES } from "../../shared/limits.ts";
import { intakeOf } from "../../shared/jobs/intake.ts";
import { JobTerms } from "../../shared/jobs/terms.ts";
import type { App } from "../http/app.ts";
import { submitterOf } from "../http/auth.ts";
import { describe, otherBody, query } from "../http/describe.ts";
import { hideResults } from "../jobs/hide-results.ts";
import { idempotent, IDEMPOTENCY_PARAMETER, IDEMPOTENCY_PROBLEMS } from "../http/idempotent.ts";
import { iso } from "../http/time.ts";
import { PREFER_PARAMETER, preferWait } from "../jobs/prefer-wait.ts";
import { type Problem, problem } from "../http/problem.ts";
import { peek } from "./receive-upload.ts";
import { receiveUpload } from "./receive-upload.ts";
import { priced } from "../jobs/priced.ts";
import { UploadQuery } from "./requests.ts";
import { UploadRequest } from "./requests.ts";
import { JobDryRun } from "../usage/schema.ts";
import { AcceptedJob, Job } from "../jobs/schema.ts";
import { PendingUploadAnswer } from "./pending-schema.ts";
import { UploadList } from "./schema.ts";
import { announceUpload } from "./presigned-routes.ts";
import { priceUpload } from "./dry-run.ts";
import { submitted, SUBMITTED } from "../jobs/submitted.ts";

export const uploads = new Hono<App>();

/** Store a body in the inbox and answer with its job. */
uploads.post(
  "/",
  hideResults(z.union([AcceptedJob, JobDryRun, PendingUploadAnswer])),
  createMiddleware<App>(async (c, next) => {
    // A JSON body without a name announces an upload. A .json file that is sent to be stored has a name.
    return isDescription(c.req.header("content-type"), c.req.query()) ? announceUpload(c) : next();
  }),
  describe({
    operationId: "upload",
    summary: "Store the body in the inbox and submit its job, or announce an upload that goes directly into the bucket",
    tags: ["uploads"],
    parameters: [IDEMPOTENCY_PARAMETER, PREFER_PARAMETER],
    requestBody: {
      required: true,
      content: { "application/octet-stream": { schema: {} } },
    },
    answers: {
      ...SUBMITTED,
      200: {
        description: "the job that the same upload has already become; for a dry run, what the file's job would cost",
        schema: z.union([Job, AcceptedJob, JobDryRun]),
        headers: { location: "the job" },
      },
      201: {
        description: "the new job; or the announced upload with its signed URLs",
        schema: z.union([Job, AcceptedJob, PendingUploadAnswer]),
        headers: { location: "the job, or the upload" },
      },
    },
    problems: [
      ...IDEMPOTENCY_PROBLEMS,
      "invalid_request",
      "length_required",
      "upload_too_large",
      "upload_incomplete",
      "unsupported_media",
      "impossible_latency_budget",
      "too_many_jobs",
      "upload_allowance_used",
      "invalid_json",
      "body_too_large",
      "presign_unavailable",
    ],
  }),
  otherBody(UploadRequest),
  preferWait,
  query(UploadQuery),
  idempotent(headOf),
  async (c) => {
    const length = c.req.header("content-length");
    const { body } = c.req.raw;
    if (body === null || length === "0") return problem(c, EMPTY);
    const {
      dryRun,
      sizeBytes: wholeBytes,
      name,
      kind,
      options,
      then = [],
      tag: tags = [],
      ...rest
    } = c.req.valid("query");
    const { metadata = {}, ...terms } = rest;
    if (!dryRun && wholeBytes !== undefined) return problem(c, ONLY_DRY);
    if (length === undefined) return problem(c, NO_LENGTH);
    const sizeBytes = Number(length);
    const by = submitterOf(c);
    const refusal = refuseBody(sizeBytes);
    if (refusal !== null) return problem(c, refusal);

    const asked = { kind, options, then, tags, metadata, terms: JobTerms.parse(terms) };
    const deps = intakeOf(c.env);
    if (dryRun) {
      return priced(c, await priceUpload({ name, sizeBytes: wholeBytes ?? sizeBytes, asked }, body, by, deps));
    }
    const peeked = c.get("peeked") ?? (await peek(body));
    c.set("peeked", peeked);
    const result = await receiveUpload({ name, sizeBytes, asked, body: peeked }, by, deps);
    if (!result.ok && result.problem.code === "upload_incomplete") c.set("isPassing", true);
    return submitted(c, result);
  },
);

/** List the latest objects in the inbox, with the job of each or the reason why it does not have one. */
uploads.get(
  "/",
  describe({
    operationId: "listUploads",
    summary: "List the latest 100 objects in the inbox",
    tags: ["uploads"],
    answers: { 200: { description: "the objects, newest first", schema: UploadList } },
  }),
  async (c) => {
    const rows = await listUploads(c.env.DB, c.get("ownerId"));
    const answer: UploadList = { uploads: rows.map((row) => ({ ...row, createdAt: iso(row.createdAt) })) };
    return c.json(answer);
  },
);

/** Two uploads count as the same if they share their length and first bytes. The rest is streamed into the bucket, so it cannot be compared. */
async function headOf(c: Context<App>): Promise<BufferSource> {
  const length = new TextEncoder().encode(`${c.req.header("content-length") ?? ""}\n`);
  if (c.req.raw.body === null) return length;
  const peeked = await peek(c.req.raw.body);
  c.set("peeked", peeked);
  return new Blob([length, peeked.head]).arrayBuffer();
}

function isDescription(contentType: string | undefined, asked: Record<string, string>): boolean {
  return (
    /^application\/json\b/i.test(contentType ?? "") &&
    ["name", "kind", "dryRun"].every((name) => asked[name] === undefined)
  );
}

function refuseBody(sizeBytes: number): Problem | null {
  if (sizeBytes <= MAX_UPLOAD_BYTES) return null;
  const detail = `The API accepts files of at most ${MAX_UPLOAD_BYTES} bytes. Announce a larger file with { name, sizeBytes } as JSON, or put it under 'inbox/'.`;
  return { code: "upload_too_large", detail };
}

const ONLY_DRY = {
  code: "invalid_request",
  detail: "sizeBytes: this parameter is for a dry run only; leave it out",
} as const;
const EMPTY = { code: "unsupported_media", detail: "The body is empty. Send the file as the body." } as const;
const NO_LENGTH = {
  code: "length_required",
  detail: "R2 stores only streams of a known length. Send Content-Length (curl: --data-binary @file).",
} as const;
