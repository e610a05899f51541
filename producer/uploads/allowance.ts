import { isAtLimit } from "../../shared/db/keys/job-limit.ts";
import { returnUploadBytes, secondsToMidnight, takeUploadBytes } from "../../shared/db/keys/key-days.ts";
import type { Key } from "../../shared/db/keys/keys.ts";
import type { Problem } from "../http/problem.ts";
import { type Submitter, tooManyJobs } from "../jobs/asked.ts";

/** The bucket did not accept the bytes, or their sender broke off in the middle. */
export class NotStored extends Error {
  override readonly name = "NotStored";
}

/** What was stored. `giveBack` returns its bytes to the key's day, for an upload that is refused later. */
export type Stored<T> =
  | { readonly ok: true; readonly stored: T; readonly giveBack: () => Promise<void> }
  | { readonly ok: false; readonly problem: Problem };

/**
 * Store an upload within the limits of its key. Before a byte is stored, the limits for one upload, for a day and for unfinished jobs
 * are checked. The bytes are taken out of the key's day, and returned if `store` throws. The limit of jobs is enforced when the job
 * is inserted; this check only avoids storing bytes that would be refused.
 * @throws NotStored if `store` throws.
 */
export async function storeWithin<T>(
  { key, limit }: Submitter,
  sizeBytes: number,
  db: D1Database,
  store: () => Promise<T>,
): Promise<Stored<T>> {
  const refusal = refuseSize(key, sizeBytes);
  if (refusal !== null) return { ok: false, problem: refusal };
  if (limit !== null && (await isAtLimit(db, limit))) return { ok: false, problem: tooManyJobs(limit) };
  const { id: keyId, maxUploadBytesADay: maxBytesADay } = key;
  const now = Date.now();
  if (maxBytesADay !== null && !(await takeUploadBytes(db, { keyId, maxBytesADay }, sizeBytes, now))) {
    const detail = `This key may upload ${maxBytesADay} bytes a day. The ${sizeBytes} bytes of this upload exceed what is left today; try again after 00:00 UTC.`;
    const retryAfterSeconds = secondsToMidnight(now);
    return { ok: false, problem: { code: "upload_allowance_used", detail, retryAfterSeconds } };
  }
  const giveBack = async () => {
    if (maxBytesADay !== null) await returnUploadBytes(db, keyId, sizeBytes, now);
  };
  try {
    return { ok: true, stored: await store(), giveBack };
  } catch (cause) {
    await giveBack();
    throw new NotStored(`The upload was not stored: ${String(cause)}`, { cause });
  }
}

/** The problem if an upload is too large for its key. */
export function refuseSize({ uploadLimits, maxUploadBytesADay }: Key, sizeBytes: number): Problem | null {
  const maxBytes = uploadLimits.maxBytes ?? Number.POSITIVE_INFINITY;
  // A file above a whole day's bytes fits on no day: waiting for midnight would not help.
  const maxBytesADay = maxUploadBytesADay ?? Number.POSITIVE_INFINITY;
  if (sizeBytes <= Math.min(maxBytes, maxBytesADay)) return null;
  const limit =
    maxBytes <= maxBytesADay ? `upload files of at most ${maxBytes} bytes` : `upload ${maxBytesADay} bytes a day`;
  return { code: "upload_too_large", detail: `This key may ${limit}; this file has ${sizeBytes}.` };
}

/** The problem if the key may not upload the type that a client declares. The bytes are checked too once they are stored. */
export function refuseType({ uploadLimits: { contentTypes } }: Key, contentType: string | undefined): Problem | null {
  if (contentTypes === null) return null;
  const takes = `This key may upload only ${contentTypes.join(", ")}`;
  if (contentType === undefined) return { code: "unsupported_media", detail: `${takes}. Send the contentType.` };
  if (contentTypes.some((prefix) => contentType.startsWith(prefix))) return null;
  return { code: "unsupported_media", detail: `${takes}; this file is ${contentType}.` };
}
