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
 * Estimate what a job would cost, or say why it would be refused or could not be transcribed. Reads the source, and writes nothing.
 * @param key the key that asks. A key that may not read gets prices of its own uploads only.
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

/** Refuse objects of other keys to a key that may not read: a price reveals how long an object is, and a refusal what it contains. */
function refuseLook(key: Key, object: R2Object): Problem | null {
  if (key.scopes.includes("jobs:read") || object.customMetadata?.[KEY_ID] === key.id) return null;
  return insufficientScope(key, "A dry run of an object that was not uploaded with the same key", ["jobs:read"]);
}

/** Price jobs one after another, each with a glance at its source: an invocation may make a thousand subrequests. */
export async function priceJobs(requests: readonly JobRequest[], key: Key, deps: Intake): Promise<readonly Priced[]> {
  const priced: Priced[] = [];
  for (const request of requests) priced.push(await priceJob(request, key, deps, GLANCE));
  return priced;
}
