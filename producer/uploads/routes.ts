import { type Context, Hono } from "hono";
import { createMiddleware } from "hono/factory";
import * as z from "zod";

import { listUploads } from "../../shared/db/jobs/reads.ts";
import { MAX_UPLOAD_BYTES } from "../../shared/limits.ts";
import { decideModel } from "../../shared/models/decide-model.ts";
import { JobWork, type Source } from "../../shared/jobs/new-job.ts";
import { routeUpload } from "../../shared/uploads/route-upload.ts";
import { uploadKey } from "../../shared/uploads/storage.ts";
import { intakeOf } from "../../shared/jobs/intake.ts";
import { JobTerms } from "../../shared/jobs/terms.ts";
import type { App } from "../http/app.ts";
import { impossibleBudget } from "../jobs/asked.ts";
import { chosenMetadata } from "./chosen-metadata.ts";
import { submitterOf } from "../http/auth.ts";
import { describe, otherBody, query } from "../http/describe.ts";
import { hideResults } from "../jobs/hide-results.ts";
import { idempotent, IDEMPOTENCY_PARAMETER, IDEMPOTENCY_PROBLEMS } from "../http/idempotent.ts";
import { iso } from "../jobs/view.ts";
import { glanceAt } from "./measure-source.ts";
import { PREFER_PARAMETER, preferWait } from "../jobs/prefer-wait.ts";
import { problem } from "../http/problem.ts";
import { peek, storeUpload } from "./receive-upload.ts";
import { refusedRoute } from "./refused-route.ts";
import { UploadQuery } from "./requests.ts";
import { seededId } from "../http/seeded-ids.ts";
import { acceptJob } from "../jobs/submit-job.ts";
import { UploadRequest } from "./requests.ts";
import { admitUpload, keyMetadata, orGiveBack, refuseMetadata, refuseSize, typeMetadata } from "./limits.ts";
import { JobDryRun } from "../usage/schema.ts";
import { AcceptedJob, Job } from "../jobs/schema.ts";
import { PendingUploadAnswer } from "./pending-schema.ts";
import { UploadList } from "./schema.ts";
import { announceUpload } from "./presigned-routes.ts";
import { dryRunUpload } from "./dry-run.ts";
import { submitted, SUBMITTED } from "../jobs/submitted.ts";

export const uploads = new Hono<App>();

/** Store a body in the inbox and answer with its job. */
uploads.post(
  "/",
  hideResults(z.union([AcceptedJob, JobDryRun, PendingUploadAnswer])),
  createMiddleware<App>(async (c, next) => {
    // A JSON body that is not named is a client that announces an upload; a .json file to be stored has a name.
    return isDescription(c.req.header("content-type"), c.req.query()) ? announceUpload(c) : next();
  }),
  describe({
    operationId: "upload",
    summary:
      "Store the body in the inbox, and submit its job; or announce an upload that goes straight into the bucket",
    tags: ["uploads"],
    parameters: [IDEMPOTENCY_PARAMETER, PREFER_PARAMETER],
    requestBody: {
      required: true,
      content: { "application/octet-stream": { schema: {} } },
    },
    answers: {
      ...SUBMITTED,
      200: {
        description: "the job that the same upload already is; of a dry run, what the file's job would cost",
        schema: z.union([Job, AcceptedJob, JobDryRun]),
        headers: { location: "the job" },
      },
      201: {
        description: "the new job; or, announced, the upload with what is signed for it",
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
    if (c.req.raw.body === null || length === "0") return problem(c, EMPTY);
    const { dryRun, sizeBytes: wholeBytes, ...asked } = c.req.valid("query");
    if (!dryRun && wholeBytes !== undefined) return problem(c, ONLY_DRY);
    if (length === undefined) return problem(c, NO_LENGTH);
    const sizeBytes = Number(length);
    if (sizeBytes > MAX_UPLOAD_BYTES) {
      const detail = `At most ${MAX_UPLOAD_BYTES} bytes come through the API; announce larger files with { name, sizeBytes } as JSON, or put them under 'inbox/'.`;
      return problem(c, { code: "upload_too_large", detail });
    }
    // Before its head is read; it is asked again with the rest.
    const refusal = refuseSize(c.get("uploadLimits"), sizeBytes);
    if (refusal !== null) return problem(c, refusal);

    const { name, kind, options, then = [], tag: tags = [], metadata: pairs = {}, ...termsAsked } = asked;
    const terms = JobTerms.parse(termsAsked);
    const marks = { tags, metadata: pairs };
    const by = submitterOf(c);
    const key = uploadKey(await seededId(by.seed), name);
    // The object says itself what it is, so that its event notification makes the same job as this request.
    const metadata = {
      owner: by.ownerId,
      ...keyMetadata(c),
      terms: JSON.stringify(terms),
      ...(kind && { kind }),
      ...(options && { options }),
      ...(then.length > 0 && { then: JSON.stringify(then) }),
      ...(tags.length > 0 && { tags: JSON.stringify(tags) }),
      ...(Object.keys(pairs).length > 0 && { metadata: JSON.stringify(pairs) }),
      ...typeMetadata(c),
    };
    if (dryRun) return dryRunUpload(c, { key, sizeBytes: wholeBytes ?? sizeBytes, metadata }, c.req.raw.body);
    const tooMuch = refuseMetadata(metadata);
    if (tooMuch !== null) return problem(c, tooMuch);
    const body = c.get("peeked") ?? (await peek(c.req.raw.body));
    c.set("peeked", body);
    const route = await routeUpload({ source: { key, etag: "", sizeBytes }, head: body.head, metadata });
    if (route.type === "ignored") return problem(c, refusedRoute(route));
    const deps = intakeOf(c.env);
    const chosen = await decideModel(deps.db, route);
    if (!chosen.ok) return problem(c, impossibleBudget(chosen.reason));

    const admission = await admitUpload(c, sizeBytes);
    if (!admission.ok) return problem(c, admission.problem);
    let source: Source;
    try {
      // Chosen once: its event is not to choose again, and perhaps otherwise.
      const about = { ...metadata, ...chosenMetadata(terms, chosen.work) };
      const upload = { key, sizeBytes, body: body.whole, metadata: about };
      source = await orGiveBack(admission, storeUpload(deps.media, upload));
    } catch (error) {
      c.set("isPassing", true);
      return problem(c, { code: "upload_incomplete", detail: `Nothing was stored: ${String(error)}` });
    }
    const work = JobWork.parse({ kind: chosen.work.kind, input: { ...chosen.work.input, source } });
    const extent = await glanceAt(work, deps);
    const result = await acceptJob({ work, choice: chosen.choice, terms, marks, source, extent }, by, deps);
    if (!result.ok) {
      // Its event would make a job of it all the same.
      await deps.media.delete(key);
      await admission.giveBack();
    }
    return submitted(c, result);
  },
);

/** The latest objects seen in the inbox, with the job of each or the reason why it has none. */
uploads.get(
  "/",
  describe({
    operationId: "listUploads",
    summary: "The latest 100 objects seen in the inbox",
    tags: ["uploads"],
    answers: { 200: { description: "newest first", schema: UploadList } },
  }),
  async (c) => {
    const rows = await listUploads(c.env.DB, c.get("ownerId"));
    const answer: UploadList = { uploads: rows.map((row) => ({ ...row, createdAt: iso(row.createdAt) })) };
    return c.json(answer);
  },
);

/** Two uploads are the same by their length and first bytes: the rest is on its way straight into the bucket. */
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

const ONLY_DRY = { code: "invalid_request", detail: "sizeBytes: only a dry run sends less than the file" } as const;
const EMPTY = { code: "unsupported_media", detail: "the body is empty" } as const;
const NO_LENGTH = {
  code: "length_required",
  detail: "R2 stores streams of a known length only: send Content-Length (curl: --data-binary @file).",
} as const;
