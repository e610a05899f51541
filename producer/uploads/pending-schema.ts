import * as z from "zod";

import { Time } from "../http/time.ts";

export const StoredPart = z.object({ number: z.int(), etag: z.string() });
export type StoredPart = z.infer<typeof StoredPart>;

export const SignedPart = z.object({ number: z.int(), url: z.string(), sizeBytes: z.int() });
export type SignedPart = z.infer<typeof SignedPart>;

/** An upload that goes straight into the bucket. What is signed is there where it was just asked for. */
export const PendingUpload = z
  .object({
    id: z.string(),
    key: z.string(),
    state: z.enum(["pending", "completed"]),
    sizeBytes: z.int(),
    expiresAt: Time,
    method: z.enum(["single", "multipart"]),
    partSizeBytes: z.int().optional(),
    url: z.string().optional().describe("takes one PUT of the whole"),
    headers: z.record(z.string(), z.string()).optional().describe("go with every PUT"),
    parts: z.array(SignedPart).optional().describe("the first 1,000 of those asked for"),
    storedParts: z.array(StoredPart).optional().describe("what was reported as stored"),
    complete: z.string(),
    abort: z.string(),
  })
  .meta({ id: "PendingUpload" });
export type PendingUpload = z.infer<typeof PendingUpload>;

export const PendingUploadAnswer = z.object({ upload: PendingUpload }).meta({ id: "PendingUploadAnswer" });
export type PendingUploadAnswer = z.infer<typeof PendingUploadAnswer>;
