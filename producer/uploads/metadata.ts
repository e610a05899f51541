import type { Key } from "../../shared/db/keys/keys.ts";
import type { JobKind } from "../../shared/kinds/index.ts";
import type { JobWork } from "../../shared/kinds/index.ts";
import type { Step } from "../../shared/jobs/steps.ts";
import type { JobMarks } from "../../shared/jobs/tags-and-metadata.ts";
import type { JobTerms } from "../../shared/jobs/terms.ts";
import type { UploadMetadata } from "../../shared/uploads/signed-headers.ts";
import { KEY_ID } from "../../shared/uploads/storage.ts";
import type { Problem } from "../http/problem.ts";

/** R2 allows 8,192 bytes of names and values as the custom metadata of an object. The rest is left for our own. */
const MAX_METADATA_BYTES = 7900;

/** What a client asks for with an upload. */
export interface AskedOfUpload extends JobMarks {
  readonly kind: JobKind | undefined;
  /** The options as JSON. */
  readonly options: string | undefined;
  readonly then: readonly Step[];
  readonly terms: JobTerms;
}

/**
 * The custom metadata of an upload. It describes the job, so that the event notification makes the same job as the request that
 * stored the object. It has the key's limits, which are checked again then.
 * @param toJson `headerJson` if the metadata is signed as headers.
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
 * The metadata as it is stored. If a latency budget has chosen the model, the model's options replace the budget, so that the
 * object's event does not choose again with another result.
 * @returns a problem if the metadata is too large for an object.
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
  const detail = `The name, options, tags and metadata of an upload may have at most ${MAX_METADATA_BYTES} bytes together. Shorten them.`;
  return { code: "invalid_request", detail };
}
