import { imageSize } from "image-size";

import { countChars } from "../../shared/input/characters.ts";
import { decodeText } from "../../shared/input/decode-text.ts";
import { ARRAY_WEIGHT, MAX_IMAGE_BYTES, MAX_IMAGE_PIXELS, MAX_TEXT_CHARS, maxFileBytes } from "../../shared/limits.ts";
import { ClassificationInput } from "../../shared/jobs/new-job.ts";
import { type Classification, classifyImage, classifyText } from "../models/classifiers.ts";
import { discard, type Outcome, processor, type TaskContext } from "./processor.ts";
import { recallJson } from "./reuse-result.ts";
import { withSource } from "./source.ts";
import { storeArtifact } from "./store-artifact.ts";

export const LABELS = "labels.json";

/** A picture or a text to ranked labels: `labels.json`, and the labels in D1 for listing. */
export const classify = processor(ClassificationInput, async (input, context) => {
  const { models } = context;
  const known = await recallJson<Classification>(context, LABELS);
  if (known !== null) return store(known, context);
  if ("text" in input) return store(await classifyText(models, input.text, input.options), context);
  if (input.media === "text") {
    return withSource(input.source, { maxBytes: maxFileBytes(MAX_TEXT_CHARS) }, context, async (bytes) => {
      const read = decodeText(bytes);
      if (!read.ok) return discard("invalid_text", `The text '${input.source.key}' ${read.reason}.`);
      const text = read.text.trim();
      if (text === "") return discard("source_empty", `The object '${input.source.key}' holds no text.`);
      const chars = countChars(text);
      if (chars > MAX_TEXT_CHARS) {
        return discard("source_too_large", `The text has ${chars} characters; the limit is ${MAX_TEXT_CHARS}.`);
      }
      return store(await classifyText(models, text, input.options), context);
    });
  }
  return withSource(input.source, { maxBytes: MAX_IMAGE_BYTES, weight: ARRAY_WEIGHT }, context, async (bytes) => {
    const tooLarge = refusePixels(bytes);
    if (tooLarge !== null) return tooLarge;
    return store(await classifyImage(models, bytes, input.options), context);
  });
});

// Read from the header alone: a picture of a few bytes may claim gigabytes of pixels.
function refusePixels(bytes: Uint8Array): Outcome | null {
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

async function store(classification: Classification, context: TaskContext): Promise<Outcome> {
  const artifact = await storeArtifact(context, {
    name: LABELS,
    contentType: "application/json",
    body: JSON.stringify(classification, null, 2),
  });
  return { type: "completed", artifacts: [artifact], labels: classification.labels };
}
