// Less common formats. Each decodes to the sound that ffmpeg decodes from the whole file, in one chunk and in several.
import { rm } from "node:fs/promises";
import { join } from "node:path";

import { afterAll, beforeAll, expect, test } from "vitest";

import { extractChunk } from "../../shared/audio/extract.ts";
import { planAudio } from "../../shared/audio/plan.ts";
import { memorySource } from "../../shared/audio/reading/byte-source.ts";
import { chunksOf, compare, decodeAll, ffmpeg, fileBytes, LIMITS, makeSpeech, MONO } from "./media.ts";
import { someOf } from "../long.ts";

const SECONDS = 25;
const SHORT_CALLS = { ...LIMITS, maxMs: 10_000 };

let folder = "";
let speech = "";
beforeAll(async () => {
  ({ folder, speech } = await makeSpeech(SECONDS, MONO));
});
afterAll(() => rm(folder, { recursive: true, force: true }));

const FORMATS: readonly (readonly [name: string, file: string, options: readonly string[]])[] = [
  ["AIFF", "a.aiff", []],
  ["AIFF of 8 bits", "b.aiff", ["-c:a", "pcm_s8"]],
  ["AIFF of 24 bits in stereo", "c.aiff", ["-c:a", "pcm_s24be", "-ac", "2", "-ar", "44100"]],
  ["AIFF-C in little-endian order (sowt)", "d.aiff", ["-c:a", "pcm_s16le"]],
  ["AIFF-C of floats", "e.aiff", ["-c:a", "pcm_f32be"]],
  ["AIFF-C of doubles", "f.aiff", ["-c:a", "pcm_f64be"]],
  ["AIFF-C in A-law", "g.aiff", ["-c:a", "pcm_alaw"]],
  ["AIFF-C in µ-law", "h.aiff", ["-c:a", "pcm_mulaw"]],
  ["AU", "a.au", []],
  ["AU in µ-law, as telephones had it", "b.au", ["-c:a", "pcm_mulaw", "-ar", "8000"]],
  ["AU of floats", "c.au", ["-c:a", "pcm_f32be"]],
  ["CAF", "a.caf", []],
  ["CAF of little-endian floats", "b.caf", ["-c:a", "pcm_f32le"]],
  ["CAF in A-law", "c.caf", ["-c:a", "pcm_alaw", "-ar", "8000"]],
  ["CAF with Opus, as messages are recorded", "d.caf", ["-c:a", "libopus", "-b:a", "32k"]],
  ["CAF with Opus in stereo", "e.caf", ["-c:a", "libopus", "-ac", "2", "-b:a", "64k"]],
  ["WAV with IMA ADPCM", "ima.wav", ["-c:a", "adpcm_ima_wav"]],
  ["WAV with Microsoft's ADPCM in stereo", "ms.wav", ["-c:a", "adpcm_ms", "-ac", "2", "-ar", "22050"]],
  ["WAV with GSM", "gsm.wav", ["-c:a", "libgsm_ms", "-ar", "8000"]],
  ["WAV with MP3", "mp3.wav", ["-c:a", "libmp3lame", "-q:a", "2"]],
  ["M2TS, as camcorders of AVCHD write it", "a.m2ts", ["-c:a", "ac3", "-f", "mpegts", "-mpegts_m2ts_mode", "1"]],
];

test.each(someOf(FORMATS, 3))("%s is cut into chunks that sound like the file", async (_name, file, options) => {
  const path = join(folder, file);
  await ffmpeg(["-i", speech, ...options, path]);
  const source = memorySource(await fileBytes(path));
  const plan = chunksOf(await planAudio(source, SHORT_CALLS));
  const cuts = await Promise.all(plan.chunks.map(async (chunk) => extractChunk(source, chunk)));
  const [whole, ...decoded] = await decodeAll([path, ...cuts.map(({ bytes }) => bytes)]);
  expect(Math.abs(plan.durationMs - SECONDS * 1000)).toBeLessThan(150);
  expect(plan.chunks.length).toBeGreaterThan(2);
  expect(plan.gaps ?? []).toEqual([]);
  for (const [index, cut] of cuts.entries()) {
    const samples = decoded[index]!;
    expect(Math.abs(samples.length / 16 - cut.durationMs)).toBeLessThan(60);
    // The first tenth of a second warms up decoders that keep a state.
    const [fromMs, toMs] = [cut.startMs + 100, cut.startMs + cut.durationMs - 100];
    const { correlation, lagMs } = compare(whole!, samples, cut.startMs, fromMs, toMs);
    expect(correlation).toBeGreaterThan(0.97);
    expect(Math.abs(lagMs)).toBeLessThan(5);
  }
});
