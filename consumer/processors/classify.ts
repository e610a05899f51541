import { imageSize } from "image-size";

import { ARRAY_WEIGHT, MAX_IMAGE_BYTES, MAX_IMAGE_PIXELS, MAX_TEXT_CHARS } from "../../shared/limits.ts";

import type { Discarded, Outcome } from "../../shared/jobs/outcome.ts";
import { type Classification, classifyImage, classifyText } from "../models/classifiers.ts";
import type { Attempt } from "../runner/attempt.ts";
import { discard, processor } from "./processor.ts";
import type { Tools } from "./tools.ts";
import { ClassificationInput } from "../../shared/kinds/classification/kind.ts";

export const LABELS = "labels.json";

type ClassifyTools = Pick<Tools, "models" | "withSource" | "withWords" | "results">;

/** A picture or a text to ranked labels: `labels.json`, and the labels in D1 for listing. */
export function createClassify({ models, withSource, withWords, results }: ClassifyTools) {
  return processor(ClassificationInput, async (input, attempt) => {
    const known = await results.reuseJson<Classification>(attempt, LABELS);
    if (known !== null) return store(known, attempt);
    if ("text" in input || input.media === "text") {
      return withWords(attempt, { maxChars: MAX_TEXT_CHARS, ...input }, async (text) =>
        store(await classifyText(models(attempt), text, input.options), attempt),
      );
    }
    return withSource(attempt, input.source, { maxBytes: MAX_IMAGE_BYTES, weight: ARRAY_WEIGHT }, async (bytes) => {
      const tooLarge = refusePixels(bytes);
      if (tooLarge !== null) return tooLarge;
      return store(await classifyImage(models(attempt), bytes, input.options), attempt);
    });
  });

  async function store(classification: Classification, attempt: Attempt): Promise<Outcome> {
    const artifact = await results.store(attempt, {
      name: LABELS,
      contentType: "application/json",
      body: JSON.stringify(classification, null, 2),
    });
    return { type: "completed", artifacts: [artifact], labels: classification.labels };
  }
}

// Read from the header alone: a picture of a few bytes may claim gigabytes of pixels.
function refusePixels(bytes: Uint8Array): Discarded | null {
  try {
    const { width, height } = imageSize(bytes);
    if (width * height <= MAX_IMAGE_PIXELS) return null;
    return discard(
      "image_too_large",
      `The picture claims ${width} × ${height} pixels; at most ${MAX_IMAGE_PIXELS} are taken.`,
    );
  } catch (error) {
    return discard("undecodable_input", `The picture's header could not be read: ${String(error)}`);
  }
}
