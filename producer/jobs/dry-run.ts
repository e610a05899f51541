import { GLANCE, LOOK } from "../../shared/audio/extent.ts";
import { r2Source } from "../../shared/audio/reading/byte-source.ts";
import type { ReadAllowance } from "../../shared/audio/reading/sparing-source.ts";
import type { Key } from "../../shared/db/keys/keys.ts";
import type { Intake } from "../../shared/jobs/intake.ts";
import { KEY_ID } from "../../shared/uploads/storage.ts";
import type { Problem } from "../http/problem.ts";
import { insufficientScope } from "../http/scopes.ts";
import { type Priced, priceWork } from "./price-work.ts";
import type { JobRequest } from "./requests.ts";
import { describeRequest } from "./submit-job.ts";

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
  return priceWork(asked.work, (source) => r2Source(deps.media, source), allowance);
}

/** A price tells how long its object is, and a refusal what it holds. */
function refuseLook(key: Key, object: R2Object): Problem | null {
  if (key.scopes.includes("jobs:read") || object.customMetadata?.[KEY_ID] === key.id) return null;
  return insufficientScope(key, "A dry run of what was not uploaded with the same key", ["jobs:read"]);
}

/** One source after the other, and each by a glance: an invocation may make a thousand subrequests. */
export async function priceJobs(requests: readonly JobRequest[], key: Key, deps: Intake): Promise<readonly Priced[]> {
  const priced: Priced[] = [];
  for (const request of requests) priced.push(await priceJob(request, key, deps, GLANCE));
  return priced;
}
