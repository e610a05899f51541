import { insertPendingUpload, type PendingUpload } from "../../shared/db/uploads/pending-uploads.ts";
import {
  DEFAULT_PART_BYTES,
  MAX_SINGLE_PUT_BYTES,
  MAX_UPLOAD_AGE_MS,
  MAX_UPLOAD_BYTES,
  MAX_URLS_AN_ANSWER,
  PRESIGNED_SECONDS,
} from "../../shared/limits.ts";
import type { Chosen } from "../../shared/models/choose-model.ts";
import { decideModel } from "../../shared/models/decide-model.ts";
import type { Intake } from "../../shared/jobs/intake.ts";
import type { JobKind } from "../../shared/jobs/job.ts";
import { JobWork, type Source } from "../../shared/jobs/new-job.ts";
import { metadataHeaders, type UploadMetadata } from "../../shared/uploads/signed-headers.ts";
import { uploadKey } from "../../shared/uploads/storage.ts";
import { JobTerms } from "../../shared/jobs/terms.ts";
import { impossibleBudget } from "../jobs/asked.ts";
import { headerJson, ONCE, presignPut, type S3 } from "./presign.ts";
import type { Problem } from "../http/problem.ts";
import type { UploadRequest } from "./requests.ts";
import type { UploadLimits } from "../../shared/db/keys/keys.ts";
import { refuseMetadata, refuseSize, refuseType } from "./limits.ts";

/** An upload and what its client needs to send it. `headers` go with every PUT. */
export interface BegunUpload {
  readonly upload: PendingUpload;
  readonly url?: string;
  readonly headers: Readonly<Record<string, string>>;
  readonly parts?: readonly SignedPart[];
}

export interface SignedPart {
  readonly number: number;
  readonly url: string;
  readonly sizeBytes: number;
}

/** Sign what a client declares. Owner and limits become metadata that the client cannot change. */
export async function beginUpload(
  request: UploadRequest,
  { ownerId, limits, marks }: { ownerId: string; limits: UploadLimits; marks: UploadMetadata },
  s3: S3,
  deps: Intake,
): Promise<BegunUpload | Problem> {
  const {
    name,
    sizeBytes,
    contentType,
    kind,
    options,
    then,
    method,
    partSizeBytes,
    tags,
    metadata: pairs,
    ...asked
  } = request;
  const refusal = refuseSize(limits, sizeBytes) ?? refuseType(limits, contentType);
  if (refusal !== null) return refusal;
  const id = crypto.randomUUID();
  const key = uploadKey(id, name);
  const terms = JobTerms.parse(asked);
  const chosen = await chooseUnseen({ key, etag: "", sizeBytes }, { kind, options, terms }, deps);
  if (chosen !== null && !chosen.ok) return impossibleBudget(chosen.reason);
  const metadata: UploadMetadata = {
    ...marks,
    owner: ownerId,
    terms: headerJson(chosen === null ? terms : { ...terms, latencyBudgetMs: undefined }),
    "declared-bytes": String(sizeBytes),
    ...(kind && { kind }),
    ...(options && { options: headerJson(options) }),
    ...(chosen && { options: headerJson(chosen.work.input.options) }),
    ...(then.length > 0 && { then: headerJson(then) }),
    ...(tags.length > 0 && { tags: headerJson(tags) }),
    ...(Object.keys(pairs).length > 0 && { metadata: headerJson(pairs) }),
    ...(limits.contentTypes && { "accepted-types": headerJson(limits.contentTypes) }),
  };
  const tooMuch = refuseMetadata(metadata);
  if (tooMuch !== null) return tooMuch;
  const createdAt = Date.now();
  const upload = {
    id,
    ownerId,
    key,
    sizeBytes,
    createdAt,
    expiresAt: expiryAt(createdAt, createdAt),
    completedAt: null,
  };

  const isSingle = method === undefined ? sizeBytes <= MAX_UPLOAD_BYTES : method === "single";
  if (isSingle) {
    if (sizeBytes > MAX_SINGLE_PUT_BYTES) {
      const detail = `A single PUT has at most ${MAX_SINGLE_PUT_BYTES} bytes; leave 'method' out, or say 'multipart'.`;
      return { code: "upload_too_large", detail };
    }
    const headers = {
      ...metadataHeaders(metadata),
      ...(contentType && { "content-type": contentType }),
      ...s3.headers,
      ...ONCE,
    };
    const url = await presignPut(s3, key, { headers, sizeBytes, seconds: PRESIGNED_SECONDS });
    const single = { ...upload, multipart: null };
    await insertPendingUpload(deps.db, single);
    return { upload: single, url, headers };
  }

  const partBytes = partSizeBytes ?? Math.max(DEFAULT_PART_BYTES, Math.ceil(sizeBytes / MAX_URLS_AN_ANSWER));
  const { uploadId } = await deps.media.createMultipartUpload(key, {
    customMetadata: metadata,
    ...(contentType && { httpMetadata: { contentType } }),
  });
  const multipart = { ...upload, multipart: { id: uploadId, partSizeBytes: partBytes } };
  await insertPendingUpload(deps.db, multipart);
  return { upload: multipart, headers: s3.headers, parts: await signParts(s3, multipart, partNumbers(multipart)) };
}

/** What a latency budget chooses for an object that nobody has seen yet; null without one. */
async function chooseUnseen(
  source: Source,
  { kind, options = {}, terms }: { kind: JobKind | undefined; options: UploadRequest["options"]; terms: JobTerms },
  { db }: Intake,
): Promise<Chosen | null> {
  if (terms.latencyBudgetMs === undefined || kind === undefined) return null;
  // Pictures and texts are classified by the one model of their task, whatever the budget.
  const input = { source, options, ...(kind === "classification" && { media: "image" }) };
  return decideModel(db, { work: JobWork.parse({ kind, input }), terms });
}

/** The numbers of all parts, from 1. */
export function partNumbers({ sizeBytes, multipart }: PendingUpload): readonly number[] {
  const count = multipart === null ? 0 : Math.ceil(sizeBytes / multipart.partSizeBytes);
  return Array.from({ length: count }, (_, index) => index + 1);
}

/** URLs for these parts, the first `MAX_URLS_AN_ANSWER` of them. None for a single PUT. */
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

/** When URLs signed now end, and with them, or soon after, their upload. */
export function expiryAt(now: number, createdAt: number): number {
  return Math.min(now + PRESIGNED_SECONDS * 1000, createdAt + MAX_UPLOAD_AGE_MS);
}
