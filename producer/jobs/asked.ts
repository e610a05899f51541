import type { AudioExtent } from "../../shared/audio/extent.ts";
import type { Choice } from "../../shared/models/choose-model.ts";
import type { JobLimit } from "../../shared/db/keys/job-limit.ts";
import type { JobRow } from "../../shared/db/jobs/reads.ts";
import type { JobMarks } from "../../shared/jobs/tags-and-metadata.ts";
import type { JobWork, Source } from "../../shared/jobs/new-job.ts";
import type { JobTerms } from "../../shared/jobs/terms.ts";
import type { Problem } from "../http/problem.ts";

/** What a job is to be: what it works on, on what terms, and what its client notes down about it. */
export interface Asked {
  readonly work: JobWork;
  /** Which model does it, and why. */
  readonly choice: Choice;
  readonly terms: JobTerms;
  readonly marks: JobMarks;
  /** The object that it reads, if any. */
  readonly source: Source | null;
  /** Of a recording, where a glance told it. */
  readonly extent?: AudioExtent | null;
  readonly alongside?: Alongside | undefined;
  /** Whether it is the upload's one job, whatever that was made with: completing an upload asks for no other. */
  readonly isUploadsOwn?: boolean;
}

/** What is to be written with a job, or not at all. */
export type Alongside = (jobId: string) => readonly D1PreparedStatement[];

export type Submitted =
  | { readonly ok: true; readonly job: JobRow; readonly isNew: boolean }
  | { readonly ok: false; readonly problem: Problem };

/** For whom a job is taken. */
export interface Submitter {
  readonly ownerId: string;
  /** How many of its key's jobs may be unfinished; null for any number. */
  readonly limit: JobLimit | null;
  /** What the ids of the jobs are made from (seeded-ids.ts). */
  readonly seed: string | undefined;
}

/** @param reason names the fastest model there is. */
export function impossibleBudget(reason: string): Problem {
  return { code: "impossible_latency_budget", detail: reason };
}

/** One upload is one job: another needs an upload of its own. */
export function uploadReplaced(key: string): Problem {
  const detail = `'${key}' has become a job already, and has been overwritten with other bytes since. Upload these under a name of their own.`;
  return { code: "upload_replaced", detail };
}

/** Nobody knows when one of them ends: often enough to look, and seldom enough not to matter. */
const LOOK_AGAIN_SECONDS = 10;

export function tooManyJobs({ maxConcurrentJobs }: JobLimit): Problem {
  const detail = `This key may have ${maxConcurrentJobs} unfinished jobs; wait until one of them ends.`;
  return { code: "too_many_jobs", detail, retryAfterSeconds: LOOK_AGAIN_SECONDS };
}
