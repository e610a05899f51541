import { type JobLimit, wasJob } from "../shared/db/job-limit.ts";
import { insertJobs, type UploadRecord } from "../shared/db/jobs.ts";
import { type JobDetail, readJob } from "../shared/db/job-reads.ts";
import type { Intake } from "../shared/intake.ts";
import { randomJobId, uploadJobId } from "../shared/job.ts";
import { JobWork, newJob, type Source } from "../shared/new-job.ts";
import { recordChanges } from "../shared/record-changes.ts";
import { recordIntake } from "../shared/record-intake.ts";
import { readHead } from "../shared/read-head.ts";
import { limitsOf, routeUpload } from "../shared/route-upload.ts";
import { isInboxKey } from "../shared/storage.ts";
import type { JobTerms } from "../shared/terms.ts";
import { wake } from "../shared/wake.ts";
import type { Problem } from "./problem.ts";
import type { JobRequest } from "./requests.ts";

export type Submitted =
  | { readonly ok: true; readonly job: JobDetail; readonly isNew: boolean }
  | { readonly ok: false; readonly problem: Problem };

/** What is to be written with a job, or not at all. */
export type Alongside = (jobId: string) => readonly D1PreparedStatement[];

/** For whom a job is taken, and how many of its key's may be unfinished. */
export interface Submitter {
  readonly ownerId: string;
  readonly limit: JobLimit | null;
}

/** Take a job that a client describes. `alongside` is for what reads no upload of the inbox. */
export async function submitJob(
  request: JobRequest,
  by: Submitter,
  deps: Intake,
  alongside?: Alongside,
): Promise<Submitted> {
  const { kind, source: key, options, priority, reuse, startWithinSeconds, deadlineSeconds, ...inline } = request;
  const terms = { priority, reuse, startWithinSeconds, deadlineSeconds };
  if (key === undefined) {
    const work = JobWork.parse({ kind, input: { ...inline, options } });
    return accept(work, { terms, source: null, alongside }, by, deps);
  }

  const object = await deps.media.head(key);
  // Another owner's object and none at all look the same.
  if (object === null || (object.customMetadata?.["owner"] ?? deps.operatorId) !== by.ownerId) {
    return { ok: false, problem: { code: "source_not_found", detail: `There is no object '${key}'.` } };
  }
  const source = { key, etag: object.etag, sizeBytes: object.size };
  const head = object.size === 0 ? new Uint8Array() : await readHead(deps.media, source);
  if (head === null) return { ok: false, problem: { code: "source_not_found", detail: `'${key}' was just replaced.` } };
  const route = await routeUpload({
    source,
    head,
    metadata: { ...limitsOf(object), kind, options: JSON.stringify(options) },
  });
  if (route.type === "job") return accept(route.work, { terms, source, alongside }, by, deps);
  return { ok: false, problem: { code: "unsupported_media", detail: route.reason } };
}

/** Insert the job, or find the one that the same upload already became with the same options. */
export async function accept(
  work: JobWork,
  { terms, source, alongside }: { terms: JobTerms; source: Source | null; alongside?: Alongside | undefined },
  by: Submitter,
  deps: Intake,
): Promise<Submitted> {
  const asked = { work, terms, alongside };
  if (source === null || !isInboxKey(source.key)) return acceptAs(randomJobId(), asked, [], by, deps);

  const upload = { bucket: deps.mediaBucket, key: source.key, etag: source.etag };
  const id = await uploadJobId(upload);
  const known = await readJob(deps.db, { id, ownerId: by.ownerId });
  const isSame = known?.job.kind === work.kind && known.job.input === JSON.stringify(work.input);
  if (known !== null && isSame && terms.reuse) {
    return { ok: true, job: known, isNew: false };
  }
  // The upload is another job already: this is new work on it, asked for by hand.
  if (known !== null) return acceptAs(randomJobId(), asked, [], by, deps);
  const record = { ...upload, ownerId: by.ownerId, sizeBytes: source.sizeBytes, jobId: id, ignoredReason: null };
  return acceptAs(id, asked, [record], by, deps);
}

/** The one job of an upload, whatever it was asked for since: completing it again and its event find the same. */
export async function acceptUpload(
  work: JobWork,
  { terms, source }: { terms: JobTerms; source: Source },
  by: Submitter,
  deps: Intake,
): Promise<Submitted> {
  const upload = { bucket: deps.mediaBucket, key: source.key, etag: source.etag };
  const id = await uploadJobId(upload);
  const known = await readJob(deps.db, { id, ownerId: by.ownerId });
  if (known !== null) return { ok: true, job: known, isNew: false };
  const record = { ...upload, ownerId: by.ownerId, sizeBytes: source.sizeBytes, jobId: id, ignoredReason: null };
  return acceptAs(id, { work, terms, alongside: undefined }, [record], by, deps);
}

async function acceptAs(
  id: string,
  asked: { work: JobWork; terms: JobTerms; alongside: Alongside | undefined },
  uploads: readonly UploadRecord[],
  by: Submitter,
  deps: Intake,
): Promise<Submitted> {
  const { ownerId, limit } = by;
  const now = Date.now();
  const [upload] = uploads;
  const times = { createdAt: now, ringGraceMs: deps.ringGraceMs };
  const job = await newJob(asked.work, asked.terms, {
    id,
    ownerId,
    ...times,
    ...(upload && { upload }),
    ...(limit && { limit }),
  });
  const rows = { jobs: [job], uploads, alongside: asked.alongside?.(id) ?? [] };
  const inserted = await insertJobs(deps.db, rows, { now, ringGraceMs: deps.ringGraceMs });
  recordIntake(deps.journal, { jobs: [job], uploads, taskIds: inserted.tasks });
  recordChanges(deps.journal, inserted.released);
  await wake(deps.tasks, inserted.ready);
  const detail = await readJob(deps.db, { id, ownerId });
  const isAsAsked = detail?.job.kind === job.kind && detail.job.input === job.input;
  if (detail !== null && isAsAsked) return { ok: true, job: detail, isNew: inserted.tasks.length > 0 };
  if (detail === null && limit !== null && (upload === undefined || !(await wasJob(deps.db, upload)))) {
    return { ok: false, problem: tooManyJobs(limit) };
  }
  // The upload's job was pruned, or its event made another of it just now. Asked for by hand, it is new work.
  if (uploads.length > 0) return acceptAs(randomJobId(), asked, [], by, deps);
  throw new Error(`job '${id}' was inserted and cannot be read`);
}

/** Nobody knows when one of them ends: often enough to look, and seldom enough not to matter. */
const LOOK_AGAIN_SECONDS = 10;

export function tooManyJobs({ maxConcurrentJobs }: JobLimit): Problem {
  const detail = `This key may have ${maxConcurrentJobs} unfinished jobs; wait until one of them ends.`;
  return { code: "too_many_jobs", detail, retryAfterSeconds: LOOK_AGAIN_SECONDS };
}
