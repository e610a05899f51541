import * as z from "zod";

import { MAX_INITIAL_PROMPT_CHARS, MAX_PROMPT_CHARS, MAX_TEXT_CHARS } from "../limits.ts";
import { boundedText } from "../input/bounded-text.ts";
import {
  IMAGE_MODEL_NAMES,
  IMAGE_MODELS,
  IMAGE_TIERS,
  type ImageModelName,
  SPEECH_MODELS,
  type Tier,
  TIERS,
} from "../models/models.ts";
import type { JobKind } from "./job.ts";

export const InitialPrompt = boundedText({ max: MAX_INITIAL_PROMPT_CHARS });

/** Options of a transcription. `language` is ISO 639-1 (`en`, `de`); left out, the model detects it. */
export const TranscriptionOptions = z
  .strictObject({
    tier: z.enum(TIERS).default("accurate"),
    language: boundedText({ max: 3, pattern: [/^[a-z]{2,3}$/, "expected an ISO 639 code such as 'en'"] }).optional(),
    task: z.enum(["transcribe", "translate"]).optional(),
    initialPrompt: InitialPrompt.optional(),
    vadFilter: z.boolean().optional(),
  })
  .superRefine((options, context) => {
    const { takesOptions, language } = SPEECH_MODELS[options.tier];
    if (takesOptions) return;
    for (const name of ["language", "task", "initialPrompt", "vadFilter"] as const) {
      if (options[name] === undefined || (name === "language" && options.language === language)) continue;
      context.addIssue({
        code: "custom",
        path: [name],
        message: `the '${options.tier}' tier does not take '${name}'; use tier 'accurate'`,
      });
    }
  });
export type TranscriptionOptions = z.infer<typeof TranscriptionOptions>;

const side = z.int().min(256).max(1920);

/** Options of an image generation: a model by its name, or a tier; neither is the fast one. Sides in pixels. */
export const ImageOptions = z
  .strictObject({
    model: z.enum(IMAGE_MODEL_NAMES).optional(),
    tier: z.enum(TIERS).optional(),
    steps: z.int().min(1).max(50).optional(),
    width: side.optional(),
    height: side.optional(),
    seed: z.int().min(0).max(4_294_967_295).optional(),
    guidance: z.number().min(0).max(20).optional(),
    /** Filters find fault with harmless prompts at times: whether to ask once more, which may cost as much again. */
    retryIfFlagged: z.boolean().optional(),
  })
  .superRefine((options, context) => {
    const model = imageModelOf(options);
    if (options.tier !== undefined && model !== IMAGE_TIERS[options.tier]) {
      context.addIssue({
        code: "custom",
        path: ["tier"],
        message: `give 'tier' or 'model': '${model}' is not of that tier`,
      });
    }
    for (const name of ["steps", "width", "height", "seed", "guidance"] as const) {
      if (options[name] === undefined || IMAGE_MODELS[model].options.includes(name)) continue;
      context.addIssue({ code: "custom", path: [name], message: `'${model}' does not take '${name}'` });
    }
    if (model === "flux-1-schnell" && (options.steps ?? 4) > 8) {
      context.addIssue({ code: "custom", path: ["steps"], message: "'flux-1-schnell' takes 1 to 8 steps" });
    }
  });
export type ImageOptions = z.infer<typeof ImageOptions>;

export function imageModelOf({ model, tier }: Pick<ImageOptions, "model" | "tier">): ImageModelName {
  return model ?? IMAGE_TIERS[tier ?? "fast"];
}

/** Options of a classification: at most `topK` labels, none scored below `minScore` (0 to 1). */
export const ClassificationOptions = z.strictObject({
  /** One model serves them all. */
  tier: z.enum(TIERS).optional(),
  topK: z.int().min(1).max(100).default(5),
  minScore: z.number().min(0).max(1).default(0),
});
export type ClassificationOptions = z.infer<typeof ClassificationOptions>;

export const Prompt = boundedText({ max: MAX_PROMPT_CHARS, min: 1, trim: true, empty: "the prompt is empty" });

/** A text to classify. */
export const Text = boundedText({ max: MAX_TEXT_CHARS, min: 1, trim: true, empty: "the text is empty" });

export const optionsOf = {
  transcription: TranscriptionOptions,
  image_generation: ImageOptions,
  classification: ClassificationOptions,
} as const satisfies Record<JobKind, z.ZodType>;

/**
 * The options that ask another tier's model for the same; null where the client named the model, where that one does not
 * take the options, and where it knows English only and nobody said that it is English.
 */
export function standIn(kind: JobKind, options: Readonly<Record<string, unknown>>, tier: Tier) {
  if (kind === "classification") return null;
  if (kind === "image_generation") {
    if (options["model"] !== undefined && options["tier"] === undefined) return null;
    const asked = ImageOptions.safeParse({ ...options, tier, model: IMAGE_TIERS[tier] });
    return asked.success ? asked.data : null;
  }
  const { language } = SPEECH_MODELS[tier];
  const isForeign = language !== undefined && options["language"] !== language && options["tier"] !== tier;
  const asked = TranscriptionOptions.safeParse({ ...options, tier });
  return asked.success && !isForeign ? asked.data : null;
}
