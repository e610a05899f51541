import * as z from "zod";

import { boundedText } from "../../input/bounded-text.ts";
import { MAX_INITIAL_PROMPT_CHARS } from "../../limits.ts";
import { SPEECH_MODELS, TIERS } from "../../models/models.ts";

export const InitialPrompt = boundedText({ max: MAX_INITIAL_PROMPT_CHARS });

/** More tracks than any film has languages. */
const MAX_AUDIO_TRACK = 499;

/** A track of sound by its place, from 0, or by its language, as the file names it (`de`, `ger`, `deu`). */
const AudioTrackOption = z.union([
  z.int().min(0).max(MAX_AUDIO_TRACK),
  boundedText({
    max: 35,
    pattern: [/^[A-Za-z]{2,3}(-[A-Za-z0-9]{2,8})*$/, "expected the place of a track, or a language such as 'de'"],
  }),
]);

/**
 * Options of a transcription. `language` is ISO 639-1 (`en`, `de`); left out, the model detects it. `channels: "separate"`
 * transcribes each channel by itself, for recordings that have a speaker on each: of PCM alone, since nothing is decoded here.
 */
export const TranscriptionOptions = z
  .strictObject({
    tier: z.enum(TIERS).default("accurate"),
    language: boundedText({ max: 3, pattern: [/^[a-z]{2,3}$/, "expected an ISO 639 code such as 'en'"] }).optional(),
    task: z.enum(["transcribe", "translate"]).optional(),
    initialPrompt: InitialPrompt.optional(),
    vadFilter: z.boolean().optional(),
    audioTrack: AudioTrackOption.optional(),
    channels: z.enum(["mix", "separate"]).optional(),
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
