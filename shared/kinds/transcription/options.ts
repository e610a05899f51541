import * as z from "zod";

import { boundedText } from "../../input/bounded-text.ts";
import { MAX_INITIAL_PROMPT_CHARS } from "../../limits.ts";
import { SPEECH_MODELS, TIERS } from "../../models/models.ts";
import { foldLanguage, unknownLanguage, WHISPER_LANGUAGES } from "./languages.ts";

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

/** The tags in use are shorter. */
const MAX_TAG_CHARS = 35;

/** A stored language is not checked, so that jobs of earlier versions stay readable. */
const StoredLanguage = boundedText({ max: MAX_TAG_CHARS }).overwrite(foldLanguage);

/** A language tag (BCP 47), folded to the code that Whisper takes: `pt-BR` is `pt`, and `EN` is `en`. */
export const Language = StoredLanguage.refine((code) => WHISPER_LANGUAGES.has(code), {
  error: ({ input }) => unknownLanguage(String(input)),
});

/** The same for an API that names detection. A union of the two would hide the message about the tag. */
export const LanguageOrAuto = StoredLanguage.refine((code) => code === "auto" || WHISPER_LANGUAGES.has(code), {
  error: ({ input }) => unknownLanguage(String(input)),
});

/**
 * Options of a transcription in a request. Without `language`, the model detects it. `channels: "separate"` transcribes each channel
 * by itself, for recordings that have a speaker on each: only PCM, since nothing is decoded here.
 */
export const TranscriptionOptions = optionsWith(Language);

/** Stored options of a transcription. */
export const StoredOptions = optionsWith(StoredLanguage);
export type TranscriptionOptions = z.infer<typeof StoredOptions>;

function optionsWith(language: typeof StoredLanguage) {
  return z
    .strictObject({
      tier: z.enum(TIERS).default("accurate"),
      language: language
        .optional()
        .describe("a language tag such as `en` or `pt-BR`; the model detects the language without it"),
      task: z.enum(["transcribe", "translate"]).optional(),
      initialPrompt: InitialPrompt.optional(),
      vadFilter: z.boolean().optional(),
      audioTrack: AudioTrackOption.optional(),
      channels: z.enum(["mix", "separate"]).optional(),
    })
    .superRefine((options, context) => {
      const { takesOptions, language: only } = SPEECH_MODELS[options.tier];
      if (takesOptions) return;
      for (const name of ["language", "task", "initialPrompt", "vadFilter"] as const) {
        if (options[name] === undefined || (name === "language" && options.language === only)) continue;
        context.addIssue({
          code: "custom",
          path: [name],
          message: `the '${options.tier}' tier does not take '${name}'; use tier 'accurate'`,
        });
      }
    });
}
