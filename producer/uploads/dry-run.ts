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

/** Price a file by its beginning, and store nothing of it. `sizeBytes` is the whole file's. */
export async function priceUpload(
  { name, sizeBytes, asked }: { name: string; sizeBytes: number; asked: AskedOfUpload },
  body: ReadableStream<Uint8Array>,
  by: Submitter,
  deps: Intake,
): Promise<Priced> {
  const { head, whole } = await peek(body, READ_BYTES);
  // Read and dropped: a connection that is closed while its client still sends takes the answer with it.
  await whole.pipeTo(new WritableStream());
  const refusal = sizeBytes < head.length ? wrongSize(sizeBytes, head.length) : refuseSize(by.key, sizeBytes);
  if (refusal !== null) return { ok: false, problem: refusal };
  const source = { key: uploadKey(await seededId(by.seed), name), etag: "", sizeBytes };
  const described = await describeUpload({ source, head, metadata: uploadMetadata(asked, by.key) }, deps);
  if (described.type !== "job") return { ok: false, problem: refusedUpload(described) };
  return priceWork(described.job.work, () => headSource(head, sizeBytes), LOOK);
}

function wrongSize(sizeBytes: number, sentBytes: number): Problem {
  const message = `the file has ${sizeBytes} bytes, it says, and ${sentBytes} were sent`;
  return {
    code: "invalid_request",
    detail: `sizeBytes: ${message}`,
    issues: [{ path: "sizeBytes", message }],
  };
}
