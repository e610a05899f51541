// The limits of an API key also apply when an object's event creates the job, and no request exists that could be refused.
import type { JobLimit } from "../../shared/db/keys/job-limit.ts";
import { HAS_ITS_JOB, type Announcement } from "../../shared/uploads/announcement.ts";
import type { Key } from "../../shared/db/keys/keys.ts";
import { retryTransient } from "../../shared/db/transient.ts";
import { NO_ORIGINS, readUploadOrigins, type UploadOrigins } from "../../shared/db/uploads/upload-origins.ts";
import type { Intake } from "../../shared/jobs/intake.ts";
import { isAccessId } from "../../shared/keys/access.ts";
import { KEY_ID, MEDIA_BUCKET, uploadIdOf } from "../../shared/uploads/storage.ts";

/** An object that was announced, as it is now; `object` is null if it no longer exists. */
export interface FoundObject {
  readonly announcement: Announcement;
  readonly object: R2Object | null;
}

export interface Origins extends UploadOrigins {
  /** Ids of people who stored an object while signed in with Cloudflare Access, and who may still sign in. */
  readonly letIn: ReadonlySet<string>;
}

/** Read the origins of objects whose keys Darkroom gave out. One round trip; none if there are no such objects. */
export async function readOrigins(
  found: readonly FoundObject[],
  { db, isLetIn }: Pick<Intake, "db" | "isLetIn">,
): Promise<Origins> {
  const own = found.filter(({ announcement }) => uploadIdOf(announcement.key) !== null);
  if (own.length === 0) return { ...NO_ORIGINS, letIn: new Set() };
  const ids = new Set(own.flatMap(({ object }) => object?.customMetadata?.[KEY_ID] ?? []));
  const letIn = new Set<string>();
  for (const id of ids) if (isAccessId(id) && (await isLetIn(id))) letIn.add(id);
  const asked = {
    bucket: MEDIA_BUCKET,
    keyIds: [...ids],
    uploadIds: own.flatMap(({ announcement }) => uploadIdOf(announcement.key) ?? []),
    objectKeys: own.map(({ announcement }) => announcement.key),
  };
  return { ...(await retryTransient(() => readUploadOrigins(db, asked))), letIn };
}

/**
 * Return why an object gets no job, regardless of its content; null if nothing forbids it. `routeUpload` checks the declared size
 * and the accepted types, which are in the object's metadata. The day's bytes were counted when the upload was announced or
 * sent. An object elsewhere in the inbox was written with the bucket's own credentials, so no key's limits apply to it.
 */
export function refuseUpload(
  object: R2Object,
  ownerId: string,
  { keys, announced, taken, letIn }: Origins,
): string | null {
  const uploadId = uploadIdOf(object.key);
  if (uploadId === null) return null;
  const before = taken.get(object.key);
  if (before !== undefined && !before.includes(object.etag)) return HAS_ITS_JOB;
  const upload = announced.get(uploadId);
  if (upload?.key === object.key) {
    if (upload.ownerId !== ownerId) return "another owner has announced an upload under this object key";
    if (upload.abortedAt !== null) return "its upload was aborted";
  }
  const keyId = object.customMetadata?.[KEY_ID];
  if (keyId === undefined || letIn.has(keyId)) return null;
  return isAccessId(keyId) ? LET_IN_NO_MORE : refuseByKey(object, keyId, keys.get(keyId));
}

/** Return how many unfinished jobs the upload's API key may have; null if there is no limit. */
export function limitOf({ key, customMetadata }: R2Object, { keys }: UploadOrigins): JobLimit | null {
  if (uploadIdOf(key) === null) return null;
  const found = keys.get(customMetadata?.[KEY_ID] ?? "");
  if (found === undefined || found.maxConcurrentJobs === null) return null;
  return { keyId: found.id, maxConcurrentJobs: found.maxConcurrentJobs };
}

/**
 * Return why an upload has no job although it was to have one: its API key is at its limit, or another upload got the job
 * first.
 */
export function ifAtLimit(limit: JobLimit | null): string {
  if (limit === null) return HAS_ITS_JOB;
  const { maxConcurrentJobs } = limit;
  return `its key may have ${maxConcurrentJobs} unfinished jobs, and already has that many; submit the object as a job's source when one of them has ended`;
}

const LET_IN_NO_MORE = "it was sent by a person who may no longer sign in with Cloudflare Access";

function refuseByKey({ size, uploaded }: R2Object, keyId: string, key: Key | undefined): string | null {
  if (key === undefined) return `its key '${keyId}' does not exist`;
  // An object that was stored before the key ended was stored with a valid key.
  const storedAt = uploaded.getTime();
  if (key.revokedAt !== null && storedAt > key.revokedAt) return `its key '${keyId}' was revoked before it was stored`;
  if (key.expiresAt !== null && storedAt > key.expiresAt) return `its key '${keyId}' had expired before it was stored`;
  const { maxBytes } = key.uploadLimits;
  return maxBytes === null || size <= maxBytes
    ? null
    : `its key may upload at most ${maxBytes} bytes, and the object has ${size}`;
}
