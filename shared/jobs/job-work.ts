import * as z from "zod";

import { IMAGE_CLASSIFIER, IMAGE_MODELS, type ModelId, SPEECH_MODELS, TEXT_CLASSIFIER } from "../models/models.ts";
import { ClassificationOptions, imageModelOf, ImageOptions, Prompt, Text, TranscriptionOptions } from "./options.ts";
import { InputSteps } from "./steps.ts";

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

/** The model that the options ask for. */
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
