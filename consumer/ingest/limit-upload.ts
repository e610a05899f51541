// What a key may do holds also where an object's event makes the job, and no request is there to be refused.
import type { JobLimit } from "../../shared/db/keys/job-limit.ts";
import { HAS_ITS_JOB, type Announcement } from "../../shared/uploads/announcement.ts";
import type { Key } from "../../shared/db/keys/keys.ts";
import { retryTransient } from "../../shared/db/transient.ts";
import { NO_ORIGINS, readUploadOrigins, type UploadOrigins } from "../../shared/db/uploads/upload-origins.ts";
import type { Intake } from "../../shared/jobs/intake.ts";
import { KEY_ID, MEDIA_BUCKET, uploadIdOf } from "../../shared/uploads/storage.ts";

/** An object that was announced, as it is now; null where there is none any more. */
export interface FoundObject {
  readonly announcement: Announcement;
  readonly object: R2Object | null;
}

/** Where the objects come from that lie under keys which Darkroom gave out. One round trip; none where there are none. */
export async function readOrigins(found: readonly FoundObject[], { db }: Pick<Intake, "db">): Promise<UploadOrigins> {
  const own = found.filter(({ announcement }) => uploadIdOf(announcement.key) !== null);
  if (own.length === 0) return NO_ORIGINS;
  const asked = {
    bucket: MEDIA_BUCKET,
    keyIds: own.flatMap(({ object }) => object?.customMetadata?.[KEY_ID] ?? []),
    uploadIds: own.flatMap(({ announcement }) => uploadIdOf(announcement.key) ?? []),
    objectKeys: own.map(({ announcement }) => announcement.key),
  };
  return retryTransient(() => readUploadOrigins(db, asked));
}

/**
 * Why an object becomes no job, whatever it holds; null if nothing speaks against it. The declared size and the accepted types
 * are in the object's metadata, and `routeUpload` asks them; the day's bytes were taken when the upload was announced or sent.
 * An object elsewhere in the inbox was put there with the bucket's own credentials, which no limit of a key holds.
 */
export function refuseUpload(
  object: R2Object,
  ownerId: string,
  { keys, announced, taken }: UploadOrigins,
): string | null {
  const uploadId = uploadIdOf(object.key);
  if (uploadId === null) return null;
  const before = taken.get(object.key);
  if (before !== undefined && !before.includes(object.etag)) return HAS_ITS_JOB;
  const upload = announced.get(uploadId);
  if (upload?.key === object.key) {
    if (upload.ownerId !== ownerId) return "it lies where another owner announced an upload";
    if (upload.abortedAt !== null) return "its upload was aborted";
  }
  const keyId = object.customMetadata?.[KEY_ID];
  return keyId === undefined ? null : refuseByKey(object, keyId, keys.get(keyId));
}

/** How many jobs of its key may be unfinished; null for any number. */
export function limitOf({ key, customMetadata }: R2Object, { keys }: UploadOrigins): JobLimit | null {
  if (uploadIdOf(key) === null) return null;
  const found = keys.get(customMetadata?.[KEY_ID] ?? "");
  if (found === undefined || found.maxConcurrentJobs === null) return null;
  return { keyId: found.id, maxConcurrentJobs: found.maxConcurrentJobs };
}

/** Why an upload has no job that was to have one, and got none: its key has as many, or another was quicker. */
export function ifAtLimit(limit: JobLimit | null): string {
  if (limit === null) return HAS_ITS_JOB;
  const { maxConcurrentJobs } = limit;
  return `its key may have ${maxConcurrentJobs} unfinished jobs, and had as many; submit it as a job's source when one has ended`;
}

function refuseByKey({ size, uploaded }: R2Object, keyId: string, key: Key | undefined): string | null {
  if (key === undefined) return `its key '${keyId}' does not exist`;
  // What was stored before that was stored by right.
  const storedAt = uploaded.getTime();
  if (key.revokedAt !== null && storedAt > key.revokedAt) return `its key '${keyId}' was revoked before it was stored`;
  if (key.expiresAt !== null && storedAt > key.expiresAt) return `its key '${keyId}' had expired before it was stored`;
  const { maxBytes } = key.uploadLimits;
  return maxBytes === null || size <= maxBytes ? null : `its key uploads at most ${maxBytes} bytes, and it has ${size}`;
}
