// Uppy's S3 plug-in gets URLs from its signer, and sends S3 requests with XML to them. Parts go to the bucket. Requests about the
// whole upload come here: the Worker creates, lists, completes and aborts, so that it need not sign URLs for that.
import { MEDIA_BUCKET } from "../../shared/uploads/storage.ts";
import { Hono } from "hono";

import { listParts } from "../../shared/db/uploads/pending-uploads.ts";
import { intakeOf } from "../../shared/jobs/intake.ts";
import type { App } from "../http/app.ts";
import { completeUpload } from "./complete-upload.ts";
import { describe } from "../http/describe.ts";
import { limitBody } from "../http/limit-body.ts";
import { submitterOf } from "../http/auth.ts";
import { problem } from "../http/problem.ts";
import { CompleteRequest } from "./requests.ts";
import { abortUpload, COMPLETE_PROBLEMS, notFound, pendingOf } from "./presigned-routes.ts";

export const uppyUploads = new Hono<App>();

const PART = /<Part>\s*<PartNumber>(\d{1,5})<\/PartNumber>\s*<ETag>([^<]*)<\/ETag>\s*<\/Part>/g;

const tags = ["uploads"] as const;
const XML = ["application/xml"];

uppyUploads.post(
  "/:id/s3",
  describe({
    operationId: "postAsS3",
    summary: "S3's CreateMultipartUpload (empty body) or CompleteMultipartUpload, whose Location is the job",
    description:
      "For Uppy and other S3 clients: `?uploads` begins a multipart upload, `?uploadId=` completes it. The body and the answer are in S3's XML.",
    tags,
    requestBody: { content: { "application/xml": { schema: {} } } },
    answers: { 200: { description: "the answer in S3's format", media: XML } },
    problems: ["invalid_request", "body_too_large", ...COMPLETE_PROBLEMS],
  }),
  limitBody,
  async (c) => {
    const upload = await pendingOf(c);
    if (upload === null) return notFound(c);
    const text = await c.req.text();
    if (text === "") {
      return xml(`<InitiateMultipartUploadResult>${element("Bucket", MEDIA_BUCKET)}${element("Key", upload.key)}
${element("UploadId", upload.id)}</InitiateMultipartUploadResult>`);
    }
    const found = Array.from(text.matchAll(PART), ([, number, etag = ""]) => ({
      number: Number(number),
      etag: etag.replaceAll("&quot;", '"'),
    }));
    const request = CompleteRequest.safeParse({ parts: found });
    if (!request.success)
      return problem(c, { code: "invalid_request", detail: "Send CompleteMultipartUpload with its parts." });
    const result = await completeUpload(upload, request.data.parts, submitterOf(c), intakeOf(c.env));
    if (!result.ok) return problem(c, result.problem);
    const location = `${new URL(c.req.url).origin}/v1/jobs/${result.job.id}`;
    return xml(`<CompleteMultipartUploadResult>${element("Location", location)}${element("Bucket", MEDIA_BUCKET)}
${element("Key", upload.key)}</CompleteMultipartUploadResult>`);
  },
);

uppyUploads.get(
  "/:id/s3",
  describe({
    operationId: "listPartsAsS3",
    summary: "S3's ListParts: the parts that were reported as stored",
    description: "For Uppy and other S3 clients: the parts that are stored, in S3's XML.",
    tags,
    answers: { 200: { description: "the answer in S3's format", media: XML } },
    problems: ["upload_not_found"],
  }),
  async (c) => {
    const upload = await pendingOf(c);
    if (upload === null) return notFound(c);
    const parts = (await listParts(c.env.DB, upload.id)).map(
      ({ number, etag }) => `<Part>${element("PartNumber", String(number))}${element("ETag", etag)}</Part>`,
    );
    return xml(`<ListPartsResult>${element("UploadId", upload.id)}${parts.join("")}</ListPartsResult>`);
  },
);

uppyUploads.delete(
  "/:id/s3",
  describe({
    operationId: "abortUploadAsS3",
    summary: "S3's AbortMultipartUpload",
    description: "For Uppy and other S3 clients: deletes the parts that are stored.",
    tags,
    answers: { 204: { description: "the upload is aborted" } },
    problems: ["upload_not_found", "upload_finished"],
  }),
  abortUpload,
);

function xml(body: string): Response {
  return new Response(`<?xml version="1.0" encoding="UTF-8"?>\n${body}`, {
    headers: { "content-type": "application/xml" },
  });
}

function element(name: string, value: string): string {
  const escaped = value
    .replaceAll("&", "&amp;")
    .replaceAll("<", "&lt;")
    .replaceAll(">", "&gt;")
    .replaceAll('"', "&quot;");
  return `<${name}>${escaped}</${name}>`;
}
