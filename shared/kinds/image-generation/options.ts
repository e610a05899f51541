import * as z from "zod";

import { pictureUnits } from "../../cost/neurons.ts";
import { boundedText } from "../../input/bounded-text.ts";
import { MAX_PICTURES, MAX_PROMPT_CHARS } from "../../limits.ts";
import {
  IMAGE_MODEL_NAMES,
  IMAGE_MODELS,
  IMAGE_TIERS,
  type ImageModelName,
  TIERS,
  type Units,
} from "../../models/models.ts";

export const Prompt = boundedText({ max: MAX_PROMPT_CHARS, min: 1, trim: true, empty: "the prompt is empty" });

const side = z.int().min(256).max(1920);

/** One more than the largest seed. */
const SEEDS = 4_294_967_296;

/** Options of an image generation: a model by its name, or a tier; without either, the fast tier. Sides are in pixels. */
export const ImageOptions = z
  .strictObject({
    model: z.enum(IMAGE_MODEL_NAMES).optional(),
    tier: z.enum(TIERS).optional(),
    steps: z.int().min(1).max(50).optional(),
    width: side.optional(),
    height: side.optional(),
    seed: z
      .int()
      .min(0)
      .max(SEEDS - 1)
      .optional(),
    guidance: z.number().min(0).max(20).optional(),
    /** How many pictures to generate from the prompt, one call each: `image.jpg`, `image-2.jpg` … */
    count: z.int().min(1).max(MAX_PICTURES).optional(),
    /** Safety filters sometimes refuse harmless prompts: whether to ask once more, which may cost as much again. */
    retryIfFlagged: z.boolean().optional(),
  })
  .superRefine((options, context) => {
    const model = imageModelOf(options);
    if (options.tier !== undefined && model !== IMAGE_TIERS[options.tier]) {
      context.addIssue({
        code: "custom",
        path: ["tier"],
        message: `give either 'tier' or 'model': '${model}' is not the model of that tier`,
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

/** Return the options of one of the pictures, counted from 0. With a seed, each picture has the next one, because they would be the same. */
export function optionsOfPicture(options: ImageOptions, index: number): ImageOptions {
  return options.seed === undefined ? options : { ...options, seed: (options.seed + index) % SEEDS };
}

/** Return what generating one picture consumes: by the given options, and by the model's defaults for the others. */
export function drawingUnits(options: ImageOptions): Units {
  const { width, height, steps } = IMAGE_MODELS[imageModelOf(options)].defaults;
  return pictureUnits({
    width: options.width ?? width,
    height: options.height ?? height,
    steps: options.steps ?? steps,
  });
}

/** Return what generating all pictures of a job consumes. */
export function jobUnits(options: ImageOptions): Units {
  const { pictures = 0, tiles = 0, furtherMegapixels = 0, ...each } = drawingUnits(options);
  const { count = 1 } = options;
  return { ...each, pictures: pictures * count, tiles: tiles * count, furtherMegapixels: furtherMegapixels * count };
}
