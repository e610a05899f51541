import * as z from "zod";

import { Time } from "../http/time.ts";

/** An object that was seen in the inbox, with its job or the reason why it does not have one. */
export const Upload = z
  .object({
    key: z.string(),
    etag: z.string(),
    sizeBytes: z.int(),
    jobId: z.string().nullable(),
    ignoredReason: z.string().nullable(),
    createdAt: Time,
  })
  .meta({ id: "Upload" });
export type Upload = z.infer<typeof Upload>;

export const UploadList = z.object({ uploads: z.array(Upload) });
export type UploadList = z.infer<typeof UploadList>;

export const StoredPart = z.object({ number: z.int(), etag: z.string() });
export type StoredPart = z.infer<typeof StoredPart>;

export const SignedPart = z.object({ number: z.int(), url: z.string(), sizeBytes: z.int() });
export type SignedPart = z.infer<typeof SignedPart>;

/** An upload that goes directly into the bucket. `url`, `headers` and `parts` are present only in an answer that signs them. */
export const PendingUpload = z
  .object({
    id: z.string(),
    key: z.string(),
    state: z.enum(["pending", "completed"]),
    sizeBytes: z.int(),
    expiresAt: Time,
    method: z.enum(["single", "multipart"]),
    partSizeBytes: z.int().optional(),
    url: z.string().optional().describe("the URL for one PUT of the whole file"),
    headers: z.record(z.string(), z.string()).optional().describe("the headers that every PUT must have"),
    parts: z.array(SignedPart).optional().describe("the parts that were requested, at most the first 1,000"),
    storedParts: z.array(StoredPart).optional().describe("the parts that were reported as stored"),
    complete: z.string(),
    abort: z.string(),
  })
  .meta({ id: "PendingUpload" });
export type PendingUpload = z.infer<typeof PendingUpload>;

export const PendingUploadAnswer = z.object({ upload: PendingUpload }).meta({ id: "PendingUploadAnswer" });
export type PendingUploadAnswer = z.infer<typeof PendingUploadAnswer>;
