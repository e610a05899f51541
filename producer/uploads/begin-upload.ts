import { insertPendingUpload, type PendingUpload } from "../../shared/db/uploads/pending-uploads.ts";
import {
  DEFAULT_PART_BYTES,
  MAX_SINGLE_PUT_BYTES,
  MAX_UPLOAD_BYTES,
  MAX_URLS_AN_ANSWER,
  PRESIGNED_SECONDS,
} from "../../shared/limits.ts";
import type { Chosen } from "../../shared/models/choose-model.ts";
import { decideModel } from "../../shared/jobs/describe-job.ts";
import type { Intake } from "../../shared/jobs/intake.ts";
import { JobWork, kindOf } from "../../shared/kinds/index.ts";
import type { Source } from "../../shared/jobs/source.ts";
import { JobTerms } from "../../shared/jobs/terms.ts";
import { metadataHeaders, type UploadMetadata } from "../../shared/uploads/signed-headers.ts";
import { uploadKey } from "../../shared/uploads/storage.ts";
import type { Problem } from "../http/problem.ts";
import { impossibleBudget, type Submitter } from "../jobs/asked.ts";
import { refuseSize, refuseType, storeWithin } from "./allowance.ts";
import { storedMetadata, uploadMetadata } from "./metadata.ts";
import { headerJson, ONCE, presignPut, type S3 } from "./presign.ts";
import type { UploadRequest } from "./requests.ts";
import { expiryAt, partNumbers, type SignedPart, signParts } from "./sign-parts.ts";

/** An upload and what its client needs to send it. Every PUT must have these `headers`. */
export interface BegunUpload {
  readonly upload: PendingUpload;
  readonly url?: string;
  readonly headers: Readonly<Record<string, string>>;
  readonly parts?: readonly SignedPart[];
}

/** Sign the upload that a client declares. Owner and limits become metadata that the client cannot change. */
export async function beginUpload(
  request: UploadRequest,
  by: Submitter,
  s3: S3,
  deps: Intake,
): Promise<BegunUpload | Problem> {
  const { name, sizeBytes, contentType, kind, options, then, method, partSizeBytes, tags, metadata, ...asked } =
    request;
  const refusal = refuseSize(by.key, sizeBytes) ?? refuseType(by.key, contentType);
  if (refusal !== null) return refusal;
  const id = crypto.randomUUID();
  const key = uploadKey(id, name);
  const terms = JobTerms.parse(asked);
  const chosen = await chooseUnseen({ key, etag: "", sizeBytes }, request, terms, deps);
  if (chosen !== null && !chosen.ok) return impossibleBudget(chosen.reason);
  const described = { kind, options: options && headerJson(options), then, terms, tags, metadata };
  const declared = { ...uploadMetadata(described, by.key, headerJson), "declared-bytes": String(sizeBytes) };
  const about = storedMetadata(declared, { terms, work: chosen?.work ?? null }, headerJson);
  if ("code" in about) return about;
  const isSingle = method === undefined ? sizeBytes <= MAX_UPLOAD_BYTES : method === "single";
  const tooMuch = isSingle ? refuseSinglePut(sizeBytes) : null;
  if (tooMuch !== null) return tooMuch;

  const createdAt = Date.now();
  const expiresAt = expiryAt(createdAt, createdAt);
  const upload = { id, ownerId: by.ownerId, key, sizeBytes, createdAt, expiresAt, completedAt: null };
  const partBytes = partSizeBytes ?? Math.max(DEFAULT_PART_BYTES, Math.ceil(sizeBytes / MAX_URLS_AN_ANSWER));
  const begun = await storeWithin(by, sizeBytes, deps.db, () =>
    isSingle
      ? beginSingle({ ...upload, multipart: null }, { about, contentType }, s3, deps)
      : beginMultipart(upload, { about, contentType, partBytes }, s3, deps),
  );
  return begun.ok ? begun.stored : begun.problem;
}

function refuseSinglePut(sizeBytes: number): Problem | null {
  if (sizeBytes <= MAX_SINGLE_PUT_BYTES) return null;
  const detail = `A single PUT may have at most ${MAX_SINGLE_PUT_BYTES} bytes. Leave 'method' out, or set it to 'multipart'.`;
  return { code: "upload_too_large", detail };
}

async function beginSingle(
  upload: PendingUpload,
  { about, contentType }: { about: UploadMetadata; contentType: string | undefined },
  s3: S3,
  { db }: Intake,
): Promise<BegunUpload> {
  const headers = {
    ...metadataHeaders(about),
    ...(contentType && { "content-type": contentType }),
    ...s3.headers,
    ...ONCE,
  };
  const { key, sizeBytes } = upload;
  const url = await presignPut(s3, key, { headers, sizeBytes, seconds: PRESIGNED_SECONDS });
  await insertPendingUpload(db, upload);
  return { upload, url, headers };
}

async function beginMultipart(
  upload: Omit<PendingUpload, "multipart">,
  { about, contentType, partBytes }: { about: UploadMetadata; contentType: string | undefined; partBytes: number },
  s3: S3,
  { db, media }: Intake,
): Promise<BegunUpload> {
  const { uploadId } = await media.createMultipartUpload(upload.key, {
    customMetadata: about,
    ...(contentType && { httpMetadata: { contentType } }),
  });
  const multipart = { ...upload, multipart: { id: uploadId, partSizeBytes: partBytes } };
  await insertPendingUpload(db, multipart);
  return { upload: multipart, headers: s3.headers, parts: await signParts(s3, multipart, partNumbers(multipart)) };
}

/** Choose the model for an object that is not stored yet, if the request has a latency budget; null otherwise. */
async function chooseUnseen(
  source: Source,
  { kind, options = {} }: UploadRequest,
  terms: JobTerms,
  { db }: Intake,
): Promise<Chosen | null> {
  if (terms.latencyBudgetMs === undefined || kind === undefined) return null;
  // The content is not known yet. The choice of models depends on the kind and the options alone.
  const about = kindOf(kind);
  const [media = "text"] = about.uploads.takes;
  return decideModel(db, { work: JobWork.parse({ kind, input: about.inputOf(source, options, media) }), terms });
}
