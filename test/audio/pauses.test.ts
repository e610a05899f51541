import { rm } from "node:fs/promises";
import { join } from "node:path";

import { afterAll, beforeAll, expect, test } from "vitest";

import { memorySource } from "../../shared/audio/reading/byte-source.ts";
import { SilentStretch } from "../../shared/audio/chunks/chunk.ts";
import { extractChunk } from "../../shared/audio/extract.ts";
import { pausedMs, pausesAmong, soundingMs } from "../../shared/audio/chunks/pauses.ts";
import { planAudio } from "../../shared/audio/plan.ts";
import { chunksOf, ffmpeg, fileBytes, LIMITS, makeSpeech, MONO } from "./media.ts";

const PAUSE_MS = 100_000;
/** Sound for 30 s, none for 100 s, and sound again. */
const PAUSED = ["-bsf:a", `setts=ts=if(gte(TS*TB\\,30)\\,TS+${PAUSE_MS / 1000}/TB\\,TS)`];
const AAC = ["-c:a", "copy"];

let folder = "";
beforeAll(async () => {
  const made = await makeSpeech(60, MONO);
  ({ folder } = made);
  await ffmpeg(["-i", made.speech, "-ac", "1", "-c:a", "aac", join(folder, "aac.m4a")]);
  await ffmpeg(["-i", made.speech, "-ac", "1", "-c:a", "libopus", join(folder, "opus.webm")]);
}, 60_000);
afterAll(() => rm(folder, { recursive: true, force: true }));

test.each([
  ["aac.m4a", "a.m4a", AAC],
  ["aac.m4a", "fragmented.mp4", [...AAC, "-movflags", "empty_moov+default_base_moof", "-frag_duration", "1000000"]],
  ["opus.webm", "a.webm", AAC],
  ["opus.webm", "live.webm", [...AAC, "-live", "1", "-cluster_time_limit", "1000"]],
] as const)("%s with a pause, as %s, keeps every sound and its time", async (from, name, options) => {
  const path = join(folder, name);
  await ffmpeg(["-i", join(folder, from), ...options, ...PAUSED, path]);
  const source = memorySource(await fileBytes(path));
  const plan = chunksOf(await planAudio(source, LIMITS));
  expect(plan.durationMs).toBeGreaterThan(60_000 + PAUSE_MS - 200);
  const heard: (readonly [fromMs: number, toMs: number])[] = [];
  for (const chunk of plan.chunks) {
    const file = await extractChunk(source, chunk).catch((error: unknown) => {
      if (error instanceof SilentStretch) return null;
      throw error;
    });
    if (file === null) continue;
    let [atMs, lateMs] = [0, file.startMs];
    for (const pause of file.pauses ?? []) {
      heard.push([lateMs + atMs, lateMs + pause.atMs]);
      atMs = pause.atMs;
      lateMs += pause.lengthMs;
    }
    heard.push([lateMs + atMs, lateMs + file.durationMs]);
  }
  expect(covered(heard, 0, 30_000)).toBe(true);
  expect(covered(heard, 30_000 + PAUSE_MS + 50, 60_000 + PAUSE_MS - 50)).toBe(true);
  expect(heard.filter(([fromMs, toMs]) => toMs > 31_000 && fromMs < 29_000 + PAUSE_MS)).toEqual([]);
});

/** Whether these stretches leave nothing between two times. */
function covered(stretches: readonly (readonly [number, number])[], fromMs: number, toMs: number): boolean {
  let reachedMs = fromMs;
  for (const [start, end] of stretches.toSorted((a, b) => a[0] - b[0])) {
    if (start > reachedMs + 50) break;
    reachedMs = Math.max(reachedMs, end);
  }
  return reachedMs >= toMs;
}

test("a jump of times is a pause, and rounding is not", () => {
  const packets = [0, 21, 43, 64, 1064, 1085].map((timeMs) => ({ timeMs, durationMs: 21.33 }));
  const [pause, ...others] = pausesAmong(packets);
  expect(others).toEqual([]);
  expect(pause?.atMs).toBeCloseTo(4 * 21.33);
  expect(pause?.lengthMs).toBeCloseTo(1064 - 4 * 21.33);
  expect(pausedMs(pause === undefined ? [] : [pause], 85)).toBe(0);
  expect(pausedMs(pause === undefined ? [] : [pause], 86)).toBeCloseTo(1064 - 4 * 21.33);
});

test("a packet that lasts until the next one after a pause sounds as long as the others", () => {
  expect(soundingMs([20, 20, 4000, 20, 0])).toEqual([20, 20, 20, 20, 20]);
  expect(soundingMs([256, 256, 256])).toEqual([256, 256, 256]); // FLAC at 16 kHz
  expect(soundingMs([90_000])).toEqual([150]);
});
