import type { Key } from "../../shared/db/keys/keys.ts";
import type { JobKind } from "../../shared/kinds/index.ts";
import type { JobWork } from "../../shared/kinds/index.ts";
import type { Step } from "../../shared/jobs/steps.ts";
import type { JobMarks } from "../../shared/jobs/tags-and-metadata.ts";
import type { JobTerms } from "../../shared/jobs/terms.ts";
import type { UploadMetadata } from "../../shared/uploads/signed-headers.ts";
import { KEY_ID } from "../../shared/uploads/storage.ts";
import type { Problem } from "../http/problem.ts";

/** R2's limit for an object's custom metadata is 8,192 bytes of names and values; the rest is ours. */
const MAX_METADATA_BYTES = 7900;

/** What a client asks of an upload. */
export interface AskedOfUpload extends JobMarks {
  readonly kind: JobKind | undefined;
  /** JSON. */
  readonly options: string | undefined;
  readonly then: readonly Step[];
  readonly terms: JobTerms;
}

/**
 * The object says itself what it is, so that its event notification makes the same job as the request that stored it. The key's
 * limits are in there to be asked again by then.
 * @param toJson for metadata that is signed as headers: `headerJson`.
 */
export function uploadMetadata(
  { kind, options, then, terms, tags, metadata }: AskedOfUpload,
  key: Key,
  toJson: (value: unknown) => string = JSON.stringify,
): UploadMetadata {
  const { contentTypes } = key.uploadLimits;
  return {
    owner: key.ownerId,
    [KEY_ID]: key.id,
    terms: toJson(terms),
    ...(kind && { kind }),
    ...(options && { options }),
    ...(then.length > 0 && { then: toJson(then) }),
    ...(tags.length > 0 && { tags: toJson(tags) }),
    ...(Object.keys(metadata).length > 0 && { metadata: toJson(metadata) }),
    ...(contentTypes && { "accepted-types": toJson(contentTypes) }),
  };
}

/**
 * The same as it is stored: once a latency budget has chosen the model, with the model's options and no budget any more, so that
 * the object's event does not choose again, and perhaps otherwise.
 * @returns why an object cannot carry all that is to be said of it.
 */
export function storedMetadata(
  metadata: UploadMetadata,
  { terms, work }: { terms: JobTerms; work: JobWork | null },
  toJson: (value: unknown) => string = JSON.stringify,
): UploadMetadata | Problem {
  const { latencyBudgetMs, ...rest } = terms;
  const isChosen = latencyBudgetMs !== undefined && work !== null;
  const stored = { ...metadata, ...(isChosen && { options: toJson(work.input.options), terms: toJson(rest) }) };
  if (new TextEncoder().encode(JSON.stringify(stored)).length <= MAX_METADATA_BYTES) return stored;
  const detail = `name, options, tags and metadata of an upload have at most ${MAX_METADATA_BYTES} bytes together`;
  return { code: "invalid_request", detail };
}
