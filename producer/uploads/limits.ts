import type { Context } from "hono";

import { isAtLimit } from "../../shared/db/keys/job-limit.ts";
import { returnUploadBytes, secondsToMidnight, takeUploadBytes } from "../../shared/db/keys/key-days.ts";
import type { UploadLimits } from "../../shared/db/keys/keys.ts";
import type { UploadMetadata } from "../../shared/uploads/signed-headers.ts";
import { KEY_ID } from "../../shared/uploads/storage.ts";
import type { App } from "../http/app.ts";
import { submitterOf } from "../http/auth.ts";
import type { Problem } from "../http/problem.ts";
import { tooManyJobs } from "../jobs/asked.ts";

/** R2's limit for an object's custom metadata is 8,192 bytes of names and values; the rest is ours. */
const MAX_METADATA_BYTES = 7900;

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
export async function admitUpload(c: Context<App>, sizeBytes: number): Promise<Admission> {
  const { id: keyId, maxUploadBytesADay: maxBytesADay } = c.get("key");
  const refusal = refuseSize(c.get("uploadLimits"), sizeBytes);
  if (refusal !== null) return { ok: false, problem: refusal };
  const db = c.env.DB;
  const { limit } = submitterOf(c);
  if (limit !== null && (await isAtLimit(db, limit))) return { ok: false, problem: tooManyJobs(limit) };
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

/** Metadata of what a key stores: its limits are asked again where the object's event makes the job. */
export function keyMetadata(c: Context<App>): UploadMetadata {
  return { [KEY_ID]: c.get("keyId") };
}

/** Metadata of what a key stores, for whatever job is made of it: the bytes decide then. */
export function typeMetadata(c: Context<App>): Readonly<Record<string, string>> {
  const { contentTypes } = c.get("uploadLimits");
  return contentTypes === null ? {} : { "accepted-types": JSON.stringify(contentTypes) };
}

/** Whether the key that asks may upload so much. */
export function refuseSize({ maxBytes }: UploadLimits, sizeBytes: number): Problem | null {
  if (maxBytes === null || sizeBytes <= maxBytes) return null;
  return {
    code: "upload_too_large",
    detail: `This key uploads at most ${maxBytes} bytes, and these are ${sizeBytes}.`,
  };
}

/** Whether the key may upload what a client says it is. The bytes are looked at as well once they are there. */
export function refuseType({ contentTypes }: UploadLimits, contentType: string | undefined): Problem | null {
  if (contentTypes === null) return null;
  const takes = `This key uploads ${contentTypes.join(", ")} only`;
  if (contentType === undefined) return { code: "unsupported_media", detail: `${takes}: say its contentType.` };
  if (contentTypes.some((prefix) => contentType.startsWith(prefix))) return null;
  return { code: "unsupported_media", detail: `${takes}, and this is ${contentType}.` };
}

/** Whether an object can carry all that is to be said of it. */
export function refuseMetadata(metadata: Readonly<Record<string, string>>): Problem | null {
  if (new TextEncoder().encode(JSON.stringify(metadata)).length <= MAX_METADATA_BYTES) return null;
  const detail = `name, options, tags and metadata of an upload have at most ${MAX_METADATA_BYTES} bytes together`;
  return { code: "invalid_request", detail };
}
