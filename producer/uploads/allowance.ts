import { isAtLimit } from "../../shared/db/keys/job-limit.ts";
import { returnUploadBytes, secondsToMidnight, takeUploadBytes } from "../../shared/db/keys/key-days.ts";
import type { Key } from "../../shared/db/keys/keys.ts";
import type { Problem } from "../http/problem.ts";
import { type Submitter, tooManyJobs } from "../jobs/asked.ts";

/** An upload that its key may make: `giveBack` if it comes to nothing. */
export interface Admitted {
  readonly ok: true;
  readonly giveBack: () => Promise<void>;
}

export type Admission = Admitted | { readonly ok: false; readonly problem: Problem };

/**
 * Ask, before a byte is stored, whether a key may send so many at once and a day, and have another job. The bytes are
 * taken out of its day.
 * Whether the job is taken is decided when it is inserted; this only spares storing what would be refused.
 */
export async function admitUpload({ key, limit }: Submitter, sizeBytes: number, db: D1Database): Promise<Admission> {
  const refusal = refuseSize(key, sizeBytes);
  if (refusal !== null) return { ok: false, problem: refusal };
  if (limit !== null && (await isAtLimit(db, limit))) return { ok: false, problem: tooManyJobs(limit) };
  const { id: keyId, maxUploadBytesADay: maxBytesADay } = key;
  if (maxBytesADay === null) return { ok: true, giveBack: async () => undefined };
  const now = Date.now();
  if (await takeUploadBytes(db, { keyId, maxBytesADay }, sizeBytes, now)) {
    return { ok: true, giveBack: () => returnUploadBytes(db, keyId, sizeBytes, now) };
  }
  const detail = `This key may upload ${maxBytesADay} bytes a day (UTC), and ${sizeBytes} more are too many today.`;
  return { ok: false, problem: { code: "upload_allowance_used", detail, retryAfterSeconds: secondsToMidnight(now) } };
}

/** What is done with an upload's bytes. If it throws, they are given back. */
export async function orGiveBack<T>({ giveBack }: Admitted, storing: Promise<T>): Promise<T> {
  try {
    return await storing;
  } catch (error) {
    await giveBack();
    throw error;
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
