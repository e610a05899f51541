import * as z from "zod";

import { MAX_TEXT_CHARS } from "./limits.ts";
import { ClassificationOptions, ImageOptions, Prompt, TranscriptionOptions } from "./options.ts";
import { MAX_ATTEMPTS, type TaskKind } from "./task.ts";
import type { JobKind } from "./job.ts";
import type { Announcement } from "./upload-event.ts";

/** The object a job reads, fixed to the version that was announced. */
export const Source = z.strictObject({ key: z.string(), etag: z.string(), sizeBytes: z.int().min(0) });
export type Source = z.infer<typeof Source>;

// What each kind of job works on: the job's input and, unchanged, the arguments of its task.
export const TranscriptionInput = z.strictObject({ source: Source, options: TranscriptionOptions });
export type TranscriptionInput = z.infer<typeof TranscriptionInput>;
export const ImageInput = z.union([
  z.strictObject({ prompt: Prompt, options: ImageOptions }),
  z.strictObject({ source: Source, options: ImageOptions }),
]);
export const ClassificationInput = z.union([
  z.strictObject({ text: z.string().trim().min(1).max(MAX_TEXT_CHARS), options: ClassificationOptions }),
  z.strictObject({ source: Source, media: z.enum(["image", "text"]), options: ClassificationOptions }),
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

/** A job and its first task, ready to be inserted. Times are epoch milliseconds. */
export interface NewJob {
  readonly id: string;
  readonly ownerId: string;
  readonly kind: JobKind;
  /** JSON. */
  readonly input: string;
  readonly taskId: string;
  readonly taskKind: TaskKind;
  readonly maxAttempts: number;
  readonly createdAt: number;
  /** When to ring again if nobody has leased the task by then. */
  readonly checkAt: number;
  /** The upload that this job is the one job of. */
  readonly upload?: Announcement;
}

export function newJob(
  work: JobWork,
  job: { id: string; ownerId: string; createdAt: number; ringGraceMs: number; upload?: Announcement },
): NewJob {
  const taskKind = TASK_OF[work.kind];
  return {
    id: job.id,
    ownerId: job.ownerId,
    kind: work.kind,
    input: JSON.stringify(work.input),
    taskId: `${job.id}.${taskKind}`,
    taskKind,
    maxAttempts: MAX_ATTEMPTS,
    createdAt: job.createdAt,
    checkAt: job.createdAt + job.ringGraceMs,
    ...(job.upload && { upload: job.upload }),
  };
}
