import * as z from "zod";

import { classification } from "../../shared/kinds/classification/kind.ts";
import { Text } from "../../shared/kinds/classification/options.ts";
import { imageGeneration } from "../../shared/kinds/image-generation/kind.ts";
import { transcription } from "../../shared/kinds/transcription/kind.ts";
import { FileAddress } from "../../shared/replicate/input-fields.ts";
import { drawingOf } from "../../shared/replicate/drawing.ts";
import { REPLICATE_MODELS, type ReplicateModel } from "../../shared/replicate/models.ts";
import { PICTURE_INPUTS, type PictureInput } from "../../shared/replicate/picture-input.ts";
import { SpeechInput } from "../../shared/replicate/speech-input.ts";

/** The input of a prediction as a job: the body of `POST /v1/jobs` without the source, and the file that becomes the source. */
export interface AskedWork {
  readonly request: Readonly<Record<string, unknown>>;
  /** The field that has the address of a file, and that address. */
  readonly media?: { readonly field: string; readonly address: string };
}

const Labels = {
  top_k: z.int().optional().meta({ description: "how many labels" }),
  min_score: z.number().optional().meta({ description: "leave out labels with a lower score" }),
};
const PictureLabels = z.strictObject({
  image: FileAddress.meta({ description: "the picture" }),
  ...Labels,
});
const TextLabels = z.strictObject({ text: Text, ...Labels });

/** The schema of a model's input, as clients see it. */
export function schemaOf(model: ReplicateModel): z.ZodType {
  switch (model.takes) {
    case "audio":
      return SpeechInput;
    case "prompt":
      return PICTURE_INPUTS[model.picture.input];
    case "text":
      return TextLabels;
    case "picture":
      return PictureLabels;
  }
}

/** The schema that parses a model's input into work. @throws for a name that is not in the catalogue. */
export function inputOf(name: string): z.ZodType<AskedWork> {
  const model = REPLICATE_MODELS.get(name);
  if (model === undefined) throw new Error(`no model '${name}'`);
  switch (model.takes) {
    case "audio":
      return SpeechInput.transform(({ audio, translate, language, initial_prompt: initialPrompt }) => {
        const task = translate === true ? "translate" : undefined;
        const options = given({
          tier: model.tier,
          task,
          language: language === "auto" ? undefined : language,
          initialPrompt,
        });
        return { request: { kind: transcription.kind, options }, media: { field: "audio", address: audio } };
      });
    case "prompt": {
      const input: z.ZodType<PictureInput> = PICTURE_INPUTS[model.picture.input];
      return input.transform((asked) => {
        const { options } = drawingOf(model.picture, asked);
        // Without a seed, the same prompt asks for a new picture.
        const reuse = asked.seed !== undefined;
        return { request: { kind: imageGeneration.kind, prompt: asked.prompt, options, reuse } };
      });
    }
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
  count: "num_outputs",
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
