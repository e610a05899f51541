import { expect, test } from "vitest";

import { mergeChunks } from "../shared/transcripts/merge-chunks.ts";
import { stableReader, stableSegments } from "../producer/transcripts/stable-segments.ts";
import { sampled } from "./long.ts";
import { hear, seeded, speak } from "./scripted-speaker.ts";

test("segments that are final while chunks are missing are the beginning of the whole transcript, however badly it was transcribed", () => {
  let told = 0;
  for (let seed = 1; seed <= sampled(75, 300); seed += 1) {
    const random = seeded(seed);
    const speech = speak(random, { seconds: seed % 20 === 0 ? 400 : 90, repeats: 0.2, silences: 0.1, variants: 0.2 });
    const deaf = ([undefined, "left", "right"] as const)[seed % 3];
    const chunks = hear(speech, random, { jitterMs: 400, ...(deaf && { deaf, deafShare: "some" as const }) }).map(
      (chunk) => ({
        ...chunk,
        isLowConfidence: random() < 0.2,
        // Some models give no times of words.
        segments: random() < 0.2 ? chunk.segments.map((segment) => ({ ...segment, words: [] })) : chunk.segments,
      }),
    );
    const whole = mergeChunks(chunks);
    const read = stableReader();
    const readSoFar: unknown[] = [];
    for (let count = 1; count < chunks.length; count += 1) {
      const stable = stableSegments(chunks.slice(0, count));
      expect([seed, count, stable]).toEqual([seed, count, whole.slice(0, stable.length)]);
      readSoFar.push(...read(chunks.slice(count - 1, count)));
      expect([seed, count, readSoFar]).toEqual([seed, count, stable]);
      told += stable.length;
    }
  }
  expect(told).toBeGreaterThan(1000);
});
