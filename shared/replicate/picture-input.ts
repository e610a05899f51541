// The inputs of Replicate's image models. Names, ranges, defaults and sizes: replicate/cog-flux, predict.py, read 2026-11-30.
import * as z from "zod";

import { boundedText } from "../input/bounded-text.ts";
import { Prompt } from "../kinds/image-generation/options.ts";
import { MAX_PICTURES } from "../limits.ts";
import { MAX_PREDICTION_BYTES, choice } from "./input-fields.ts";

/** Width and height in pixels at one megapixel. At a quarter of one, each side is half as long. */
export const SIZES = {
  "1:1": [1024, 1024],
  "16:9": [1344, 768],
  "21:9": [1536, 640],
  "3:2": [1216, 832],
  "2:3": [832, 1216],
  "4:5": [896, 1088],
  "5:4": [1088, 896],
  "3:4": [896, 1152],
  "4:3": [1152, 896],
  "9:16": [768, 1344],
  "9:21": [640, 1536],
} as const satisfies Record<string, readonly [width: number, height: number]>;

const RATIOS = Object.keys(SIZES) as [keyof typeof SIZES, ...(keyof typeof SIZES)[]];

/** What every image model takes. A default is only shown, so that a stored input has what the client sent. */
const EVERY = {
  prompt: Prompt.meta({ description: "what the picture shows" }),
  aspect_ratio: choice(RATIOS).optional().meta({ default: "1:1", description: "width to height" }),
  megapixels: choice(["1", "0.25"]).optional().meta({ default: "1", description: "how large the picture is, roughly" }),
  num_outputs: z
    .int()
    .min(1)
    .max(MAX_PICTURES)
    .optional()
    .meta({ default: 1, description: "how many pictures; each is a call to the model" }),
  seed: z.int().optional().meta({ description: "the same seed draws the same picture again" }),
  output_format: choice(["webp", "jpg", "png"])
    .optional()
    .meta({ default: "webp", description: "without effect: a picture stays as the model returned it" }),
  output_quality: z.int().min(0).max(100).optional().meta({ default: 80, description: "without effect" }),
  disable_safety_checker: z
    .boolean()
    .optional()
    .meta({ default: false, description: "without effect: the platform's filter cannot be switched off" }),
  go_fast: z.boolean().optional().meta({ default: true, description: "without effect" }),
};

/** FLUX.1 [schnell]. Replicate allows 4 steps, the model here 8. */
export const SchnellInput = z.strictObject({
  ...EVERY,
  num_inference_steps: z.int().min(1).max(8).optional().meta({ default: 4, description: "denoising steps" }),
});

/** FLUX.1 [dev]. */
export const DevInput = z.strictObject({
  ...EVERY,
  num_inference_steps: z.int().min(1).max(50).optional().meta({ default: 28, description: "denoising steps" }),
  guidance: z.number().min(0).max(10).optional().meta({ default: 3, description: "how closely to follow the prompt" }),
  image: boundedText({ max: MAX_PREDICTION_BYTES })
    .refine(() => false, "image to image is not supported: no model here draws from a picture. Leave out 'image'")
    .optional()
    .meta({ description: "refused: image to image is not supported" }),
  prompt_strength: z
    .number()
    .min(0)
    .max(1)
    .optional()
    .meta({ default: 0.8, description: "without effect: it belongs to 'image'" }),
});

/** FLUX.2. Without a size, the model's own default is drawn. */
export const Flux2Input = z
  .strictObject({
    ...EVERY,
    aspect_ratio: choice([...RATIOS, "custom"])
      .optional()
      .meta({ description: "width to height; 'custom' for 'width' and 'height'" }),
    width: z.int().optional().meta({ description: "pixels" }),
    height: z.int().optional().meta({ description: "pixels" }),
    num_inference_steps: z.int().optional().meta({ description: "denoising steps; only for flux-2-dev" }),
    guidance: z.number().optional().meta({ description: "how closely to follow the prompt" }),
  })
  .superRefine(({ aspect_ratio: ratio, megapixels, ...sides }, context) => {
    for (const side of ["width", "height"] as const) {
      if (sides[side] === undefined || ratio === "custom" || (ratio === undefined && megapixels === undefined))
        continue;
      const message = `give either '${side}' or a ratio: 'aspect_ratio' must be 'custom' with it, and 'megapixels' left out`;
      context.addIssue({ code: "custom", path: [side], message });
    }
  });

/** An input of any of these models. */
export type PictureInput = z.infer<typeof Flux2Input> & Partial<Pick<z.infer<typeof DevInput>, "prompt_strength">>;

export const PICTURE_INPUTS = {
  schnell: SchnellInput,
  dev: DevInput,
  flux2: Flux2Input,
} as const satisfies Record<string, z.ZodType<PictureInput>>;
export type PictureInputName = keyof typeof PICTURE_INPUTS;
