import { rm } from "node:fs/promises";
import { join } from "node:path";

import { afterAll, beforeAll, expect, test } from "vitest";

import { memorySource } from "../../shared/audio/reading/byte-source.ts";
import { indexOfBytes } from "../../shared/audio/reading/bytes.ts";
import { extractChunk } from "../../shared/audio/extract.ts";
import { planAudio } from "../../shared/audio/plan.ts";
import { planWork } from "../../shared/audio/reading/work.ts";
import { chunksOf, ffmpeg, fileBytes, LIMITS, makeSpeech } from "./media.ts";

const ELST = new TextEncoder().encode("elst");

let folder = "";
let whole = new Uint8Array();
beforeAll(async () => {
  const made = await makeSpeech(30);
  ({ folder } = made);
  const path = join(folder, "a.m4a");
  await ffmpeg(["-i", made.speech, "-ac", "1", "-c:a", "aac", "-b:a", "48k", path]);
  whole = (await fileBytes(path)) as Uint8Array<ArrayBuffer>;
}, 60_000);
afterAll(() => rm(folder, { recursive: true, force: true }));

test("sound that an edit list trims from the end is neither sent nor transcribed", async () => {
  const trimmed = whole.slice();
  // The only edit lasts ten seconds, in the movie's milliseconds.
  new DataView(trimmed.buffer).setUint32(
    indexOfBytes(trimmed, [...ELST], 0, planWork({ sizeBytes: trimmed.length })) + 12,
    10_000,
  );
  const source = memorySource(trimmed);
  const plan = chunksOf(await planAudio(source, LIMITS));
  expect(plan).toMatchObject({ durationMs: 10_000, chunks: [{ endMs: 10_000 }] });
  const [chunk] = plan.chunks;
  if (chunk === undefined) throw new Error("no chunk");
  const { durationMs } = await extractChunk(source, chunk);
  expect(Math.abs(durationMs - 10_000)).toBeLessThan(50);
});

test("an encoder's own padding is not trimming, and nothing is missing", async () => {
  const plan = chunksOf(await planAudio(memorySource(whole), LIMITS));
  expect(plan).toMatchObject({ gaps: [], chunks: [{ ownStartMs: 0, ownEndMs: plan.durationMs }] });
});

test.each([
  ["begins late", ["-itsoffset", "3"], []],
  ["has a pause", [], ["-bsf:a", "setts=ts=if(gte(N\\,500)\\,TS+480000\\,TS)"]],
])("a short recording that %s is cut, so that its times are kept", async (how, input, output) => {
  const path = join(folder, "moved.m4a");
  await ffmpeg([...input, "-i", join(folder, "a.m4a"), "-c", "copy", ...output, path]);
  const source = memorySource(await fileBytes(path));
  const plan = chunksOf(await planAudio(source, LIMITS));
  const [chunk] = plan.chunks;
  if (chunk === undefined) throw new Error("no chunk");
  const { startMs, pauses = [] } = await extractChunk(source, chunk);
  const lateMs = startMs + pauses.reduce((sum, { lengthMs }) => sum + lengthMs, 0);
  expect(lateMs).toBeGreaterThan(how === "begins late" ? 2900 : 9000);
});
