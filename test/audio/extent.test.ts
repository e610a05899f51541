// The guess of a recording's length and overlaps from its first megabytes, compared with the actual values.
import { rm } from "node:fs/promises";
import { join } from "node:path";

import { afterAll, beforeAll, expect, test } from "vitest";

import { extentOf, GLANCE, guessExtent, LOOK, measureAudio } from "../../shared/audio/extent.ts";
import { planAudio } from "../../shared/audio/plan.ts";
import { ffmpeg, fileSource, makeSpeech, LIMITS } from "./media.ts";
import { someOf } from "../long.ts";

const SEED_SECONDS = 24;
const SECONDS = 240;
const COPY = ["-c", "copy"];
/** Only a tenth of each slow encoding is encoded, once. Each file is larger than the bytes that a guess reads. */
const SEEDS = [
  { name: "seed.wav", options: COPY },
  { name: "seed.mp3", options: ["-c:a", "libmp3lame", "-q:a", "0"] },
  { name: "seed.m4a", options: ["-c:a", "aac", "-b:a", "256k"] },
] as const;
const FILES: readonly { readonly name: string; readonly from: string; readonly options: readonly string[] }[] = [
  { name: "a.wav", from: "seed.wav", options: COPY },
  { name: "vbr.mp3", from: "seed.mp3", options: COPY },
  { name: "a.flac", from: "seed.wav", options: ["-c:a", "flac"] },
  { name: "last.m4a", from: "seed.m4a", options: COPY },
  { name: "first.m4a", from: "last.m4a", options: [...COPY, "-movflags", "+faststart"] },
  { name: "a.aac", from: "last.m4a", options: COPY },
  { name: "a.mkv", from: "last.m4a", options: COPY },
  { name: "live.mkv", from: "last.m4a", options: [...COPY, "-live", "1"] },
  { name: "a.ts", from: "last.m4a", options: COPY },
];
const NAMES = FILES.map(({ name }) => name);

let folder = "";
beforeAll(async () => {
  let speech = "";
  ({ folder, speech } = await makeSpeech(SEED_SECONDS));
  for (const { name, options } of SEEDS) await ffmpeg(["-i", speech, ...options, join(folder, name)]);
  for (const { name, from, options } of FILES) {
    const repeated = from.startsWith("seed") ? ["-stream_loop", String(SECONDS / SEED_SECONDS - 1)] : [];
    await ffmpeg([...repeated, "-i", join(folder, from), ...options, join(folder, name)]);
  }
}, 300_000);
afterAll(() => rm(folder, { recursive: true }));

// If the index is at the end, the beginning is not enough for a guess. The index is small, and a dry run reads it.
test.each(NAMES.filter((name) => name !== "last.m4a"))("%s is guessed within a tenth, by 4 MB", async (name) => {
  const source = await fileSource(join(folder, name));
  const guess = await guessExtent(source, LIMITS);
  expect(source.bytes).toBeLessThanOrEqual(4 * 1024 * 1024);
  const exact = extentOf(await planAudio(source, LIMITS));
  expect(guess).toMatchObject({ isCut: true, isRough: true });
  expect(guess!.durationMs / exact.durationMs).toBeCloseTo(1, 1);
  expect(guess!.sentMs / exact.sentMs).toBeCloseTo(1, 1);
  expect(guess!.calls / exact.calls).toBeCloseTo(1, 1);
});

test.each(someOf(NAMES, 2))("%s is measured exactly or not, and within its allowance", async (name) => {
  const exact = extentOf(await planAudio(await fileSource(join(folder, name)), LIMITS));
  for (const allowance of [GLANCE, LOOK]) {
    const source = await fileSource(join(folder, name));
    const measured = await measureAudio(source, LIMITS, allowance);
    expect(source.reads).toBeLessThanOrEqual(allowance.maxReads);
    expect(source.bytes).toBeLessThanOrEqual(allowance.maxBytes);
    expect([exact, null]).toContainEqual(measured);
  }
});
