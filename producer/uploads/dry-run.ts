import { READ_BYTES } from "../../shared/audio/chunks/limits.ts";
import { LOOK } from "../../shared/audio/extent.ts";
import { headSource } from "../../shared/audio/reading/sparing-source.ts";
import type { Intake } from "../../shared/jobs/intake.ts";
import { describeUpload } from "../../shared/jobs/describe-job.ts";
import { uploadKey } from "../../shared/uploads/storage.ts";
import { seededId } from "../http/seeded-ids.ts";
import type { Problem } from "../http/problem.ts";
import { type Submitter, refusedUpload } from "../jobs/asked.ts";
import { type Priced, priceWork } from "../jobs/price-work.ts";
import { refuseSize } from "./allowance.ts";
import { type AskedOfUpload, uploadMetadata } from "./metadata.ts";
import { peek } from "./receive-upload.ts";

/** Estimate the cost of a file from its beginning, and store nothing. `sizeBytes` is the size of the whole file. */
export async function priceUpload(
  { name, sizeBytes, asked }: { name: string; sizeBytes: number; asked: AskedOfUpload },
  body: ReadableStream<Uint8Array>,
  by: Submitter,
  deps: Intake,
): Promise<Priced> {
  const { head, whole } = await peek(body, READ_BYTES);
  // The rest is read and dropped: if the connection were closed while the client still sends, the answer would be lost.
  await whole.pipeTo(new WritableStream());
  const refusal = sizeBytes < head.length ? wrongSize(sizeBytes, head.length) : refuseSize(by.key, sizeBytes);
  if (refusal !== null) return { ok: false, problem: refusal };
  const source = { key: uploadKey(await seededId(by.seed), name), etag: "", sizeBytes };
  const described = await describeUpload({ source, head, metadata: uploadMetadata(asked, by.key) }, deps);
  if (described.type !== "job") return { ok: false, problem: refusedUpload(described) };
  return priceWork(described.job.work, () => headSource(head, sizeBytes), LOOK);
}

function wrongSize(sizeBytes: number, sentBytes: number): Problem {
  const message = `is ${sizeBytes}, but ${sentBytes} bytes were sent; send the size of the whole file`;
  return {
    code: "invalid_request",
    detail: `sizeBytes: ${message}`,
    issues: [{ path: "sizeBytes", message }],
  };
}
