import { imageSize } from "image-size";

import { countChars } from "../../shared/input/characters.ts";
import { decodeText } from "../../shared/input/decode-text.ts";
import { ARRAY_WEIGHT, MAX_IMAGE_BYTES, MAX_IMAGE_PIXELS, MAX_TEXT_CHARS, maxFileBytes } from "../../shared/limits.ts";

import type { Discarded, Outcome } from "../../shared/jobs/outcome.ts";
import { cutPassages, tellingLabels } from "../../shared/search/cut-passages.ts";
import { type Classification, classifyImage, classifyText } from "../models/classifiers.ts";
import type { Attempt } from "../runner/attempt.ts";
import { readWords } from "../steps/read-searchable-text.ts";
import { discard, processor } from "./processor.ts";
import type { Tools } from "./tools.ts";
import { ClassificationInput } from "../../shared/kinds/classification/kind.ts";

export const LABELS = "labels.json";

/** A picture or a text to ranked labels: `labels.json`, and the labels in D1 for listing. */
export function createClassify({
  models,
  media,
  withSource,
  results,
}: Pick<Tools, "models" | "media" | "withSource" | "results">) {
  return processor(ClassificationInput, async (input, attempt) => {
    const known = await results.reuseJson<Classification>(attempt, LABELS);
    if (known !== null) return store(known, attempt, await wordsOf(input, attempt));
    if ("text" in input) {
      const { text, options } = input;
      return store(await classifyText(models(attempt), text, options), attempt, text);
    }
    if (input.media === "text") {
      return withSource(attempt, input.source, { maxBytes: maxFileBytes(MAX_TEXT_CHARS) }, async (bytes) => {
        const read = decodeText(bytes);
        if (!read.ok) return discard("invalid_text", `The text '${input.source.key}' ${read.reason}.`);
        const text = read.text.trim();
        if (text === "") return discard("source_empty", `The object '${input.source.key}' holds no text.`);
        const chars = countChars(text);
        if (chars > MAX_TEXT_CHARS) {
          return discard("source_too_large", `The text has ${chars} characters; the limit is ${MAX_TEXT_CHARS}.`);
        }
        return store(await classifyText(models(attempt), text, input.options), attempt, text);
      });
    }
    return withSource(attempt, input.source, { maxBytes: MAX_IMAGE_BYTES, weight: ARRAY_WEIGHT }, async (bytes) => {
      const tooLarge = refusePixels(bytes);
      if (tooLarge !== null) return tooLarge;
      return store(await classifyImage(models(attempt), bytes, input.options), attempt, "");
    });
  });

  async function wordsOf(input: ClassificationInput, attempt: Attempt): Promise<string> {
    if ("text" in input) return input.text;
    if (input.media === "image") return "";
    return readWords({ source: input.source, maxChars: MAX_TEXT_CHARS }, media(attempt));
  }

  /** What was classified is found by its own words, and by its labels. */
  async function store(classification: Classification, attempt: Attempt, text: string): Promise<Outcome> {
    const { labels } = classification;
    const artifact = await results.store(attempt, {
      name: LABELS,
      contentType: "application/json",
      body: JSON.stringify(classification, null, 2),
    });
    const passages = cutPassages(attempt.task.jobId, { text, labels: tellingLabels(labels) });
    return { type: "completed", artifacts: [artifact], labels, passages };
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
