import * as z from "zod";

import type { AudioExtent } from "../audio/extent.ts";
import { estimateWork } from "../cost/estimate.ts";
import type { Choice } from "../models/choose-model.ts";
import { IMAGE_CLASSIFIER, IMAGE_MODELS, type ModelId, SPEECH_MODELS, TEXT_CLASSIFIER } from "../models/models.ts";
import { ClassificationOptions, imageModelOf, ImageOptions, Prompt, Text, TranscriptionOptions } from "./options.ts";
import { InputSteps, type Step, STEP_MODELS, STEP_STAGES } from "./steps.ts";
import { MAX_ATTEMPTS, type TaskKind } from "./task.ts";
import type { JobKind } from "./job.ts";
import { type JobMarks, NO_MARKS } from "./tags-and-metadata.ts";
import { type JobTerms, PRIORITIES } from "./terms.ts";
import type { Announcement } from "../uploads/upload-event.ts";

/** The object a job reads, fixed to the version that was announced. */
export const Source = z.strictObject({ key: z.string(), etag: z.string(), sizeBytes: z.int().min(0) });
export type Source = z.infer<typeof Source>;

// What each kind of job works on and what is to follow: the job's input and, unchanged, the arguments of its task.
const then = InputSteps;
export const TranscriptionInput = z.strictObject({ source: Source, options: TranscriptionOptions, then });
export type TranscriptionInput = z.infer<typeof TranscriptionInput>;
export const ImageInput = z.union([
  z.strictObject({ prompt: Prompt, options: ImageOptions, then }),
  z.strictObject({ source: Source, options: ImageOptions, then }),
]);
export const ClassificationInput = z.union([
  z.strictObject({ text: Text, options: ClassificationOptions, then }),
  z.strictObject({ source: Source, media: z.enum(["image", "text"]), options: ClassificationOptions, then }),
]);

export const JobWork = z.discriminatedUnion("kind", [
  z.strictObject({ kind: z.literal("transcription"), input: TranscriptionInput }),
  z.strictObject({ kind: z.literal("image_generation"), input: ImageInput }),
  z.strictObject({ kind: z.literal("classification"), input: ClassificationInput }),
]);
export type JobWork = z.infer<typeof JobWork>;

const TASK_OF: Readonly<Record<JobKind, TaskKind>> = {
  transcription: "transcribe",
  image_generation: "generate_image",
  classification: "classify",
};

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
  /** Tasks that wait for all the others. */
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
  /** JSON of an `Estimate`; null where only the recording can tell. */
  readonly estimate: string | null;
  readonly reuse: boolean;
  /** JSON array; null for none. */
  readonly tags: string | null;
  /** JSON object; null for none. */
  readonly metadata: string | null;
  /** JSON, a `Choice`; null where nobody chose. */
  readonly choice: string | null;
  /** When to ring again if nobody has leased the task by then. */
  readonly checkAt: number;
  /** The upload that this job is the one job of. */
  readonly upload?: Announcement;
  /** The key it counts against, and how many of that may be unfinished: without a number it is counted and taken. */
  readonly limit?: { readonly keyId: string; readonly maxConcurrentJobs?: number };
}

export async function newJob(
  work: JobWork,
  terms: JobTerms,
  job: {
    id: string;
    ownerId: string;
    createdAt: number;
    ringGraceMs: number;
    marks?: JobMarks;
    choice?: Choice;
    upload?: Announcement;
    limit?: NonNullable<NewJob["limit"]>;
    /** Of a recording that has been measured. */
    extent?: AudioExtent | null | undefined;
  },
): Promise<NewJob> {
  const taskKind = TASK_OF[work.kind];
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
    model: modelOf(work),
    steps: (work.input.then ?? []).map((kind) => ({ kind, model: STEP_MODELS[kind], stage: STEP_STAGES[kind] })),
    maxAttempts: MAX_ATTEMPTS,
    createdAt: job.createdAt,
    checkAt: job.createdAt + job.ringGraceMs,
    priority: PRIORITIES.indexOf(terms.priority),
    startBy: after(terms.startWithinSeconds),
    deadlineAt: after(terms.deadlineSeconds),
    maxNeurons: terms.maxNeurons ?? null,
    fingerprint: await fingerprintOf(work),
    estimate: estimate === null ? null : JSON.stringify(estimate),
    reuse: terms.reuse,
    tags: tags.length === 0 ? null : JSON.stringify([...new Set(tags)]),
    metadata: Object.keys(metadata).length === 0 ? null : JSON.stringify(metadata),
    choice: job.choice === undefined ? null : JSON.stringify(job.choice),
    ...(job.upload && { upload: job.upload }),
    ...(job.limit && { limit: job.limit }),
  };
}

export function modelOf(work: JobWork): ModelId {
  switch (work.kind) {
    case "transcription":
      return SPEECH_MODELS[work.input.options.tier].id;
    case "image_generation":
      return IMAGE_MODELS[imageModelOf(work.input.options)].id;
    case "classification":
      return "source" in work.input && work.input.media === "image" ? IMAGE_CLASSIFIER : TEXT_CLASSIFIER;
  }
}

/** What the result depends on: of a source its bytes (etag and size), not where they lie; the model; options and steps. */
async function fingerprintOf(work: JobWork): Promise<string> {
  const input = "source" in work.input ? { ...work.input, source: { ...work.input.source, key: "" } } : work.input;
  const identity = new TextEncoder().encode(JSON.stringify([work.kind, modelOf(work), input]));
  const digest = new Uint8Array(await crypto.subtle.digest("SHA-256", identity));
  return Array.from(digest.subarray(0, 16), (byte) => byte.toString(16).padStart(2, "0")).join("");
}
