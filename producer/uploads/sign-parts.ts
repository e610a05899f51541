import type { PendingUpload } from "../../shared/db/uploads/pending-uploads.ts";
import { extendPendingUpload, listParts } from "../../shared/db/uploads/pending-uploads.ts";
import { MAX_UPLOAD_AGE_MS, MAX_URLS_AN_ANSWER, PRESIGNED_SECONDS } from "../../shared/limits.ts";
import { presignPut, type S3 } from "./presign.ts";
import type { Problem } from "../http/problem.ts";

export interface SignedPart {
  readonly number: number;
  readonly url: string;
  readonly sizeBytes: number;
}

/** Sign these parts again, or all that were not reported as stored. The upload expires no earlier than its new URLs. */
export async function signAgain(
  upload: PendingUpload,
  numbers: readonly number[] | undefined,
  s3: S3,
  db: D1Database,
): Promise<{ readonly expiresAt: number; readonly parts: readonly SignedPart[] } | Problem> {
  const all = partNumbers(upload);
  const unknown = numbers?.find((number) => number > all.length);
  if (unknown !== undefined) {
    const detail = `There is no part ${unknown}. The upload has ${all.length} parts.`;
    return { code: "invalid_request", detail, issues: [{ path: "numbers", message: detail }] };
  }
  const stored = new Set((await listParts(db, upload.id)).map(({ number }) => number));
  const parts = await signParts(s3, upload, numbers ?? all.filter((number) => !stored.has(number)));
  const expiresAt = expiryAt(Date.now(), upload.createdAt);
  await extendPendingUpload(db, upload.id, expiresAt);
  return { expiresAt, parts };
}

/** The numbers of all parts, from 1. */
export function partNumbers({ sizeBytes, multipart }: PendingUpload): readonly number[] {
  const count = multipart === null ? 0 : Math.ceil(sizeBytes / multipart.partSizeBytes);
  return Array.from({ length: count }, (_, index) => index + 1);
}

/** Sign URLs for these parts, at most the first `MAX_URLS_AN_ANSWER`. A single PUT has no parts. */
export async function signParts(
  s3: S3,
  { key, sizeBytes, multipart }: PendingUpload,
  numbers: readonly number[],
): Promise<readonly SignedPart[]> {
  if (multipart === null) return [];
  const parts: SignedPart[] = [];
  for (const number of numbers.slice(0, MAX_URLS_AN_ANSWER)) {
    const partBytes = Math.min(multipart.partSizeBytes, sizeBytes - (number - 1) * multipart.partSizeBytes);
    const query = { uploadId: multipart.id, partNumber: String(number) };
    const put = { headers: s3.headers, sizeBytes: partBytes, seconds: PRESIGNED_SECONDS, query };
    parts.push({ number, url: await presignPut(s3, key, put), sizeBytes: partBytes });
  }
  return parts;
}

/** When URLs that are signed now expire: epoch milliseconds. Their upload expires then or soon after. */
export function expiryAt(now: number, createdAt: number): number {
  return Math.min(now + PRESIGNED_SECONDS * 1000, createdAt + MAX_UPLOAD_AGE_MS);
}
