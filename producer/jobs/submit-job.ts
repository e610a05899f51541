import type { Intake } from "../../shared/jobs/intake.ts";
import { JobWork } from "../../shared/kinds/index.ts";
import { withSteps } from "../../shared/jobs/with-steps.ts";
import { decideModel, describeUpload } from "../../shared/jobs/describe-job.ts";
import { limitsOf } from "../../shared/uploads/route-upload.ts";
import type { Problem } from "../http/problem.ts";
import { acceptJob, acceptJobs, SOURCES_AT_ONCE } from "./accept-jobs.ts";
import {
  type Alongside,
  type Asked,
  impossibleBudget,
  type Submitted,
  type Submitter,
  invalidField,
  refusedUpload,
} from "./asked.ts";
import type { JobRequest } from "./requests.ts";

/** Accept a job that a client describes. `alongside` works only for a job that does not read an upload of the inbox. */
export async function submitJob(
  request: JobRequest,
  by: Submitter,
  deps: Intake,
  alongside?: Alongside,
): Promise<Submitted> {
  const described = await describeRequest(request, by.ownerId, deps);
  if ("code" in described) return { ok: false, problem: described };
  return acceptJob({ ...described, alongside }, by, deps);
}

/** Accept jobs that a client describes. Each is checked on its own, and the valid ones are inserted in one transaction. Results keep the order. */
export async function submitJobs(
  requests: readonly JobRequest[],
  by: Submitter,
  deps: Intake,
): Promise<readonly Submitted[]> {
  const described: (Asked | Problem)[] = [];
  for (let start = 0; start < requests.length; start += SOURCES_AT_ONCE) {
    const some = requests.slice(start, start + SOURCES_AT_ONCE);
    described.push(...(await Promise.all(some.map((request) => describeRequest(request, by.ownerId, deps)))));
  }
  const asked = described.filter((one) => "work" in one);
  const accepted = await acceptJobs(asked, by, deps);
  return described.map((one): Submitted => {
    if ("code" in one) return { ok: false, problem: one };
    const result = accepted[asked.indexOf(one)];
    if (result === undefined) throw new Error("fewer jobs were accepted than asked for");
    return result;
  });
}

/**
 * Turn a request into a job, or into the problem why that is impossible.
 * @param refuse may refuse the source before its bytes are read.
 */
export async function describeRequest(
  request: JobRequest,
  ownerId: string,
  deps: Intake,
  refuse: (object: R2Object) => Problem | null = () => null,
): Promise<Asked | Problem> {
  const { kind, source: key, options, then, tags, metadata, ...rest } = request;
  const { priority, reuse, startWithinSeconds, deadlineSeconds, latencyBudgetMs, maxNeurons, ...inline } = rest;
  const terms = { priority, reuse, startWithinSeconds, deadlineSeconds, latencyBudgetMs, maxNeurons };
  const marks = { tags, metadata };
  if (key === undefined) {
    const followed = withSteps(JobWork.parse({ kind, input: { ...inline, options } }), then);
    if (!followed.ok) return invalidField("then", followed.reason);
    const chosen = await decideModel(deps.db, { work: followed.work, terms });
    if (!chosen.ok) return impossibleBudget(chosen.reason);
    return { work: chosen.work, choice: chosen.choice, terms, marks, source: null };
  }

  const object = await deps.media.head(key);
  // An object of another owner looks as if it did not exist.
  if (object === null || (object.customMetadata?.["owner"] ?? deps.operatorId) !== ownerId) {
    return { code: "source_not_found", detail: `There is no object '${key}'.` };
  }
  const refusal = refuse(object);
  if (refusal !== null) return refusal;
  const source = { key, etag: object.etag, sizeBytes: object.size };
  const asked = { ...limitsOf(object), kind, options: JSON.stringify(options), then: JSON.stringify(then) };
  const described = await describeUpload({ source, metadata: asked, terms }, deps);
  if (described.type === "gone")
    return { code: "source_not_found", detail: `'${key}' was replaced a moment ago. Send the request again.` };
  return described.type === "job"
    ? { ...described.job, marks, source, storedAt: object.uploaded.getTime() }
    : refusedUpload(described);
}
