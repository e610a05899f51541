import {
  completePendingUpload,
  listParts,
  type PendingUpload,
  type StoredPart,
} from "../../shared/db/uploads/pending-uploads.ts";
import type { Intake } from "../../shared/jobs/intake.ts";
import { describeUpload } from "../../shared/jobs/describe-job.ts";
import type { Problem } from "../http/problem.ts";
import { acceptJob, ignore } from "../jobs/accept-jobs.ts";
import { partNumbers } from "./sign-parts.ts";
import { MEDIA_BUCKET } from "../../shared/uploads/storage.ts";
import { refusedUpload } from "../jobs/asked.ts";
import type { Submitted, Submitter } from "../jobs/asked.ts";

/**
 * Make the job of an upload now, without waiting for the bucket's event. Completing it again, or the event, gives the same job.
 * @param given the parts of a multipart upload; if left out, the parts that were reported.
 */
export async function completeUpload(
  upload: PendingUpload,
  given: readonly StoredPart[] | undefined,
  by: Submitter,
  deps: Intake,
): Promise<Submitted> {
  const found = await deps.media.head(upload.key);
  const object = found ?? (await assemble(upload, given ?? (await listParts(deps.db, upload.id)), deps.media));
  if (typeof object === "string") return { ok: false, problem: { code: "upload_unfinished", detail: object } };
  const metadata = object.customMetadata ?? {};
  const source = { key: upload.key, etag: object.etag, sizeBytes: object.size };
  // A program with the bucket's own credentials has stored another object there. This client may not see it.
  if (metadata["owner"] !== upload.ownerId) return { ok: false, problem: REPLACED };
  const described = await describeUpload({ source, metadata }, deps);
  if (described.type === "gone") return { ok: false, problem: REPLACED };
  await completePendingUpload(deps.db, upload.id, Date.now());
  if (described.type === "job")
    return acceptJob({ ...described.job, source, storedAt: object.uploaded.getTime(), isUploadsOwn: true }, by, deps);
  if (described.type === "refused") {
    const ignored = { bucket: MEDIA_BUCKET, ...source, ownerId: upload.ownerId, jobId: null };
    await ignore({ ...ignored, ignoredReason: described.reason }, deps);
  }
  return { ok: false, problem: refusedUpload(described) };
}

const REPLACED: Problem = {
  code: "upload_unfinished",
  detail: "The object was replaced during the request. Complete the upload again.",
};

/** Make one object of the parts. @returns a sentence if that is not possible yet. */
async function assemble(
  upload: PendingUpload,
  given: readonly StoredPart[],
  media: R2Bucket,
): Promise<R2Object | string> {
  if (upload.multipart === null) return "Nothing has been stored under the upload's URL yet.";
  const etags = new Map(given.map(({ number, etag }) => [number, etag.replace(/^"|"$/g, "")]));
  const numbers = partNumbers(upload);
  const missing = numbers.filter((number) => !etags.has(number));
  if (missing.length > 0 || etags.size > numbers.length) {
    const list = missing.length > 10 ? `${missing.slice(0, 10).join(", ")} …` : missing.join(", ");
    return missing.length > 0
      ? `${missing.length} of ${numbers.length} parts are missing: ${list}`
      : `The upload has only ${numbers.length} parts; send no others.`;
  }
  const parts = numbers.map((partNumber) => ({ partNumber, etag: etags.get(partNumber) ?? "" }));
  try {
    return await media.resumeMultipartUpload(upload.key, upload.multipart.id).complete(parts);
  } catch (error) {
    // Another request may have completed it in between.
    return (await media.head(upload.key)) ?? `The bucket could not put the parts together: ${String(error)}`;
  }
}
