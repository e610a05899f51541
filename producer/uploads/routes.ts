import { type Context, Hono } from "hono";
import { createMiddleware } from "hono/factory";
import * as z from "zod";

import { listUploads } from "../../shared/db/uploads/list-uploads.ts";
import { intakeOf } from "../../shared/jobs/intake.ts";
import type { App } from "../http/app.ts";
import { submitterOf } from "../http/auth.ts";
import { describe, query } from "../http/describe.ts";
import { hideResults } from "../jobs/hide-results.ts";
import { idempotent, IDEMPOTENCY_PARAMETER, IDEMPOTENCY_PROBLEMS } from "../http/idempotent.ts";
import { iso } from "../http/time.ts";
import { PREFER_PARAMETER, preferWait } from "../jobs/prefer-wait.ts";
import { problem } from "../http/problem.ts";
import { replacedBy } from "../http/replaced-by.ts";
import { peek, receiveUpload } from "./receive-upload.ts";
import { priced } from "../jobs/priced.ts";
import { UploadOrDryRunQuery, UploadQuery } from "./requests.ts";
import { FILE_BODY, FILE_PROBLEMS } from "./estimate-routes.ts";
import { askedOf, sentFile } from "./sent-file.ts";
import { JobDryRun } from "../usage/schema.ts";
import { AcceptedJob } from "../jobs/schema.ts";
import { PendingUploadAnswer, UploadList } from "./schema.ts";
import { announceUpload } from "./presigned-routes.ts";
import { priceUpload } from "./dry-run.ts";
import { submitted, SUBMITTED } from "../jobs/submitted.ts";
import { UPLOADS } from "./examples.ts";

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
    summary: "Store the body in the inbox and submit its job",
    description:
      "The body is the file, of at most 100 MB. The query describes the job: without `kind`, the file's bytes decide which kind of job it becomes. The same file with the same description becomes the same job.",
    tags: ["uploads"],
    parameters: [IDEMPOTENCY_PARAMETER, PREFER_PARAMETER],
    requestBody: FILE_BODY,
    answers: SUBMITTED,
    problems: [
      ...FILE_PROBLEMS,
      ...IDEMPOTENCY_PROBLEMS,
      "upload_incomplete",
      "too_many_jobs",
      "upload_allowance_used",
    ],
  }),
  preferWait,
  query(UploadOrDryRunQuery, { shown: UploadQuery }),
  idempotent(headOf),
  async (c) => {
    const { dryRun, sizeBytes: wholeBytes, name, ...fields } = c.req.valid("query");
    if (!dryRun && wholeBytes !== undefined) return problem(c, ONLY_DRY);
    const sent = sentFile(c);
    if ("code" in sent) return problem(c, sent);
    const { body, sizeBytes } = sent;
    const asked = askedOf({ name, ...fields });
    const by = submitterOf(c);
    const deps = intakeOf(c.env);
    if (dryRun) {
      replacedBy(c, "/v1/uploads/estimate");
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
    description: "An object has a job, or `ignoredReason` says why it has none.",
    tags: ["uploads"],
    answers: { 200: { description: "the objects, newest first", schema: UploadList, example: UPLOADS } },
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

const ONLY_DRY = {
  code: "invalid_request",
  detail: "sizeBytes: this parameter is for POST /v1/uploads/estimate only; leave it out",
} as const;
