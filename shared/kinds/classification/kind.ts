import * as z from "zod";

import { type Estimate, estimateLine } from "../../cost/estimate.ts";
import { tokensOf } from "../../cost/neurons.ts";
import { Source } from "../../jobs/source.ts";
import { InputSteps } from "../../jobs/steps.ts";
import { MAX_TEXT_CHARS } from "../../limits.ts";
import { IMAGE_CLASSIFIER, TEXT_CLASSIFIER } from "../../models/models.ts";
import { ConvertedFormat } from "../../uploads/picture-formats.ts";
import { ABOUT, oneOf, SourceKey } from "../about.ts";
import type { Kind } from "../kind.ts";
import { ClassificationOptions, Text } from "./options.ts";

export const ClassificationInput = z.union([
  z.strictObject({ text: Text, options: ClassificationOptions, then: InputSteps }),
  z.strictObject({
    source: Source,
    media: z.enum(["image", "text"]),
    /** Set for a picture in a format that no model takes. */
    format: ConvertedFormat.exactOptional(),
    options: ClassificationOptions,
    then: InputSteps,
  }),
]);
export type ClassificationInput = z.infer<typeof ClassificationInput>;

const kind = "classification";

/** How the name of the converted picture begins. */
export const CONVERTED = "picture.";

/** The kind of job that ranks labels for a picture or a text. */
export const classification = {
  kind,
  options: ClassificationOptions,
  input: ClassificationInput,
  request: z
    .strictObject({
      kind: z.literal(kind),
      text: Text.optional(),
      source: SourceKey.optional(),
      options: ClassificationOptions.prefault({}),
      ...ABOUT,
    })
    .superRefine(oneOf(["source", "text"])),
  // Since 2 the input may say the format of a picture to convert.
  tasks: { classify: 2 },
  firstTask: "classify",
  result: "labels.json",
  materials: ["a text", "a picture"],
  uploads: {
    takes: ["image", "text"],
    described: "a picture (JPEG, PNG, WebP, GIF, BMP, TIFF) or a text",
    byDefault: ["image", "text"],
  },
  inputOf: (source, options, media, format) => ({ source, options, media, ...(format !== undefined && { format }) }),
  modelOf: (input) => ("source" in input && input.media === "image" ? IMAGE_CLASSIFIER : TEXT_CLASSIFIER),
  estimate(input) {
    if ("text" in input) return estimateText(tokensOf(input.text));
    if (input.media === "text") return estimateText(Math.ceil(input.source.sizeBytes / 4));
    return { lines: [estimateLine("classify", IMAGE_CLASSIFIER, { pictures: 1 })], isRough: false };
  },
  leaves(input) {
    if ("text" in input) return { material: "a text", words: { maxChars: MAX_TEXT_CHARS, text: input.text } };
    const { source, media, format } = input;
    if (media === "text") return { material: "a text", words: { maxChars: MAX_TEXT_CHARS, source } };
    const noText = "it classifies a picture";
    return { material: "a picture", picture: source, ...(format !== undefined && { converted: CONVERTED }), noText };
  },
} as const satisfies Kind<ClassificationInput>;

/** Rough, because only the model counts tokens. */
function estimateText(inputTokens: number): Estimate {
  return { lines: [estimateLine("classify", TEXT_CLASSIFIER, { inputTokens })], isRough: true };
}
