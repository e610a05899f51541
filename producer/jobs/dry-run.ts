import { type ByteSource, r2Source, SourceChanged } from "../../shared/audio/reading/byte-source.ts";
import { callLimits } from "../../shared/audio/chunks/call-limits.ts";
import { GLANCE, LOOK } from "../../shared/audio/extent.ts";
import { headSource, type ReadAllowance } from "../../shared/audio/reading/sparing-source.ts";
import type { Key } from "../../shared/db/keys/keys.ts";
import type { Estimate } from "../../shared/cost/estimate.ts";
import type { Intake } from "../../shared/jobs/intake.ts";
import { estimateWork } from "../../shared/cost/estimate-work.ts";
import { KEY_ID } from "../../shared/uploads/storage.ts";
import { lookAt } from "../uploads/measure-source.ts";
import type { Problem } from "../http/problem.ts";
import type { JobRequest } from "./requests.ts";
import { insufficientScope } from "../http/scopes.ts";
import { describeRequest } from "./submit-job.ts";
import type { JobWork } from "../../shared/jobs/job-work.ts";

type Transcription = Extract<JobWork, { readonly kind: "transcription" }>;

export type Priced =
  | { readonly ok: true; readonly estimate: Estimate | null }
  | { readonly ok: false; readonly problem: Problem };

/**
 * What a job would cost, or why it would not be taken or could not be transcribed. Reads its source, and writes nothing.
 * @param key that asks: one that may not read is told of its own uploads alone.
 */
export async function priceJob(
  request: JobRequest,
  key: Key,
  deps: Intake,
  allowance: ReadAllowance = LOOK,
): Promise<Priced> {
  const asked = await describeRequest(request, key.ownerId, deps, (object) => refuseLook(key, object));
  if ("code" in asked) return { ok: false, problem: asked };
  const { work } = asked;
  if (work.kind !== "transcription") return { ok: true, estimate: estimateWork(work, null) };
  return priceAudio(work, r2Source(deps.media, work.input.source), allowance);
}

/** A price tells how long its object is, and a refusal what it holds. */
function refuseLook(key: Key, object: R2Object): Problem | null {
  if (key.scopes.includes("jobs:read") || object.customMetadata?.[KEY_ID] === key.id) return null;
  return insufficientScope(key, "A dry run of what was not uploaded with the same key", ["jobs:read"]);
}

/** What a file would cost that is not in the bucket. `head` is its beginning, or all of it. */
export async function priceFile(work: JobWork, head: Uint8Array, sizeBytes: number): Promise<Priced> {
  if (work.kind !== "transcription") return { ok: true, estimate: estimateWork(work, null) };
  return priceAudio(work, headSource(head, sizeBytes), LOOK);
}

async function priceAudio(work: Transcription, source: ByteSource, allowance: ReadAllowance): Promise<Priced> {
  try {
    const extent = await lookAt(source, callLimits(work.input.options.tier), allowance);
    if (extent === null || !("code" in extent)) return { ok: true, estimate: estimateWork(work, extent) };
    return { ok: false, problem: { code: "unsupported_media", detail: extent.message } };
  } catch (error) {
    if (!(error instanceof SourceChanged)) throw error;
    return { ok: false, problem: { code: "source_not_found", detail: error.message } };
  }
}

/** One source after the other, and each by a glance: an invocation may make a thousand subrequests. */
export async function priceJobs(requests: readonly JobRequest[], key: Key, deps: Intake): Promise<readonly Priced[]> {
  const priced: Priced[] = [];
  for (const request of requests) priced.push(await priceJob(request, key, deps, GLANCE));
  return priced;
}
