import * as z from "zod";

import { countChars } from "../../shared/input/characters.ts";
import { MAX_ADDRESS_CHARS } from "../../shared/limits.ts";
import { InitialPrompt, LanguageOrAuto } from "../../shared/kinds/transcription/options.ts";
import { Prompt } from "../../shared/kinds/image-generation/options.ts";
import { Text } from "../../shared/kinds/classification/options.ts";
import { REPLICATE_MODELS } from "../../shared/replicate/models.ts";
import { boundedText } from "../../shared/input/bounded-text.ts";
import { classification } from "../../shared/kinds/classification/kind.ts";
import { imageGeneration } from "../../shared/kinds/image-generation/kind.ts";
import { transcription } from "../../shared/kinds/transcription/kind.ts";

/** The input of a prediction as a job: the body of `POST /v1/jobs` without the source, and the file that becomes the source. */
export interface AskedWork {
  readonly request: Readonly<Record<string, unknown>>;
  /** The field that has the address of a file, and that address. */
  readonly media?: { readonly field: string; readonly address: string };
}

/** The SDK puts up to 10 MB of files into data: URIs, which are a third longer. */
export const MAX_PREDICTION_BYTES = 15_000_000;

const address = boundedText({ max: MAX_PREDICTION_BYTES, min: 1 }).refine(
  (uri) => uri.startsWith("data:") || countChars(uri) <= MAX_ADDRESS_CHARS,
  `an address that is not a data: URI may have at most ${MAX_ADDRESS_CHARS} characters`,
);

const Whisper = z.strictObject({
  audio: address,
  transcription: z.enum(["plain text", "srt", "vtt"]).default("plain text"),
  translate: z.boolean().default(false),
  language: LanguageOrAuto.default("auto"),
  initial_prompt: InitialPrompt.optional(),
  // Replicate's page has these in every example. At their defaults they change nothing.
  model: z.literal("large-v3", "only 'large-v3' is supported").optional(),
  temperature: z.literal(0, "only 0 is supported: the models do not accept a temperature").optional(),
  suppress_tokens: z.literal("-1", "only '-1' is supported").optional(),
  logprob_threshold: z.literal(-1, "only -1 is supported").optional(),
  no_speech_threshold: z.literal(0.6, "only 0.6 is supported").optional(),
  condition_on_previous_text: z.literal(true, "only true is supported").optional(),
  compression_ratio_threshold: z.literal(2.4, "only 2.4 is supported").optional(),
  temperature_increment_on_fallback: z.literal(0.2, "only 0.2 is supported").optional(),
  patience: z.literal(1, "only 1 is supported").optional(),
});

const Flux = z.strictObject({
  prompt: Prompt,
  num_inference_steps: z.int().optional(),
  guidance: z.number().optional(),
  width: z.int().optional(),
  height: z.int().optional(),
  seed: z.int().optional(),
  num_outputs: z.literal(1, "only 1 is supported: a prediction draws one picture").optional(),
  aspect_ratio: z
    .enum(["1:1", "custom"], "only '1:1' is supported; send width and height to a model that accepts them")
    .optional(),
  // The client cannot choose the speed of the model here, and no picture depends on it.
  go_fast: z.boolean().optional(),
});

const Labels = { top_k: z.int().optional(), min_score: z.number().optional() };
const PictureLabels = z.strictObject({ image: address, ...Labels });
const TextLabels = z.strictObject({ text: Text, ...Labels });

/** The schema that parses a model's input into work. @throws for a name that is not in the catalogue. */
export function inputOf(name: string): z.ZodType<AskedWork> {
  const model = REPLICATE_MODELS.get(name);
  if (model === undefined) throw new Error(`no model '${name}'`);
  switch (model.takes) {
    case "audio":
      return Whisper.transform(({ audio, translate, language, initial_prompt: initialPrompt }) => {
        const task = translate ? "translate" : undefined;
        const options = given({
          tier: model.tier,
          task,
          language: language === "auto" ? undefined : language,
          initialPrompt,
        });
        return { request: { kind: transcription.kind, options }, media: { field: "audio", address: audio } };
      });
    case "prompt":
      return Flux.transform(({ prompt, num_inference_steps: steps, guidance, width, height, seed }) => {
        const options = given({ model: model.model, steps, guidance, width, height, seed });
        // Without a seed, the same prompt asks for a new picture.
        return { request: { kind: imageGeneration.kind, prompt, options, reuse: seed !== undefined } };
      });
    case "text":
      return TextLabels.transform(({ text, ...labels }) => ({
        request: { kind: classification.kind, text, options: labelOptions(labels) },
      }));
    case "picture":
      return PictureLabels.transform(({ image, ...labels }) => ({
        request: { kind: classification.kind, options: labelOptions(labels) },
        media: { field: "image", address: image },
      }));
  }
}

/** The names of our options in Replicate's models. */
export const FIELD_OF: Readonly<Record<string, string>> = {
  steps: "num_inference_steps",
  initialPrompt: "initial_prompt",
  topK: "top_k",
  minScore: "min_score",
  task: "translate",
};

function labelOptions({
  top_k: topK,
  min_score: minScore,
}: {
  top_k?: number | undefined;
  min_score?: number | undefined;
}) {
  return given({ topK, minScore });
}

function given(options: Record<string, unknown>): Record<string, unknown> {
  return Object.fromEntries(Object.entries(options).filter(([, value]) => value !== undefined));
}
