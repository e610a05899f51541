import type { JobLimit } from "../../shared/db/keys/job-limit.ts";
import type { JobRow } from "../../shared/jobs/job-detail.ts";
import type { Source } from "../../shared/jobs/source.ts";
import type { JobDescription, RefusedUpload } from "../../shared/jobs/describe-job.ts";
import type { Key } from "../../shared/db/keys/keys.ts";
import type { Problem } from "../http/problem.ts";

/** A job that is asked for. */
export interface Asked extends JobDescription {
  /** The object that it reads, if any. */
  readonly source: Source | null;
  /** When that object was stored: epoch milliseconds. */
  readonly storedAt?: number;
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
  /** Of the owner's, the one that asks. */
  readonly key: Key;
  /** How many of its key's jobs may be unfinished; null for any number. */
  readonly limit: JobLimit | null;
  /** What the ids of the jobs are made from (seeded-ids.ts). */
  readonly seed: string | undefined;
}

/** Why an upload becomes no job. */
export function refusedUpload(described: RefusedUpload): Problem {
  switch (described.type) {
    case "too_slow":
      return impossibleBudget(described.reason);
    case "refused":
      if (described.field !== undefined) return invalidField(described.field, described.reason);
      return { code: "unsupported_media", detail: described.reason };
  }
}

export function invalidField(path: string, message: string): Problem {
  return { code: "invalid_request", detail: `${path}: ${message}`, issues: [{ path, message }] };
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
