import { SNIFF_BYTES } from "../../shared/limits.ts";
import type { Source } from "../../shared/jobs/job-work.ts";
import type { UploadHead } from "../../shared/uploads/route-upload.ts";

/** A body whose first bytes have been looked at, and none of it lost. */
export interface PeekedBody {
  readonly head: Uint8Array;
  readonly whole: ReadableStream<Uint8Array>;
}

/** Read just enough of a body to know what it is, so that what no job takes is refused before it is stored. */
export async function peek(body: ReadableStream<Uint8Array>, headBytes = SNIFF_BYTES): Promise<PeekedBody> {
  const reader = body.getReader();
  const chunks: Uint8Array[] = [];
  let sizeBytes = 0;
  let isDone = false;
  while (sizeBytes < headBytes && !isDone) {
    const { value, done } = await reader.read();
    isDone = done;
    if (value === undefined) continue;
    chunks.push(value);
    sizeBytes += value.length;
  }
  const head = new Uint8Array(await new Blob(chunks).arrayBuffer());
  const whole = new ReadableStream<Uint8Array>({
    start: (controller) => controller.enqueue(head),
    async pull(controller) {
      const { value, done } = await reader.read();
      if (done) controller.close();
      else controller.enqueue(value);
    },
    cancel: (reason) => reader.cancel(reason),
  });
  return { head: head.subarray(0, headBytes), whole };
}

/**
 * Stream a body into the bucket.
 * @param sizeBytes the declared length; R2 stores nothing if the body is shorter or longer.
 * @throws if the body does not have that length, or the client went away.
 */
export async function storeUpload(
  media: R2Bucket,
  upload: { key: string; sizeBytes: number; body: ReadableStream<Uint8Array>; metadata: UploadHead["metadata"] },
): Promise<Source> {
  const fixed = new FixedLengthStream(upload.sizeBytes);
  const [, object] = await Promise.all([
    upload.body.pipeTo(fixed.writable),
    media.put(upload.key, fixed.readable, { customMetadata: { ...upload.metadata } }),
  ]);
  return { key: upload.key, etag: object.etag, sizeBytes: object.size };
}
