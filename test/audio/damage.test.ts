import { rm } from "node:fs/promises";
import { join } from "node:path";

import { afterAll, beforeAll, expect, test } from "vitest";

import { memorySource } from "../../shared/audio/reading/byte-source.ts";
import { extractChunk } from "../../shared/audio/extract.ts";
import { planAudio } from "../../shared/audio/plan.ts";
import { chunksOf, ffmpeg, fileBytes, LIMITS, makeSpeech, MONO } from "./media.ts";

let folder = "";
let whole = new Uint8Array();
beforeAll(async () => {
  const made = await makeSpeech(100, MONO);
  ({ folder } = made);
  const path = join(folder, "live.webm");
  const live = ["-c:a", "libopus", "-b:a", "32k", "-live", "1", "-cluster_time_limit", "1000"];
  await ffmpeg(["-i", made.speech, ...live, path]);
  whole = (await fileBytes(path)) as Uint8Array<ArrayBuffer>;
}, 60_000);
afterAll(() => rm(folder, { recursive: true, force: true }));

const AT = 0.2;
const noise = Uint8Array.from({ length: 5000 }, (_, index) => (index * 2_654_435_761) >>> 13);

test.each([
  ["overwritten", (bytes: Uint8Array, at: number) => patch(bytes, at, noise)],
  [
    "missing",
    (bytes: Uint8Array, at: number) => new Uint8Array([...bytes.subarray(0, at), ...bytes.subarray(at + 5000)]),
  ],
])("after a stretch of WebM that is %s, a chunk continues with the next cluster", async (_how, harm) => {
  const source = memorySource(harm(whole, Math.floor(whole.length * AT)));
  const plan = chunksOf(await planAudio(source, LIMITS));
  const [chunk] = plan.chunks;
  if (chunk === undefined) throw new Error("no chunk");
  const { startMs, durationMs, pauses = [] } = await extractChunk(source, chunk);
  // 5 kB are 1.3 s, and a cluster has one second.
  expect(durationMs).toBeGreaterThan(chunk.endMs - chunk.startMs - 4000);
  const pausedMs = pauses.reduce((sum, { lengthMs }) => sum + lengthMs, 0);
  expect(startMs + durationMs + pausedMs).toBeGreaterThan(chunk.endMs - 100);
  expect(pauses[0]?.atMs).toBeGreaterThan(100_000 * AT - 4000);
  expect(pauses[0]?.atMs).toBeLessThan(100_000 * AT + 4000);
});

function patch(bytes: Uint8Array, at: number, put: Uint8Array): Uint8Array {
  const patched = bytes.slice();
  patched.set(put, at);
  return patched;
}
