import { isAtLimit } from "../../shared/db/keys/job-limit.ts";
import { returnUploadBytes, secondsToMidnight, takeUploadBytes } from "../../shared/db/keys/key-days.ts";
import type { Key } from "../../shared/db/keys/keys.ts";
import type { Problem } from "../http/problem.ts";
import { type Submitter, tooManyJobs } from "../jobs/asked.ts";

/** The bucket did not take the bytes, or their sender broke off in the middle. */
export class NotStored extends Error {
  override readonly name = "NotStored";
}

/** What was stored; `giveBack` gives its bytes back to the key's day, if it comes to nothing after all. */
export type Stored<T> =
  | { readonly ok: true; readonly stored: T; readonly giveBack: () => Promise<void> }
  | { readonly ok: false; readonly problem: Problem };

/**
 * Store what a key may upload. Before a byte is stored it is asked whether the key may send so many at once and a day, and have
 * another job; the bytes are taken out of its day, and given back where `store` throws.
 * Whether the job is taken is decided when it is inserted; this only spares storing what would be refused.
 * @throws NotStored where `store` throws.
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
    const detail = `This key may upload ${maxBytesADay} bytes a day (UTC), and ${sizeBytes} more are too many today.`;
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
    throw new NotStored(`Nothing was stored: ${String(cause)}`, { cause });
  }
}

/** Whether the key that asks may upload so much. */
export function refuseSize({ uploadLimits: { maxBytes } }: Key, sizeBytes: number): Problem | null {
  if (maxBytes === null || sizeBytes <= maxBytes) return null;
  return {
    code: "upload_too_large",
    detail: `This key uploads at most ${maxBytes} bytes, and these are ${sizeBytes}.`,
  };
}

/** Whether the key may upload what a client says it is. The bytes are looked at as well once they are there. */
export function refuseType({ uploadLimits: { contentTypes } }: Key, contentType: string | undefined): Problem | null {
  if (contentTypes === null) return null;
  const takes = `This key uploads ${contentTypes.join(", ")} only`;
  if (contentType === undefined) return { code: "unsupported_media", detail: `${takes}: say its contentType.` };
  if (contentTypes.some((prefix) => contentType.startsWith(prefix))) return null;
  return { code: "unsupported_media", detail: `${takes}, and this is ${contentType}.` };
}
