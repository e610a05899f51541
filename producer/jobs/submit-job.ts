import { MEDIA_BUCKET } from "../../shared/uploads/storage.ts";
import { findJobs } from "../../shared/db/jobs/reads.ts";
import { decideModel } from "../../shared/models/decide-model.ts";
import { uploadJobId } from "../../shared/jobs/job.ts";
import type { Intake } from "../../shared/jobs/intake.ts";
import { JobWork, type Source } from "../../shared/jobs/new-job.ts";
import { readHead } from "../../shared/uploads/read-head.ts";
import { limitsOf, routeUpload } from "../../shared/uploads/route-upload.ts";
import { withSteps } from "../../shared/jobs/steps.ts";
import { acceptJobs } from "./accept-jobs.ts";
import { type Alongside, type Asked, impossibleBudget, type Submitted, type Submitter } from "./asked.ts";
import { glanceAt } from "../uploads/measure-source.ts";
import type { Problem } from "../http/problem.ts";
import { invalidField, refusedRoute } from "../uploads/refused-route.ts";
import type { JobRequest } from "./requests.ts";

/** Sources are read so many at a time: each takes two of the connections an invocation may have open. */
const SOURCES_AT_ONCE = 3;

/** Take a job that a client describes. `alongside` is for what reads no upload of the inbox. */
export async function submitJob(
  request: JobRequest,
  by: Submitter,
  deps: Intake,
  alongside?: Alongside,
): Promise<Submitted> {
  const prepared = await prepare(request, by.ownerId, deps);
  if ("code" in prepared) return { ok: false, problem: prepared };
  return acceptJob({ ...prepared, extent: await glanceAt(prepared.work, deps), alongside }, by, deps);
}

/** Take jobs that a client describes, each on its own, in the order given. What is valid is inserted in one transaction. */
export async function submitJobs(
  requests: readonly JobRequest[],
  by: Submitter,
  deps: Intake,
): Promise<readonly Submitted[]> {
  const prepared: (Asked | Problem)[] = [];
  for (let start = 0; start < requests.length; start += SOURCES_AT_ONCE) {
    const some = requests.slice(start, start + SOURCES_AT_ONCE);
    prepared.push(
      ...(await Promise.all(
        some.map(async (request) => {
          const one = await prepare(request, by.ownerId, deps);
          return "code" in one ? one : { ...one, extent: await glanceAt(one.work, deps) };
        }),
      )),
    );
  }
  const asked = prepared.filter((one) => "work" in one);
  const accepted = await acceptJobs(asked, by, deps);
  return prepared.map((one): Submitted => {
    if ("code" in one) return { ok: false, problem: one };
    const result = accepted[asked.indexOf(one)];
    if (result === undefined) throw new Error("fewer jobs were accepted than asked for");
    return result;
  });
}

/** Insert a job, or find the one that the same upload already became with the same options. */
export async function acceptJob(asked: Asked, by: Submitter, deps: Intake): Promise<Submitted> {
  const [result] = await acceptJobs([asked], by, deps);
  if (result === undefined) throw new Error("no job was accepted");
  return result;
}

/** The one job of an upload, whatever it was asked for since: completing it again and its event find the same. */
export async function acceptUpload(
  asked: Asked & { readonly source: Source },
  by: Submitter,
  deps: Intake,
): Promise<Submitted> {
  const { key, etag } = asked.source;
  const id = await uploadJobId({ bucket: MEDIA_BUCKET, key, etag });
  const [known] = await findJobs(deps.db, { ids: [id], ownerId: by.ownerId });
  if (known !== undefined) return { ok: true, job: known, isNew: false };
  return acceptJob({ ...asked, isUploadsOwn: true, extent: await glanceAt(asked.work, deps) }, by, deps);
}

/** What a request asks for, or why that cannot be. `refuse` says of its source why it is not even looked at. */
export async function prepare(
  request: JobRequest,
  ownerId: string,
  deps: Intake,
  refuse: RefuseSource = () => null,
): Promise<Asked | Problem> {
  const described = await describeWork(request, ownerId, deps, refuse);
  if ("code" in described) return described;
  const chosen = await decideModel(deps.db, described);
  return chosen.ok ? { ...described, work: chosen.work, choice: chosen.choice } : impossibleBudget(chosen.reason);
}

type RefuseSource = (object: R2Object) => Problem | null;

async function describeWork(
  request: JobRequest,
  ownerId: string,
  deps: Intake,
  refuse: RefuseSource,
): Promise<Omit<Asked, "choice"> | Problem> {
  const { kind, source: key, options, then, tags, metadata, ...rest } = request;
  const { priority, reuse, startWithinSeconds, deadlineSeconds, latencyBudgetMs, maxNeurons, ...inline } = rest;
  const terms = { priority, reuse, startWithinSeconds, deadlineSeconds, latencyBudgetMs, maxNeurons };
  const marks = { tags, metadata };
  if (key === undefined) {
    const followed = withSteps(JobWork.parse({ kind, input: { ...inline, options } }), then);
    if (!followed.ok) return invalidField("then", followed.reason);
    return { work: followed.work, terms, marks, source: null };
  }

  const object = await deps.media.head(key);
  // Another owner's object and none at all look the same.
  if (object === null || (object.customMetadata?.["owner"] ?? deps.operatorId) !== ownerId) {
    return { code: "source_not_found", detail: `There is no object '${key}'.` };
  }
  const refusal = refuse(object);
  if (refusal !== null) return refusal;
  const source = { key, etag: object.etag, sizeBytes: object.size };
  const head = object.size === 0 ? new Uint8Array() : await readHead(deps.media, source);
  if (head === null) return { code: "source_not_found", detail: `'${key}' was just replaced.` };
  const route = await routeUpload({
    source,
    head,
    metadata: { ...limitsOf(object), kind, options: JSON.stringify(options), then: JSON.stringify(then) },
  });
  if (route.type === "job") return { work: route.work, terms, marks, source };
  return refusedRoute(route);
}
