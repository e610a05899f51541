import { rm } from "node:fs/promises";
import { join } from "node:path";

import { afterAll, beforeAll, expect, test } from "vitest";

import { memorySource } from "../../shared/audio/reading/byte-source.ts";
import { ARRAY_CHUNK_MAX_BYTES, CHUNK_MAX_BYTES, SPLIT_MIN_MS, callLimits } from "../../shared/audio/chunks/limits.ts";
import { findQuiet, type Loudness, planCuts, splitChunk } from "../../shared/audio/chunks/cuts.ts";
import { extractChunk } from "../../shared/audio/extract.ts";
import type { ChunkSpan } from "../../shared/audio/chunks/chunk.ts";
import { planAudio } from "../../shared/audio/plan.ts";
import { resampler } from "../../shared/audio/wav/resample.ts";
import { planWork } from "../../shared/audio/reading/work.ts";
import { chunksOf, ffmpeg, fileBytes, LIMITS, makeSpeech, MONO } from "./media.ts";
import { someOf } from "../long.ts";

let folder = "";
let speech = "";
/** The speech in AAC, encoded once for all containers with AAC. */
let aac = "";
beforeAll(async () => {
  ({ folder, speech } = await makeSpeech(130, MONO));
  aac = join(folder, "encoded.m4a");
  await ffmpeg(["-i", speech, "-c:a", "aac", aac]);
}, 60_000);
afterAll(() => rm(folder, { recursive: true, force: true }));

test("own parts tile any duration in whole milliseconds, and no chunk is longer than allowed", async () => {
  for (const durationMs of [1, 59_999.6, 60_001, 61_000, 114_999, 165_000, 3_600_000.4, 36_000_000]) {
    const chunks = await planCuts(durationMs, 60_000, () => [], planWork({ sizeBytes: 1e9 }));
    let atMs = 0;
    for (const chunk of chunks) {
      expect(chunk.ownStartMs).toBe(atMs);
      expect(chunk.endMs - chunk.startMs).toBeLessThanOrEqual(60_000);
      expect(chunk.startMs).toBeLessThanOrEqual(chunk.ownStartMs);
      expect(chunk.endMs).toBeGreaterThanOrEqual(chunk.ownEndMs);
      atMs = chunk.ownEndMs;
    }
    expect(atMs).toBe(Math.round(durationMs));
  }
});

const PAUSED = [
  ["q.wav", []],
  ["q.ogg", ["-c:a", "libopus", "-b:a", "32k"]],
  ["q.m4a", ["-c:a", "aac"]],
] as const;

test.each(someOf(PAUSED, 2))("%s is cut in its pauses, with the short overlap", async (file, options) => {
  // Three seconds of every four sound.
  const path = join(folder, file);
  const gate = "volume='if(lt(mod(t,4),3),1,0)':eval=frame";
  await ffmpeg(["-i", speech, "-af", gate, ...options, path]);
  const plan = chunksOf(await planAudio(memorySource(await fileBytes(path)), LIMITS));
  for (const [index, chunk] of plan.chunks.slice(1).entries()) {
    expect((chunk.ownStartMs / 1000) % 4).toBeGreaterThan(2.9);
    expect((plan.chunks[index]?.endMs ?? 0) - chunk.startMs).toBe(2_000);
  }
});

/** One weight for each 20 ms, from runs of seconds. */
function loudnessOf(...runs: readonly (readonly [seconds: number, weight: number])[]): readonly Loudness[] {
  const weights = runs.flatMap(([seconds, weight]) => Array.from({ length: seconds * 50 }, () => weight));
  return weights.map((weight, index) => ({ timeMs: index * 20 + 10, weight }));
}

test.each([
  ["the pauses take most of the time", loudnessOf([4, 0], [2, 100]), [1900, 2100]],
  ["their noise is all but even", loudnessOf([2, 3], [2, 3.5], [2, 100]), [1900, 2100]],
  ["there are short pauses too", loudnessOf([1, 100], [1, 5], [1, 100], [0.4, 5], [2.6, 100]), [1400, 1600]],
] as const)("the cut is in the longest pause where %s", (_, loudness, [fromMs, toMs]) => {
  expect(findQuiet(loudness)).toBeGreaterThan(fromMs);
  expect(findQuiet(loudness)).toBeLessThan(toMs);
});

test("nothing is a pause at a constant bitrate, in pure silence, or in pure noise", () => {
  for (const weight of [0, 4, 100]) expect(findQuiet(loudnessOf([8, weight]))).toBeNull();
  expect(findQuiet(loudnessOf([3, 100], [1, 60], [4, 100]))).toBeNull();
});

test("the voice of a person far from the microphone is not a pause", () => {
  expect(findQuiet(loudnessOf([3, 100], [2, 18], [1, 16], [2, 18]))).toBeNull();
});

test("a chunk that is cut in a pause begins there, and not in the middle of a word before it", async () => {
  // A pause of a second in every ten.
  const listen = (fromMs: number, toMs: number) => {
    const times = Array.from({ length: (toMs - fromMs) / 20 }, (__, index) => fromMs + index * 20);
    return times.map((timeMs) => ({ timeMs, weight: timeMs % 10_000 < 1000 ? 1 : 100 }));
  };
  const chunks = await planCuts(300_000, 60_000, listen, planWork({ sizeBytes: 1e9 }));
  expect(chunks.length).toBeGreaterThan(5);
  for (const [index, { startMs, ownStartMs }] of chunks.entries()) {
    if (index === 0) continue;
    expect(startMs % 10_000).toBeLessThan(1000);
    expect(ownStartMs - startMs).toBe(150);
    expect((chunks[index - 1]?.endMs ?? 0) - startMs).toBe(2000);
  }
});

const COPY = ["-c", "copy"];
const FRAGMENTS = [...COPY, "-movflags", "frag_keyframe+empty_moov", "-frag_duration", "1000000"];

const HALVED = [
  ["s.wav", []],
  ["s.mp3", []],
  ["s.ogg", []],
  ["s.m4a", COPY],
  ["fragmented.m4a", FRAGMENTS],
  ["s.flac", []],
  ["s.aac", COPY],
  ["s.ts", COPY],
  ["s.webm", ["-c:a", "libopus"]],
  ["pcm.mov", ["-c:a", "pcm_s16be"]],
] as const;

test.each(someOf(HALVED, 3))(
  "a chunk of %s that the model refuses is halved, and its halves are cut",
  async (file, options) => {
    const path = join(folder, file);
    const isCopied = options.slice(0, 2).join() === COPY.join();
    await ffmpeg(["-i", isCopied ? aac : speech, ...options, path]);
    const source = memorySource(await fileBytes(path));
    const plan = await planAudio(source, LIMITS);
    const chunk = plan.type === "chunks" ? plan.chunks[1] : undefined;
    if (plan.type !== "chunks" || chunk === undefined) throw new Error(JSON.stringify(plan));
    const halves = splitChunk(chunk);
    expect(halves?.[0].ownEndMs).toBe(halves?.[1].ownStartMs);
    const whole = await extractChunk(source, chunk);
    for (const half of halves ?? []) {
      const cut = await extractChunk(source, half);
      expect(cut.bytes.length).toBeLessThan(0.75 * whole.bytes.length);
      expect(Math.abs(cut.startMs - half.startMs)).toBeLessThan(150);
      expect(Math.abs(cut.durationMs - (half.endMs - half.startMs))).toBeLessThan(250);
    }
  },
);

test("studio sound is cut so short that no chunk exceeds the model's limit", async () => {
  const path = join(folder, "studio.flac");
  const noise = "anoisesrc=r=192000:a=0.5:d=12";
  await ffmpeg(["-f", "lavfi", "-i", noise, "-ac", "2", "-c:a", "flac", "-sample_fmt", "s32", path]);
  const source = memorySource(await fileBytes(path));
  const plan = chunksOf(await planAudio(source, LIMITS));
  expect(plan.chunks.length).toBeGreaterThan(2);
  for (const chunk of plan.chunks) {
    const { bytes } = await extractChunk(source, chunk);
    expect(bytes.length).toBeLessThanOrEqual(CHUNK_MAX_BYTES);
  }
});

test("a model that takes an array of numbers gets smaller files, because its request is larger", async () => {
  const path = join(folder, "array.wav");
  await ffmpeg(["-i", speech, "-t", "100", "-ac", "1", "-ar", "16000", path]);
  const source = memorySource(await fileBytes(path));
  const plans = [await planAudio(source, LIMITS), await planAudio(source, callLimits("balanced"))];
  const [byBase64 = [], byArray = []] = plans.map((plan) => (plan.type === "chunks" ? plan.chunks : []));
  expect(byArray.length).toBeGreaterThan(byBase64.length);
  expect(byBase64.length).toBeGreaterThan(0);
  for (const chunk of byArray) {
    const { bytes } = await extractChunk(source, chunk);
    expect(bytes.length).toBeLessThanOrEqual(ARRAY_CHUNK_MAX_BYTES);
  }
});

test("halving ends", () => {
  let chunk: ChunkSpan | undefined = { index: 0, startMs: 0, endMs: 60_000, ownStartMs: 0, ownEndMs: 60_000 };
  let halvings = 0;
  for (; chunk !== undefined; halvings++) chunk = splitChunk(chunk)?.[0];
  expect(halvings).toBeLessThan(8);
  expect(
    splitChunk({ index: 0, startMs: 0, endMs: SPLIT_MIN_MS - 1, ownStartMs: 0, ownEndMs: SPLIT_MIN_MS - 1 }),
  ).toBeNull();
});

test("a tone that the lower rate cannot carry does not become another tone", () => {
  const tone = (hertz: number) =>
    Float32Array.from({ length: 44_100 }, (_, index) => Math.sin((2 * Math.PI * hertz * index) / 44_100));
  const loudness = (samples: Float32Array) =>
    Math.sqrt(samples.reduce((sum, sample) => sum + sample * sample, 0) / samples.length);
  const lowered = (hertz: number) => loudness(resampler(44_100, 16_000).push(tone(hertz)).subarray(200, -200));
  expect(lowered(1_000)).toBeCloseTo(Math.SQRT1_2, 1);
  expect(lowered(10_000)).toBeLessThan(0.001);
});
