import { INBOX_PREFIX } from "../shared/uploads/storage.ts";
import type { Source } from "../shared/jobs/source.ts";

export const SOURCE_BYTES = 32 * 1024;

/** Put this many pictures into the bucket, no two alike. */
export async function putPictures(media: R2Bucket, count: number): Promise<readonly Source[]> {
  const sources: Source[] = [];
  for (let index = 0; index < count; index += 1) {
    const key = `${INBOX_PREFIX}bench/${String(index).padStart(5, "0")}.png`;
    const object = await media.put(key, picture(index));
    if (object === null) throw new Error(`'${key}' was not stored`);
    sources.push({ key, etag: object.etag, sizeBytes: object.size });
  }
  return sources;
}

/** A PNG's signature, its header (256 × 256) and one chunk of random bytes. No code in the benchmark decodes pixels. */
function picture(seed: number): Uint8Array {
  const bytes = new Uint8Array(SOURCE_BYTES);
  let state = seed + 1;
  for (let index = 0; index < bytes.length; index += 1) {
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0;
    bytes[index] = state >>> 24;
  }
  bytes.set([0x89, 0x50, 0x4e, 0x47, 0x0d, 0x0a, 0x1a, 0x0a]);
  const header = new DataView(bytes.buffer, 8);
  header.setUint32(0, 13);
  header.setUint32(8, 256);
  header.setUint32(12, 256);
  header.setUint32(25, SOURCE_BYTES - 45);
  bytes.set(new TextEncoder().encode("IHDR"), 12);
  bytes.set([8, 2, 0, 0, 0], 24);
  bytes.set(new TextEncoder().encode("IDAT"), 37);
  return bytes;
}
