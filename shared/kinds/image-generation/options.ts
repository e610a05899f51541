import * as z from "zod";

import { pictureUnits } from "../../cost/neurons.ts";
import { boundedText } from "../../input/bounded-text.ts";
import { MAX_PROMPT_CHARS } from "../../limits.ts";
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

/** Options of an image generation: a model by its name, or a tier; without either, the fast tier. Sides are in pixels. */
export const ImageOptions = z
  .strictObject({
    model: z.enum(IMAGE_MODEL_NAMES).optional(),
    tier: z.enum(TIERS).optional(),
    steps: z.int().min(1).max(50).optional(),
    width: side.optional(),
    height: side.optional(),
    seed: z.int().min(0).max(4_294_967_295).optional(),
    guidance: z.number().min(0).max(20).optional(),
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

/** Return what generating the picture consumes: by the given options, and by the model's defaults for the others. */
export function drawingUnits(options: ImageOptions): Units {
  const { width, height, steps } = IMAGE_MODELS[imageModelOf(options)].defaults;
  return pictureUnits({
    width: options.width ?? width,
    height: options.height ?? height,
    steps: options.steps ?? steps,
  });
}
