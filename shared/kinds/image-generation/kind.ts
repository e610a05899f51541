import * as z from "zod";

import { estimateLine } from "../../cost/estimate.ts";
import { Source } from "../../jobs/source.ts";
import { InputSteps } from "../../jobs/steps.ts";
import { MAX_PROMPT_CHARS } from "../../limits.ts";
import { IMAGE_MODELS, IMAGE_TIERS } from "../../models/models.ts";
import { ABOUT, oneOf, SourceKey } from "../about.ts";
import type { GivenWords, Kind } from "../kind.ts";
import { drawingUnits, imageModelOf, ImageOptions, Prompt } from "./options.ts";

export const ImageInput = z.union([
  z.strictObject({ prompt: Prompt, options: ImageOptions, then: InputSteps }),
  z.strictObject({ source: Source, options: ImageOptions, then: InputSteps }),
]);
export type ImageInput = z.infer<typeof ImageInput>;

const kind = "image_generation";

/** The kind of job that generates a picture from a prompt. */
export const imageGeneration = {
  kind,
  options: ImageOptions,
  input: ImageInput,
  request: z
    .strictObject({
      kind: z.literal(kind),
      prompt: Prompt.optional(),
      source: SourceKey.optional(),
      options: ImageOptions.prefault({}),
      ...ABOUT,
    })
    .superRefine(oneOf(["prompt", "source"])),
  tasks: { generate_image: 1 },
  firstTask: "generate_image",
  result: "image.",
  materials: ["a picture"],
  uploads: { takes: ["text", "prompt"], described: "a text prompt", byDefault: ["prompt"] },
  inputOf: (source, options) => ({ source, options }),
  modelOf: ({ options }) => IMAGE_MODELS[imageModelOf(options)].id,
  estimate({ options }) {
    const { id } = IMAGE_MODELS[imageModelOf(options)];
    return { lines: [estimateLine("generate_image", id, drawingUnits(options))], isRough: false };
  },
  leaves: (input) => ({
    material: "a picture",
    picture: "result",
    prompt: promptOf(input),
    noText: "it generates a picture",
  }),
  tiers: {
    isNamed,
    optionsFor(tier, options) {
      if (isNamed(options)) return null;
      const asked = ImageOptions.safeParse({ ...options, tier, model: IMAGE_TIERS[tier] });
      return asked.success ? asked.data : null;
    },
  },
} as const satisfies Kind<ImageInput>;

function isNamed({ model, tier }: { readonly model?: unknown; readonly tier?: unknown }): boolean {
  return model !== undefined && tier === undefined;
}

function promptOf(input: ImageInput): GivenWords {
  const given = "prompt" in input ? { text: input.prompt } : { source: input.source };
  return { maxChars: MAX_PROMPT_CHARS, ...given };
}
