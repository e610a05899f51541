// The inputs of openai/whisper. Names, ranges and defaults: replicate/cog-whisper, predict.py, read 2026-11-30.
import * as z from "zod";

import { boundedText } from "../input/bounded-text.ts";
import { InitialPrompt, LanguageOrAuto } from "../kinds/transcription/options.ts";
import { FileAddress, choice } from "./input-fields.ts";
import { languageCode } from "./language-names.ts";

/** Longer than any name of a language. */
const MAX_LANGUAGE_CHARS = 35;
const MAX_TOKENS_CHARS = 1000;

const NO_EFFECT = "without effect: the models decode in their own way";

export const SpeechInput = z.strictObject({
  audio: FileAddress.meta({ description: "the recording" }),
  transcription: choice(["plain text", "srt", "vtt"])
    .optional()
    .meta({ default: "plain text", description: "the format of the text" }),
  translate: z.boolean().optional().meta({ default: false, description: "translate into English" }),
  language: boundedText({ max: MAX_LANGUAGE_CHARS })
    .overwrite(languageCode)
    .pipe(LanguageOrAuto)
    .optional()
    .meta({ default: "auto", description: "a language tag, a language's English name, or 'auto'" }),
  initial_prompt: InitialPrompt.optional().meta({ description: "words that the recording may contain" }),
  model: choice(["large-v3"]).optional().meta({ default: "large-v3" }),
  temperature: z.number().optional().meta({ default: 0, description: NO_EFFECT }),
  patience: z.number().optional().meta({ description: NO_EFFECT }),
  suppress_tokens: boundedText({ max: MAX_TOKENS_CHARS }).optional().meta({ default: "-1", description: NO_EFFECT }),
  condition_on_previous_text: z.boolean().optional().meta({ default: true, description: NO_EFFECT }),
  temperature_increment_on_fallback: z.number().optional().meta({ default: 0.2, description: NO_EFFECT }),
  compression_ratio_threshold: z.number().optional().meta({ default: 2.4, description: NO_EFFECT }),
  logprob_threshold: z.number().optional().meta({ default: -1, description: NO_EFFECT }),
  no_speech_threshold: z.number().optional().meta({ default: 0.6, description: NO_EFFECT }),
});
export type SpeechInput = z.infer<typeof SpeechInput>;

const WITHOUT_EFFECT = [
  "temperature",
  "patience",
  "suppress_tokens",
  "condition_on_previous_text",
  "temperature_increment_on_fallback",
  "compression_ratio_threshold",
  "logprob_threshold",
  "no_speech_threshold",
] as const satisfies readonly (keyof SpeechInput)[];

/** What a prediction's logs say about its input. */
export function speechNotes(input: Readonly<Record<string, unknown>>): readonly string[] {
  const idle = WITHOUT_EFFECT.filter((name) => input[name] !== undefined);
  return idle.length === 0 ? [] : [`Without effect here: ${idle.join(", ")}.`];
}
