// Uploads that do not pass through the Worker. A client announces one, puts its bytes directly into the bucket with signed URLs, and completes it.
import { type Context, Hono } from "hono";

import {
  abortPendingUpload,
  listParts,
  type PendingUpload,
  readPendingUpload,
  recordParts,
  type StoredPart,
} from "../../shared/db/uploads/pending-uploads.ts";
import { abortMultipart } from "../../shared/uploads/abort-multipart.ts";
import { intakeOf } from "../../shared/jobs/intake.ts";
import type { App } from "../http/app.ts";
import { beginUpload } from "./begin-upload.ts";
import { completeUpload } from "./complete-upload.ts";
import { body, BODY_PROBLEMS, describe, otherBody } from "../http/describe.ts";
import { hideResults } from "../jobs/hide-results.ts";
import { limitBody } from "../http/limit-body.ts";
import { s3Of } from "./presign.ts";
import { signAgain } from "./sign-parts.ts";
import { submitterOf } from "../http/auth.ts";
import { problem, type ProblemCode } from "../http/problem.ts";
import { CompleteRequest, SignPartsRequest, StoredPartsRequest, UploadRequest } from "./requests.ts";
import { uploadView } from "./pending-view.ts";
import { parseBody, parseQuery } from "../http/validate.ts";
import { NoQuery } from "../http/page-query.ts";
import { AcceptedJob } from "../jobs/schema.ts";
import { PendingUploadAnswer } from "./schema.ts";
import { submitted, SUBMITTED } from "../jobs/submitted.ts";
import { ANNOUNCED, ANNOUNCE_REQUEST, PENDING, SIGNED_PARTS, SIGN_REQUEST, STORED_PARTS } from "./examples.ts";

export const presignedUploads = new Hono<App>();

const tags = ["uploads"] as const;

/** The problems of completing an upload. */
export const COMPLETE_PROBLEMS = [
  "upload_not_found",
  "upload_unfinished",
  "upload_replaced",
  "unsupported_media",
  "too_many_jobs",
] as const satisfies ProblemCode[];

/** Answer a client that announces an upload, here or with JSON to `POST /v1/uploads`, which distinguishes it from a client that sends one. */
export async function announceUpload(c: Context<App>): Promise<Response> {
  const refused = await limitBody(c, async () => undefined);
  if (refused !== undefined) return refused;
  const query = parseQuery(c, NoQuery);
  if (!query.ok) return query.response;
  const request = await parseBody(c, UploadRequest);
  if (!request.ok) return request.response;
  const s3 = s3Of(c.env, c.req.url);
  if (s3 === null) return problem(c, NO_CREDENTIALS);
  const begun = await beginUpload(request.value, submitterOf(c), s3, intakeOf(c.env));
  if ("code" in begun) return problem(c, begun);
  const { origin } = new URL(c.req.url);
  const location = `${origin}/v1/uploads/${begun.upload.id}`;
  const answer: PendingUploadAnswer = { upload: uploadView(begun, origin) };
  return c.json(answer, 201, { location });
}

presignedUploads.post(
  "/announce",
  describe({
    operationId: "announceUpload",
    summary: "Announce an upload that goes directly into the bucket",
    description:
      "For files over 100 MB, and for browsers that send directly into the bucket. The answer has a signed URL, or one for each part. Afterwards call `completeUpload`. JSON sent to `POST /v1/uploads` does the same.",
    request: ANNOUNCE_REQUEST,
    tags,
    answers: {
      201: {
        description: "the announced upload with its signed URLs",
        schema: PendingUploadAnswer,
        example: ANNOUNCED,
        headers: { location: "the upload" },
      },
    },
    problems: [
      ...BODY_PROBLEMS,
      "upload_too_large",
      "unsupported_media",
      "impossible_latency_budget",
      "upload_allowance_used",
      "presign_unavailable",
    ],
  }),
  otherBody(UploadRequest),
  announceUpload,
);

presignedUploads.get(
  "/:id",
  describe({
    operationId: "readUpload",
    summary: "Read an announced upload, with the parts that were reported as stored",
    description: "Shows how far an announced upload is, so that it can continue after a break.",
    tags,
    answers: { 200: { description: "the upload", schema: PendingUploadAnswer, example: PENDING } },
    problems: ["upload_not_found"],
  }),
  async (c) => {
    const upload = await pendingOf(c);
    if (upload === null) return notFound(c);
    return answered(c, { upload }, await listParts(c.env.DB, upload.id));
  },
);

presignedUploads.post(
  "/:id/parts",
  describe({
    operationId: "signParts",
    summary: "Sign URLs for parts, for the first time or again",
    description:
      "Signs the parts with these numbers, or without a body the first 1,000 that were not reported as stored. URLs expire after a day.",
    request: SIGN_REQUEST,
    tags,
    answers: {
      200: {
        description: "the parts that were requested, or all that were not reported as stored",
        schema: PendingUploadAnswer,
        example: SIGNED_PARTS,
      },
    },
    problems: [...BODY_PROBLEMS, "upload_not_found", "upload_finished", "presign_unavailable"],
  }),
  limitBody,
  body(SignPartsRequest, { absent: {} }),
  async (c) => {
    const upload = await pendingOf(c);
    if (upload === null) return notFound(c);
    if (upload.completedAt !== null) return problem(c, FINISHED);
    const s3 = s3Of(c.env, c.req.url);
    if (s3 === null) return problem(c, NO_CREDENTIALS);
    const signed = await signAgain(upload, c.req.valid("json").numbers, s3, c.env.DB);
    if ("code" in signed) return problem(c, signed);
    const { expiresAt, parts } = signed;
    return answered(c, { upload: { ...upload, expiresAt }, headers: s3.headers, parts });
  },
);

presignedUploads.put(
  "/:id/parts",
  describe({
    operationId: "reportParts",
    summary: "Report parts as stored, so that an interrupted upload can continue after them",
    description:
      "Darkroom stores the reports only so that a client can read them after a break. Completing the upload does not need them.",
    request: STORED_PARTS,
    tags,
    answers: { 204: { description: "the parts are recorded" } },
    problems: [...BODY_PROBLEMS, "upload_not_found"],
  }),
  limitBody,
  body(StoredPartsRequest),
  async (c) => {
    const upload = await pendingOf(c);
    if (upload === null) return notFound(c);
    await recordParts(c.env.DB, upload.id, c.req.valid("json").parts);
    return c.body(null, 204);
  },
);

const { 200: known, 201: made } = SUBMITTED;
presignedUploads.post(
  "/:id/complete",
  describe({
    operationId: "completeUpload",
    summary: "Complete an upload: join the parts of a multipart upload, and submit its job",
    description:
      "For an upload in parts, the body lists the parts with the ETags that the bucket answered; for a single PUT, leave the body out. A repeated call answers the same job.",
    request: STORED_PARTS,
    tags,
    answers: { 200: known, 201: made },
    problems: [...BODY_PROBLEMS, ...COMPLETE_PROBLEMS],
  }),
  hideResults(AcceptedJob),
  limitBody,
  body(CompleteRequest, { absent: {} }),
  async (c) => {
    const upload = await pendingOf(c);
    if (upload === null) return notFound(c);
    return submitted(c, await completeUpload(upload, c.req.valid("json").parts, submitterOf(c), intakeOf(c.env)));
  },
);

presignedUploads.delete(
  "/:id",
  describe({
    operationId: "abortUpload",
    summary: "Abort an upload and delete its parts",
    description: "Deletes the parts that are stored. A complete object has a job: cancel that job instead.",
    tags,
    answers: { 204: { description: "the upload is aborted" } },
    problems: ["upload_not_found", "upload_finished"],
  }),
  abortUpload,
);

/** Abort an upload. It is refused if the object is stored, because that object has a job or gets one. */
export async function abortUpload(c: Context<App>): Promise<Response> {
  const upload = await pendingOf(c);
  if (upload === null) return notFound(c);
  if (upload.completedAt !== null || (await c.env.MEDIA.head(upload.key)) !== null) return problem(c, FINISHED);
  if (upload.multipart !== null) await abortMultipart(c.env.MEDIA, upload.key, upload.multipart.id);
  await abortPendingUpload(c.env.DB, upload.id, Date.now());
  return c.body(null, 204);
}

function answered(
  c: Context<App>,
  begun: Parameters<typeof uploadView>[0],
  storedParts?: readonly StoredPart[],
): Response {
  const answer: PendingUploadAnswer = { upload: uploadView(begun, new URL(c.req.url).origin, storedParts) };
  return c.json(answer);
}

/** Read an upload of the caller. */
export async function pendingOf(c: Context<App>): Promise<PendingUpload | null> {
  return readPendingUpload(c.env.DB, { id: c.req.param("id") ?? "", ownerId: c.get("ownerId") });
}

export function notFound(c: Context<App>): Response {
  return problem(c, {
    code: "upload_not_found",
    detail: `There is no upload '${c.req.param("id")}', or it has expired.`,
  });
}

const FINISHED = {
  code: "upload_finished",
  detail: "The object is stored completely. Cancel its job instead.",
} as const;
const NO_CREDENTIALS = {
  code: "presign_unavailable",
  detail:
    "The operator has not set the secrets R2_ACCESS_KEY_ID, R2_SECRET_ACCESS_KEY and R2_ENDPOINT. Send files of up to 100 MB as the body of POST /v1/uploads.",
} as const;
