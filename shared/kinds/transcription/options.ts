import * as z from "zod";

import { boundedText } from "../../input/bounded-text.ts";
import { MAX_INITIAL_PROMPT_CHARS } from "../../limits.ts";
import { SPEECH_MODELS, TIERS } from "../../models/models.ts";

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
