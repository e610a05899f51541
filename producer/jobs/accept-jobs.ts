import type { AudioExtent } from "../../shared/cost/estimate.ts";
import { findUploadsJob } from "../../shared/db/keys/job-limit.ts";
import { findWholeJobs } from "../../shared/archive/whole.ts";
import type { Intake } from "../../shared/jobs/intake.ts";
import { uploadJobId, HAS_ITS_JOB, type UploadRecord } from "../../shared/uploads/announcement.ts";
import { newJob } from "../../shared/jobs/new-job.ts";
import { takeIn } from "../../shared/jobs/take-in.ts";
import { isInboxKey, MEDIA_BUCKET } from "../../shared/uploads/storage.ts";
import { glanceAt } from "./price-work.ts";
import { seededId } from "../http/seeded-ids.ts";
import { type Asked, type Submitted, type Submitter, tooManyJobs, uploadReplaced } from "./asked.ts";
import type { Problem } from "../http/problem.ts";
import type { JobRow } from "../../shared/jobs/job-detail.ts";

/** How many sources are read at a time. Each takes two of the connections that an invocation may have open. */
export const SOURCES_AT_ONCE = 3;

/** The plan for one of the requested jobs: insert it under this id or, if `asked` is null, use the job that exists. */
interface Plan {
  readonly id: string;
  readonly asked: Asked | null;
  /** The job at the time of the plan, if it existed. */
  readonly job?: JobRow | undefined;
  /** The upload whose one job this is; null for other work. */
  readonly upload: UploadRecord | null;
}

/** Insert a job, or find the job that the same upload became earlier with the same options. */
export async function acceptJob(asked: Asked, by: Submitter, deps: Intake): Promise<Submitted> {
  const [result] = await acceptJobs([asked], by, deps);
  if (result === undefined) throw new Error("no job was accepted");
  return result;
}

/** Insert jobs in one transaction, or find the jobs that the same uploads became earlier with the same options. */
export async function acceptJobs(asked: readonly Asked[], by: Submitter, deps: Intake): Promise<readonly Submitted[]> {
  if (asked.length === 0) return [];
  const plans = await plan(asked, by, deps);
  const extents = await measure(plans, deps);
  const isNew = await insert(plans, extents, by, deps);
  const found = await readAsAsked(plans, by.ownerId, deps);

  const refused = new Map<Plan, Problem>();
  const again = new Map<Plan, Plan>();
  for (const [index, one] of plans.entries()) {
    if (found[index] !== null || one.asked === null) continue;
    const before = one.upload === null ? null : await findUploadsJob(deps.db, one.upload);
    if (one.upload !== null && before !== null && before.etag !== one.upload.etag) {
      refused.set(one, uploadReplaced(one.upload.key));
      await ignore({ ...one.upload, jobId: null, ignoredReason: HAS_ITS_JOB }, deps);
    } else if (by.limit !== null && before === null) {
      refused.set(one, tooManyJobs(by.limit));
    } else if (one.upload === null) {
      throw new Error(`job '${one.id}' was inserted but cannot be read`);
    } else {
      // The upload's job was pruned, or its event has just made a different one. The request came from a client, so it is new work.
      again.set(one, { id: `job_${await seededId(by.seed, plans.length + index)}`, asked: one.asked, upload: null });
    }
  }
  const left = [...again.values()];
  const isNewAgain = await insert(left, extents, by, deps);
  const foundAgain = await readAsAsked(left, by.ownerId, deps);
  return plans.map((one, index): Submitted => {
    const problem = refused.get(one);
    if (problem !== undefined) return { ok: false, problem };
    const second = again.get(one);
    const job = second === undefined ? found[index] : foundAgain[left.indexOf(second)];
    if (job === null || job === undefined) throw new Error(`job '${second?.id ?? one.id}' cannot be read`);
    return { ok: true, job, isNew: isNew.has(job.id) || isNewAgain.has(job.id) };
  });
}

async function plan(asked: readonly Asked[], { ownerId, seed }: Submitter, deps: Intake): Promise<readonly Plan[]> {
  const uploads = await Promise.all(
    asked.map(async ({ source, storedAt }): Promise<UploadRecord | null> => {
      if (source === null || !isInboxKey(source.key)) return null;
      const { key, etag } = source;
      const upload = { bucket: MEDIA_BUCKET, key, etag, ...(storedAt !== undefined && { storedAt }) };
      const jobId = await uploadJobId(upload);
      return { ...upload, ownerId, sizeBytes: source.sizeBytes, jobId, ignoredReason: null };
    }),
  );
  const ids = uploads.flatMap((upload) => upload?.jobId ?? []);
  const jobs = new Map((await findWholeJobs(deps, { ids, ownerId })).map((job) => [job.id, job]));
  const known = new Map<string, { readonly kind: string; readonly input: string }>(jobs);

  const plans: Plan[] = [];
  for (const [index, one] of asked.entries()) {
    const upload = uploads[index] ?? null;
    const uploadsJob = upload?.jobId === undefined || upload.jobId === null ? null : known.get(upload.jobId);
    const work = { kind: one.work.kind, input: JSON.stringify(one.work.input) };
    if (upload?.jobId != null && uploadsJob === undefined) {
      known.set(upload.jobId, work);
      plans.push({ id: upload.jobId, asked: one, upload });
    } else if (upload?.jobId != null && (one.isUploadsOwn === true || (isSame(uploadsJob, work) && one.terms.reuse))) {
      plans.push({ id: upload.jobId, asked: null, job: jobs.get(upload.jobId), upload });
    } else {
      // The upload became a different job before. The request came from a client, so it is new work on the same upload.
      plans.push({ id: `job_${await seededId(seed, index)}`, asked: one, upload: null });
    }
  }
  return plans;
}

/** Glance at the recordings of the jobs to insert: the estimates need their lengths. */
async function measure(plans: readonly Plan[], deps: Intake): Promise<ReadonlyMap<Asked, AudioExtent | null>> {
  const extents = new Map<Asked, AudioExtent | null>();
  const left = plans.flatMap(({ asked }) => asked ?? []);
  for (let start = 0; start < left.length; start += SOURCES_AT_ONCE) {
    const some = left.slice(start, start + SOURCES_AT_ONCE);
    await Promise.all(some.map(async (asked) => extents.set(asked, await glanceAt(asked.work, deps))));
  }
  return extents;
}

/** Insert the jobs of these plans. @returns the ids of the jobs that are new. */
async function insert(
  plans: readonly Plan[],
  extents: ReadonlyMap<Asked, AudioExtent | null>,
  { ownerId, limit }: Submitter,
  deps: Intake,
): Promise<ReadonlySet<string>> {
  const now = Date.now();
  const jobs = await Promise.all(
    plans.flatMap(({ id, asked, upload }) => {
      if (asked === null) return [];
      const { work, terms, marks, choice } = asked;
      const extent = extents.get(asked) ?? null;
      const about = { id, ownerId, marks, choice, extent, createdAt: now };
      return [newJob(work, terms, { ...about, ...(upload && { upload }), ...(limit && { limit }) })];
    }),
  );
  if (jobs.length === 0) return new Set();
  const uploads = plans.flatMap(({ asked, upload }) => (asked === null || upload === null ? [] : [upload]));
  const alongside = plans.flatMap(({ id, asked }) => asked?.alongside?.(id) ?? []);
  const inserted = await takeIn({ jobs, uploads, alongside }, deps, now);
  const tasks = new Set(inserted.tasks);
  return new Set(jobs.filter(({ taskId }) => tasks.has(taskId)).map(({ id }) => id));
}

/** Record an upload that does not become a job, with the reason. */
export async function ignore(upload: UploadRecord, deps: Intake): Promise<void> {
  await takeIn({ jobs: [], uploads: [upload] }, deps, Date.now());
}

/** Read the jobs of the plans, in order; null if the id has no job or a different one. */
async function readAsAsked(plans: readonly Plan[], ownerId: string, deps: Intake): Promise<readonly (JobRow | null)[]> {
  const ids = plans.flatMap(({ id, job }) => (job === undefined ? [id] : []));
  const byId = new Map((await findWholeJobs(deps, { ids, ownerId })).map((row) => [row.id, row]));
  return plans.map(({ id, asked, job }) => {
    const row = job ?? byId.get(id);
    if (row === undefined) return null;
    if (asked === null || asked.isUploadsOwn === true) return row;
    return isSame(row, { kind: asked.work.kind, input: JSON.stringify(asked.work.input) }) ? row : null;
  });
}

function isSame(
  job: { readonly kind: string; readonly input: string } | null | undefined,
  work: { readonly kind: string; readonly input: string },
): boolean {
  return job?.kind === work.kind && job.input === work.input;
}
