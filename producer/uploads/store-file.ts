import type { Intake } from "../../shared/jobs/intake.ts";
import { fileKey } from "../../shared/uploads/storage.ts";
import type { Problem } from "../http/problem.ts";
import type { Submitter } from "../jobs/asked.ts";
import { storeWithin } from "./allowance.ts";
import { storeUpload } from "./receive-upload.ts";

/** A file that a client of a dialect sent or named. It is stored outside the inbox, so that its event does not make a second job. */
export interface StoredFile {
  readonly id: string;
  readonly key: string;
  /** Delete the file, and return its bytes to the key's day. */
  forget(): Promise<void>;
}

/** A file that is not stored yet. */
export interface Incoming {
  readonly body: Uint8Array | ReadableStream<Uint8Array>;
  readonly sizeBytes: number;
  readonly contentType: string;
}

/** R2 allows 8 kB of metadata an object. A type and a subtype have at most 127 characters each (RFC 6838). */
const MAX_CONTENT_TYPE_CHARS = 255;

/**
 * Store a file where the owner's jobs can read it, if its key may upload it. Maintenance deletes it after the retention.
 * @param about further metadata of the object.
 * @throws NotStored also if a stream does not have its declared length.
 */
export async function storeFile(
  { body, sizeBytes, contentType }: Incoming,
  by: Submitter,
  { media, db }: Pick<Intake, "media" | "db">,
  about: Readonly<Record<string, string>> = {},
): Promise<{ readonly ok: true; readonly file: StoredFile } | { readonly ok: false; readonly problem: Problem }> {
  const id = fileId(Date.now());
  const key = fileKey(id);
  const { contentTypes } = by.key.uploadLimits;
  const metadata = {
    ...about,
    ...(contentTypes && { "accepted-types": JSON.stringify(contentTypes) }),
    owner: by.ownerId,
    // A longer text is not a content type.
    contentType: contentType.length > MAX_CONTENT_TYPE_CHARS ? "application/octet-stream" : contentType,
  };
  const store = async () => {
    if (body instanceof ReadableStream) await storeUpload(media, { key, sizeBytes, body, metadata });
    else await media.put(key, body, { customMetadata: metadata });
  };
  const storing = await storeWithin(by, sizeBytes, db, store);
  if (!storing.ok) {
    if (body instanceof ReadableStream) await body.cancel();
    return storing;
  }
  const forget = async () => void (await Promise.all([media.delete(key), storing.giveBack()]));
  return { ok: true, file: { id, key, forget } };
}

/** Make an id. Ids sort by time, so that the oldest files come first in a listing and are deleted first. */
function fileId(now: number): string {
  const random = crypto.getRandomValues(new Uint8Array(10)).toHex();
  return `file_${now.toString(16).padStart(12, "0")}${random}`;
}
