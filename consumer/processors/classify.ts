import { pictureSize } from "../../shared/input/picture-size.ts";
import { ARRAY_WEIGHT, MAX_IMAGE_BYTES, MAX_IMAGE_PIXELS } from "../../shared/limits.ts";

import type { Discarded, Outcome, StoredArtifact } from "../../shared/jobs/outcome.ts";
import { cutPassages, tellingLabels } from "../../shared/search/cut-passages.ts";
import { type Classification, classifyImage, classifyText } from "../models/classifiers.ts";
import type { Attempt } from "../runner/attempt.ts";
import { readFoundBy } from "../steps/read-searchable-text.ts";
import { discard, processor } from "./processor.ts";
import type { Tools } from "./tools.ts";
import { classification, ClassificationInput } from "../../shared/kinds/classification/kind.ts";

const LABELS = classification.result;

type ClassifyTools = Pick<Tools, "models" | "media" | "withSource" | "withConverted" | "withWords" | "results">;

/** Classify a picture or a text: stores `labels.json`, and the labels in D1 for listing. */
export function createClassify({ models, media, withSource, withConverted, withWords, results }: ClassifyTools) {
  return processor(ClassificationInput, async (input, attempt) => {
    const known = await results.reuseJson<Classification>(attempt, LABELS);
    const leaves = classification.leaves(input);
    if (leaves.material === "a text") {
      const { words } = leaves;
      if (known !== null) return store(known, attempt, await readFoundBy(words, media(attempt)));
      return withWords(attempt, words, async (text) =>
        store(await classifyText(models(attempt), text, input.options), attempt, text),
      );
    }
    const format = "format" in input ? input.format : undefined;
    if (format !== undefined) {
      const from = { source: leaves.picture, format, weight: ARRAY_WEIGHT };
      return withConverted(attempt, from, async ({ bytes, artifact }) =>
        store(known ?? (await classifyImage(models(attempt), bytes, input.options)), attempt, "", artifact),
      );
    }
    if (known !== null) return store(known, attempt, "");
    return withSource(attempt, leaves.picture, { maxBytes: MAX_IMAGE_BYTES, weight: ARRAY_WEIGHT }, async (bytes) => {
      const tooLarge = refusePixels(bytes);
      if (tooLarge !== null) return tooLarge;
      return store(await classifyImage(models(attempt), bytes, input.options), attempt, "");
    });
  });

  /** A classified text is found by its own words and by its labels, a picture by its labels. */
  async function store(
    classified: Classification,
    attempt: Attempt,
    text: string,
    converted: StoredArtifact | null = null,
  ): Promise<Outcome> {
    const { labels } = classified;
    const artifact = await results.store(attempt, {
      name: LABELS,
      contentType: "application/json",
      body: JSON.stringify(classified, null, 2),
    });
    const passages = cutPassages(attempt.task.jobId, { text, labels: tellingLabels(labels) });
    const artifacts = converted === null ? [artifact] : [artifact, converted];
    return { type: "completed", artifacts, labels, passages };
  }
}

// Only the header is read: a picture of a few bytes may claim gigabytes of pixels.
function refusePixels(bytes: Uint8Array): Discarded | null {
  const size = pictureSize(bytes);
  if (size === null) {
    return discard(
      "undecodable_input",
      "The picture's header could not be read: it does not say how large the picture is. Open it in a picture editor and save it again.",
    );
  }
  const { width, height } = size;
  if (width * height <= MAX_IMAGE_PIXELS) return null;
  return discard(
    "image_too_large",
    `The picture claims ${width} × ${height} pixels; the limit is ${MAX_IMAGE_PIXELS} pixels.`,
  );
}
