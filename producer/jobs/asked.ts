import type { JobLimit } from "../../shared/db/keys/job-limit.ts";
import type { JobRow } from "../../shared/jobs/job-detail.ts";
import type { Source } from "../../shared/jobs/source.ts";
import type { JobDescription, RefusedUpload } from "../../shared/jobs/describe-job.ts";
import type { Key } from "../../shared/db/keys/keys.ts";
import type { Problem } from "../http/problem.ts";

/** A job that a client asks for. */
export interface Asked extends JobDescription {
  /** The object that it reads, if any. */
  readonly source: Source | null;
  /** When that object was stored: epoch milliseconds. */
  readonly storedAt?: number;
  readonly alongside?: Alongside | undefined;
  /** Whether to use the upload's one job even if it has other options: completing an upload never asks for a second job. */
  readonly isUploadsOwn?: boolean;
}

/** The statements that must be written in the same transaction as a job. */
export type Alongside = (jobId: string) => readonly D1PreparedStatement[];

export type Submitted =
  | { readonly ok: true; readonly job: JobRow; readonly isNew: boolean }
  | { readonly ok: false; readonly problem: Problem };

/** The owner and the key that submit a job. */
export interface Submitter {
  readonly ownerId: string;
  /** The key that asks, one of the owner's. */
  readonly key: Key;
  /** How many jobs of the key may be unfinished; null for any number. */
  readonly limit: JobLimit | null;
  /** The ids of the jobs are derived from this (seeded-ids.ts). */
  readonly seed: string | undefined;
}

/** The problem for an upload that cannot become a job. */
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

/** @param reason names the fastest model. */
export function impossibleBudget(reason: string): Problem {
  return { code: "impossible_latency_budget", detail: reason };
}

/** One upload is one job. Other bytes need another upload. */
export function uploadReplaced(key: string): Problem {
  const detail = `'${key}' has already become a job, and was then overwritten with other bytes. Upload the new bytes under another name.`;
  return { code: "upload_replaced", detail };
}

/** It is not known when the next job ends. This wait is short enough to notice it soon, and long enough not to cost much. */
const LOOK_AGAIN_SECONDS = 10;

export function tooManyJobs({ maxConcurrentJobs }: JobLimit): Problem {
  const detail = `This key may have ${maxConcurrentJobs} unfinished jobs. Wait until one of them ends.`;
  return { code: "too_many_jobs", detail, retryAfterSeconds: LOOK_AGAIN_SECONDS };
}
