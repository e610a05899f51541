import { findUploadsJob } from "../../shared/db/keys/job-limit.ts";
import { findJobs, type JobRow } from "../../shared/db/jobs/reads.ts";
import { HAS_ITS_JOB, insertJobs, type UploadRecord } from "../../shared/db/jobs/jobs.ts";
import type { Intake } from "../../shared/jobs/intake.ts";
import { uploadJobId } from "../../shared/jobs/job.ts";
import { newJob } from "../../shared/jobs/new-job.ts";
import { recordChanges } from "../../shared/jobs/record-changes.ts";
import { recordIntake } from "../../shared/jobs/record-intake.ts";
import { isInboxKey, MEDIA_BUCKET } from "../../shared/uploads/storage.ts";
import { wake } from "../../shared/jobs/wake.ts";
import { seededId } from "../http/seeded-ids.ts";
import { type Asked, type Submitted, type Submitter, tooManyJobs, uploadReplaced } from "./asked.ts";
import type { Problem } from "../http/problem.ts";

/** What becomes of one of the jobs asked for: inserted under this id, or (`asked` is null) there already. */
interface Plan {
  readonly id: string;
  readonly asked: Asked | null;
  /** The upload whose one job it is. */
  readonly upload: UploadRecord | null;
}

/** Insert jobs in one transaction, or find those that the same uploads already became with the same options. */
export async function acceptJobs(asked: readonly Asked[], by: Submitter, deps: Intake): Promise<readonly Submitted[]> {
  if (asked.length === 0) return [];
  const plans = await plan(asked, by, deps);
  const isNew = await insert(plans, by, deps);
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
      throw new Error(`job '${one.id}' was inserted and cannot be read`);
    } else {
      // An upload's job was pruned, or its event made another of it just now. Asked for by hand, it is new work.
      again.set(one, { id: `job_${await seededId(by.seed, plans.length + index)}`, asked: one.asked, upload: null });
    }
  }
  const left = [...again.values()];
  const isNewAgain = await insert(left, by, deps);
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
    asked.map(async ({ source }): Promise<UploadRecord | null> => {
      if (source === null || !isInboxKey(source.key)) return null;
      const upload = { bucket: MEDIA_BUCKET, key: source.key, etag: source.etag };
      const jobId = await uploadJobId(upload);
      return { ...upload, ownerId, sizeBytes: source.sizeBytes, jobId, ignoredReason: null };
    }),
  );
  const ids = uploads.flatMap((upload) => upload?.jobId ?? []);
  const known = new Map<string, { readonly kind: string; readonly input: string }>();
  for (const job of await findJobs(deps.db, { ids, ownerId })) known.set(job.id, job);

  const plans: Plan[] = [];
  for (const [index, one] of asked.entries()) {
    const upload = uploads[index] ?? null;
    const uploadsJob = upload?.jobId === undefined || upload.jobId === null ? null : known.get(upload.jobId);
    const work = { kind: one.work.kind, input: JSON.stringify(one.work.input) };
    if (upload?.jobId != null && uploadsJob === undefined) {
      known.set(upload.jobId, work);
      plans.push({ id: upload.jobId, asked: one, upload });
    } else if (upload?.jobId != null && (one.isUploadsOwn === true || (isSame(uploadsJob, work) && one.terms.reuse))) {
      plans.push({ id: upload.jobId, asked: null, upload });
    } else {
      // What the upload became before was another job: this is new work on it, asked for by hand.
      plans.push({ id: `job_${await seededId(seed, index)}`, asked: one, upload: null });
    }
  }
  return plans;
}

/** @returns the ids of the jobs that are new. */
async function insert(
  plans: readonly Plan[],
  { ownerId, limit }: Submitter,
  deps: Intake,
): Promise<ReadonlySet<string>> {
  const now = Date.now();
  const times = { now, ringGraceMs: deps.ringGraceMs };
  const jobs = await Promise.all(
    plans.flatMap(({ id, asked, upload }) => {
      if (asked === null) return [];
      const { work, terms, marks, choice, extent } = asked;
      const about = { id, ownerId, marks, choice, extent, createdAt: now, ringGraceMs: deps.ringGraceMs };
      return [newJob(work, terms, { ...about, ...(upload && { upload }), ...(limit && { limit }) })];
    }),
  );
  if (jobs.length === 0) return new Set();
  const uploads = plans.flatMap(({ asked, upload }) => (asked === null || upload === null ? [] : [upload]));
  const alongside = plans.flatMap(({ id, asked }) => asked?.alongside?.(id) ?? []);
  const inserted = await insertJobs(deps.db, { jobs, uploads, alongside }, times);
  recordIntake(deps.journal, { jobs, uploads, taskIds: inserted.tasks });
  recordChanges(deps.journal, inserted.released);
  await wake(deps.tasks, inserted.ready);
  const tasks = new Set(inserted.tasks);
  return new Set(jobs.filter(({ taskId }) => tasks.has(taskId)).map(({ id }) => id));
}

/** List an object of an upload that becomes no job, with its reason. */
export async function ignore(upload: UploadRecord, { db, journal, ringGraceMs }: Intake): Promise<void> {
  const taken = { jobs: [], uploads: [upload] };
  await insertJobs(db, taken, { now: Date.now(), ringGraceMs });
  recordIntake(journal, { ...taken, taskIds: [] });
}

/** The jobs as they are, in order; null where there is another one, or none, under the id. */
async function readAsAsked(plans: readonly Plan[], ownerId: string, deps: Intake): Promise<readonly (JobRow | null)[]> {
  if (plans.length === 0) return [];
  const rows = await findJobs(deps.db, { ids: plans.map(({ id }) => id), ownerId });
  const byId = new Map(rows.map((row) => [row.id, row]));
  return plans.map(({ id, asked }) => {
    const row = byId.get(id);
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
