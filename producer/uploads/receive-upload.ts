import { JobWork, type Source } from "../../shared/jobs/job-work.ts";
import type { Intake } from "../../shared/jobs/intake.ts";
import { describeUpload } from "../../shared/uploads/describe-upload.ts";
import { uploadKey } from "../../shared/uploads/storage.ts";
import { seededId } from "../http/seeded-ids.ts";
import { acceptJob } from "../jobs/accept-jobs.ts";
import type { Submitted, Submitter } from "../jobs/asked.ts";
import { admitUpload, orGiveBack } from "./allowance.ts";
import { type AskedOfUpload, refuseMetadata, uploadMetadata, withChosen } from "./metadata.ts";
import { refusedUpload } from "./refused-upload.ts";
import { type PeekedBody, storeUpload } from "./upload-body.ts";

/** Store a body in the inbox, and give it its job: not before it is known to become one, and to be allowed. */
export async function receiveUpload(
  { name, sizeBytes, asked, body }: { name: string; sizeBytes: number; asked: AskedOfUpload; body: PeekedBody },
  by: Submitter,
  deps: Intake,
): Promise<Submitted> {
  const key = uploadKey(await seededId(by.seed), name);
  const metadata = uploadMetadata(asked, by.key);
  const tooMuch = refuseMetadata(metadata);
  if (tooMuch !== null) return { ok: false, problem: tooMuch };
  const described = await describeUpload({ source: { key, etag: "", sizeBytes }, head: body.head, metadata }, deps);
  if (described.type !== "job") return { ok: false, problem: refusedUpload(described) };

  const { job } = described;
  const admission = await admitUpload(by, sizeBytes, deps.db);
  if (!admission.ok) return admission;
  let source: Source;
  try {
    const upload = { key, sizeBytes, body: body.whole, metadata: withChosen(metadata, job) };
    source = await orGiveBack(admission, storeUpload(deps.media, upload));
  } catch (error) {
    return { ok: false, problem: { code: "upload_incomplete", detail: `Nothing was stored: ${String(error)}` } };
  }
  const work = JobWork.parse({ kind: job.work.kind, input: { ...job.work.input, source } });
  const result = await acceptJob({ ...job, work, source }, by, deps);
  if (!result.ok) {
    // Its event would make a job of it all the same.
    await deps.media.delete(key);
    await admission.giveBack();
  }
  return result;
}
