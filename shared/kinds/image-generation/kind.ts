import * as z from "zod";

import { estimateLine } from "../../cost/estimate.ts";
import { Source } from "../../jobs/source.ts";
import { InputSteps } from "../../jobs/steps.ts";
import { MAX_PROMPT_CHARS } from "../../limits.ts";
import { IMAGE_MODELS, IMAGE_TIERS } from "../../models/models.ts";
import { ABOUT, oneOf, SourceKey } from "../about.ts";
import type { GivenWords, Kind } from "../kind.ts";
import { imageModelOf, ImageOptions, jobUnits, Prompt } from "./options.ts";

export const ImageInput = z.union([
  z.strictObject({ prompt: Prompt, options: ImageOptions, then: InputSteps }),
  z.strictObject({ source: Source, options: ImageOptions, then: InputSteps }),
]);
export type ImageInput = z.infer<typeof ImageInput>;

const kind = "image_generation";

/** Matches the artifacts that are a job's pictures: `image.jpg`, and of several `image-2.jpg` … as well. */
const PICTURE = /^image(?:-(\d))?\./;

/** Return the beginning of the name of one of a job's pictures, counted from 0. Its bytes decide how the name ends. */
export function pictureName(index: number): string {
  return index === 0 ? "image." : `image-${index + 1}.`;
}

/** Return a job's pictures among its artifacts, in their order. */
export function picturesAmong<Artifact extends { readonly name: string }>(
  artifacts: readonly Artifact[],
): readonly Artifact[] {
  const placed = artifacts.flatMap((artifact) => {
    const match = PICTURE.exec(artifact.name);
    return match === null ? [] : [{ artifact, at: Number(match[1] ?? 1) }];
  });
  return placed.toSorted((a, b) => a.at - b.at).map(({ artifact }) => artifact);
}

/** The kind of job that generates pictures from a prompt. */
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
  // 2: several pictures.
  tasks: { generate_image: 2 },
  firstTask: "generate_image",
  result: pictureName(0),
  materials: ["a picture"],
  uploads: { takes: ["text", "prompt"], described: "a text prompt", byDefault: ["prompt"] },
  inputOf: (source, options) => ({ source, options }),
  modelOf: ({ options }) => IMAGE_MODELS[imageModelOf(options)].id,
  estimate({ options }) {
    const { id } = IMAGE_MODELS[imageModelOf(options)];
    return { lines: [estimateLine("generate_image", id, jobUnits(options), options.count)], isRough: false };
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

/** The notice about pictures that a model refused. The job has the others. */
export function describeRefused(refused: number, wanted: number): string {
  return `The model refused ${refused} of ${wanted} pictures.`;
}
