// Offline captions in place of Moondream's: a sentence that names what the detector found, and nothing more.
import * as z from "zod";

import { CAPTION_MODEL } from "../../../shared/models/models.ts";
import { neuronsFor } from "../../../shared/cost/neurons.ts";
import { decodeBase64 } from "../base64.ts";
import { invalidInput } from "../inference-error.ts";
import { parseInputs, type LocalModel } from "../model.ts";
import { countTokens } from "../text/words.ts";
import { type Detector, PICTURE_ENGINE } from "./detector.ts";

/** The tokens that the real model makes of one picture, 27 by 27 patches. The task adds a few words. */
const PICTURE_TOKENS = 729;

const MOST_THINGS = { short: 2, normal: 5, long: 10 } as const;

const DATA_URI = /^data:image\/[\w.+-]+;base64,/;

const Input = z.object({
  task: z.enum(["query", "caption", "point", "detect"]),
  image: z.string(),
  caption_length: z.enum(["short", "normal", "long"]).default("normal"),
  stream: z.boolean().default(false),
});

export function moondream(detector: Detector): LocalModel {
  return async ({ inputs, signal }) => {
    const { task, image, caption_length, stream } = parseInputs(Input, inputs);
    if (task !== "caption") throw invalidInput(`Error: offline, '/task' can only be 'caption', not '${task}'`);
    if (stream) throw invalidInput("Error: offline, '/stream' can only be false: a caption is one sentence");
    const [prefix] = DATA_URI.exec(image) ?? [];
    // Offline a URL cannot be fetched.
    if (prefix === undefined) throw invalidInput("Error: offline, '/image' can only be a data URI in base64");
    const startedAt = performance.now();
    const labels = await detector.detect(decodeBase64(image.slice(prefix.length), "/image"), signal);
    const caption = captionOf(labels.slice(0, MOST_THINGS[caption_length]).map(({ label }) => label));
    const tookMs = performance.now() - startedAt;
    const tokens = { inputTokens: PICTURE_TOKENS, outputTokens: countTokens(caption) };
    return {
      body: {
        finish_reason: "stop",
        // All the time goes into detection; the sentence takes none.
        metrics: {
          input_tokens: tokens.inputTokens,
          output_tokens: tokens.outputTokens,
          prefill_time_ms: tookMs,
          decode_time_ms: 0,
          ttft_ms: tookMs,
        },
        caption,
      },
      neurons: neuronsFor(CAPTION_MODEL, tokens),
      engine: PICTURE_ENGINE,
    };
  };
}

const things = new Intl.ListFormat("en", { type: "conjunction" });

/** Write a caption. @param labels COCO labels. */
export function captionOf(labels: readonly string[]): string {
  if (labels.length === 0) return "A picture in which nothing was recognised.";
  return `A picture with ${things.format(labels.map(withArticle))}.`;
}

function withArticle(label: string): string {
  if (label === "broccoli" || label === "skis" || label === "scissors") return label;
  return `${/^[aeiou]/.test(label) ? "an" : "a"} ${label}`;
}
