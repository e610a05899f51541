import { JobWork } from "../../shared/kinds/index.ts";
import { type Source } from "../../shared/jobs/source.ts";
import type { Intake } from "../../shared/jobs/intake.ts";
import { describeUpload } from "../../shared/jobs/describe-job.ts";
import { uploadKey } from "../../shared/uploads/storage.ts";
import { seededId } from "../http/seeded-ids.ts";
import { acceptJob } from "../jobs/accept-jobs.ts";
import { type Submitted, type Submitter, refusedUpload } from "../jobs/asked.ts";
import { NotStored, refuseSize, type Stored, storeWithin } from "./allowance.ts";
import { type AskedOfUpload, storedMetadata, uploadMetadata } from "./metadata.ts";
import { SNIFF_BYTES } from "../../shared/limits.ts";
import type { UploadHead } from "../../shared/uploads/route-upload.ts";

/** A body whose first bytes have been read. `whole` still has all of them. */
export interface PeekedBody {
  readonly head: Uint8Array;
  readonly whole: ReadableStream<Uint8Array>;
}

/** Read just enough of a body to detect its type, so that a file that no job takes is refused before it is stored. */
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

/** Store a body in the inbox and submit its job. A body that is not allowed, or that no job takes, is refused before it is stored. */
export async function receiveUpload(
  { name, sizeBytes, asked, body }: { name: string; sizeBytes: number; asked: AskedOfUpload; body: PeekedBody },
  by: Submitter,
  deps: Intake,
): Promise<Submitted> {
  const tooLarge = refuseSize(by.key, sizeBytes);
  if (tooLarge !== null) return { ok: false, problem: tooLarge };
  const key = uploadKey(await seededId(by.seed), name);
  const metadata = uploadMetadata(asked, by.key);
  const described = await describeUpload({ source: { key, etag: "", sizeBytes }, head: body.head, metadata }, deps);
  if (described.type !== "job") return { ok: false, problem: refusedUpload(described) };

  const { job } = described;
  const about = storedMetadata(metadata, job);
  if ("code" in about) return { ok: false, problem: about };
  const upload = { key, sizeBytes, body: body.whole, metadata: about };
  let storing: Stored<Source>;
  try {
    storing = await storeWithin(by, sizeBytes, deps.db, () => storeUpload(deps.media, upload));
  } catch (error) {
    if (!(error instanceof NotStored)) throw error;
    return { ok: false, problem: { code: "upload_incomplete", detail: error.message } };
  }
  if (!storing.ok) return storing;
  const { stored: source, giveBack } = storing;
  const work = JobWork.parse({ kind: job.work.kind, input: { ...job.work.input, source } });
  const result = await acceptJob({ ...job, work, source, storedAt: Date.now() }, by, deps);
  if (!result.ok) {
    // Otherwise the object's event would make a job of it.
    await deps.media.delete(key);
    await giveBack();
  }
  return result;
}

/**
 * Stream a body into the bucket.
 * @param upload.sizeBytes the declared length. R2 stores nothing if the body is shorter or longer.
 * @throws if the body does not have that length, or if the client goes away.
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
