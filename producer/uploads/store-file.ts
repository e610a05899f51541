import { fileKey } from "../../shared/uploads/storage.ts";
import { storeUpload } from "./receive-upload.ts";

/** A file that a dialect's client sent or named. It is outside the inbox: its event must not make a second job of it. */
export interface StoredFile {
  readonly id: string;
  readonly key: string;
  readonly sizeBytes: number;
}

/** A file, and how many bytes it has where that is known before it is read. */
export interface Incoming {
  readonly body: Uint8Array | ReadableStream<Uint8Array>;
  readonly sizeBytes: number;
  readonly contentType: string;
}

/** R2 holds 8 kB of metadata an object; type and subtype have at most 127 characters each (RFC 6838). */
const MAX_CONTENT_TYPE_CHARS = 255;

/**
 * Put a file where the owner's jobs can read it. Maintenance deletes it when the retention has passed.
 * @throws if a stream does not have the length it was said to have.
 */
export async function storeFile(
  media: R2Bucket,
  { body, sizeBytes, contentType }: Incoming,
  { ownerId, now, about = {} }: { ownerId: string; now: number; about?: Record<string, string> },
): Promise<StoredFile> {
  const id = fileId(now);
  const key = fileKey(id);
  // What is longer names no type.
  const named = contentType.length > MAX_CONTENT_TYPE_CHARS ? "application/octet-stream" : contentType;
  const metadata = { ...about, owner: ownerId, contentType: named };
  if (body instanceof ReadableStream) await storeUpload(media, { key, sizeBytes, body, metadata });
  else await media.put(key, body, { customMetadata: metadata });
  return { id, key, sizeBytes };
}

/** Ids sort by time, so that those to delete come first in a listing. */
function fileId(now: number): string {
  const random = crypto.getRandomValues(new Uint8Array(10)).toHex();
  return `file_${now.toString(16).padStart(12, "0")}${random}`;
}
