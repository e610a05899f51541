import type { AudioExtent } from "../cost/estimate.ts";
import { estimateWork } from "../cost/estimate-work.ts";
import type { Choice } from "../models/choose-model.ts";
import { type JobKind, type JobWork, kindOf } from "../kinds/index.ts";
import type { ModelId } from "../models/models.ts";
import { type Step, STEP_MODELS, STEP_STAGES } from "./steps.ts";
import { MAX_ATTEMPTS } from "./task.ts";
import type { TaskKind } from "./task-kind.ts";
import { type JobMarks, NO_MARKS } from "./tags-and-metadata.ts";
import { type JobTerms, PRIORITIES } from "./terms.ts";
import type { Announcement } from "../uploads/announcement.ts";
import { sha256Hex } from "../hash.ts";

/** A job, its first task and its steps, ready to be inserted. Times are epoch milliseconds. */
export interface NewJob {
  readonly id: string;
  readonly ownerId: string;
  readonly kind: JobKind;
  /** JSON. */
  readonly input: string;
  readonly taskId: string;
  readonly taskKind: TaskKind;
  readonly model: string;
  /** Tasks that wait for all other tasks. */
  readonly steps: readonly { readonly kind: Step; readonly model: string; readonly stage: number }[];
  readonly maxAttempts: number;
  readonly createdAt: number;
  /** 0 is the most urgent. */
  readonly priority: number;
  readonly startBy: number | null;
  readonly deadlineAt: number | null;
  readonly maxNeurons: number | null;
  /** The same for all jobs of an owner that have the same result. */
  readonly fingerprint: string;
  /** JSON of an `Estimate`; null if the recording must be read first. */
  readonly estimate: string | null;
  readonly reuse: boolean;
  /** JSON array; null for none. */
  readonly tags: string | null;
  /** JSON object; null for none. */
  readonly metadata: string | null;
  /** JSON, a `Choice`; null if no model was chosen. */
  readonly choice: string | null;
  /** The upload that becomes this job and no other, and when its object was stored, if that is known. */
  readonly upload?: Announcement;
  /**
   * The API key that the job counts against, and how many unfinished jobs it may have. Without a number the job is counted and
   * accepted.
   */
  readonly limit?: { readonly keyId: string; readonly maxConcurrentJobs?: number };
}

export async function newJob(
  work: JobWork,
  terms: JobTerms,
  job: {
    id: string;
    ownerId: string;
    createdAt: number;
    marks?: JobMarks;
    choice?: Choice;
    upload?: NonNullable<NewJob["upload"]>;
    limit?: NonNullable<NewJob["limit"]>;
    /** The length of a recording that has been measured. */
    extent?: AudioExtent | null | undefined;
  },
): Promise<NewJob> {
  const kind = kindOf(work.kind);
  const taskKind = kind.firstTask;
  const model = kind.modelOf(work.input);
  const { tags, metadata } = job.marks ?? NO_MARKS;
  const estimate = estimateWork(work, job.extent ?? null);
  const after = (seconds: number | undefined) => (seconds === undefined ? null : job.createdAt + seconds * 1000);
  return {
    id: job.id,
    ownerId: job.ownerId,
    kind: work.kind,
    input: JSON.stringify(work.input),
    taskId: `${job.id}.${taskKind}`,
    taskKind,
    model,
    steps: (work.input.then ?? []).map((step) => ({ kind: step, model: STEP_MODELS[step], stage: STEP_STAGES[step] })),
    maxAttempts: MAX_ATTEMPTS,
    createdAt: job.createdAt,
    priority: PRIORITIES.indexOf(terms.priority),
    startBy: after(terms.startWithinSeconds),
    deadlineAt: after(terms.deadlineSeconds),
    maxNeurons: terms.maxNeurons ?? null,
    fingerprint: await fingerprintWork(work, model),
    estimate: estimate === null ? null : JSON.stringify(estimate),
    reuse: terms.reuse,
    tags: tags.length === 0 ? null : JSON.stringify([...new Set(tags)]),
    metadata: Object.keys(metadata).length === 0 ? null : JSON.stringify(metadata),
    choice: job.choice === undefined ? null : JSON.stringify(job.choice),
    ...(job.upload && { upload: job.upload }),
    ...(job.limit && { limit: job.limit }),
  };
}

/** Hash what the result depends on: a source's bytes (etag and size), but not its key; the model; options and steps. */
async function fingerprintWork(work: JobWork, model: ModelId): Promise<string> {
  const input = "source" in work.input ? { ...work.input, source: { ...work.input.source, key: "" } } : work.input;
  return sha256Hex(JSON.stringify([work.kind, model, input]), { bytes: 16 });
}
