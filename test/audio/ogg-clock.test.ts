import { rm, writeFile } from "node:fs/promises";
import { join } from "node:path";

import { afterAll, beforeAll, expect, test } from "vitest";

import { memorySource } from "../../shared/audio/reading/byte-source.ts";
import type { ChunkFile } from "../../shared/audio/chunks/chunk.ts";
import { extractChunk } from "../../shared/audio/extract.ts";
import { planAudio } from "../../shared/audio/plan.ts";
import {
  chunksOf,
  compare,
  decode,
  decodeAll,
  ffmpeg,
  fileBytes,
  fileSource,
  LIMITS,
  makeSpeech,
  MONO,
} from "./media.ts";
import { worstLikeness } from "./likeness.ts";
import { someOf } from "../long.ts";

const SECONDS = 130;
const OPUS = ["-c:a", "libopus", "-compression_level", "0", "-b:a", "48k"];
const VORBIS = ["-c:a", "libvorbis", "-q:a", "3"];

let folder = "";
let speech = "";
let heard: Float32Array = new Float32Array();
beforeAll(async () => {
  ({ folder, speech } = await makeSpeech(SECONDS, MONO));
  heard = await decode(speech);
}, 60_000);
afterAll(() => rm(folder, { recursive: true, force: true }));

const CODECS = [
  ["Opus", OPUS],
  ["Vorbis", VORBIS],
] as const;

test.each(someOf(CODECS, 2))(
  "a clock that begins at ten hours does not mean ten hours of silence: %s",
  async (_name, options) => {
    const plain = join(folder, "plain.ogg");
    const path = join(folder, "late-clock.ogg");
    await ffmpeg(["-i", speech, ...options, plain]);
    await ffmpeg(["-i", plain, "-c", "copy", "-output_ts_offset", "36000", path]);
    const source = await fileSource(path);
    const plan = chunksOf(await planAudio(source, LIMITS));
    expect(Math.abs(plan.durationMs - SECONDS * 1000)).toBeLessThan(100);
    const worst = await worstLikeness(source, plan, heard);
    expect(worst.correlation).toBeGreaterThan(0.9);
    expect(Math.abs(worst.lagMs)).toBeLessThan(40);
    // Compare with the plain file, not with the file size: in a file this small, most of the bytes are the first and the last look.
    const before = await fileSource(plain);
    const first = chunksOf(await planAudio(before, LIMITS));
    for (const chunk of first.chunks) await extractChunk(before, chunk);
    expect(source.bytes).toBeLessThan(1.1 * before.bytes);
  },
);

test("a recording joined in the middle begins where it was joined", async () => {
  const path = join(folder, "joined.ogg");
  await ffmpeg(["-i", speech, ...OPUS, "-page_duration", "500000", join(folder, "whole.ogg")]);
  const whole = Buffer.from(await fileBytes(join(folder, "whole.ogg")));
  const pages = pagesOf(whole);
  const at = pages.findIndex((page) => whole.readBigInt64LE(page + 6) > 40n * 48_000n);
  const joinedAt = pages[at + 1];
  if (joinedAt === undefined) throw new Error("no page to join at");
  const beforeMs = Number(whole.readBigInt64LE((pages[at] ?? 0) + 6)) / 48;
  await writeFile(path, Buffer.concat([whole.subarray(0, pages[2]), whole.subarray(joinedAt)]));
  const source = await fileSource(path);
  const plan = chunksOf(await planAudio(source, LIMITS));
  expect(Math.abs(plan.durationMs - (SECONDS * 1000 - beforeMs))).toBeLessThan(50);
  const worst = await worstLikeness(source, plan, heard.subarray(Math.round(beforeMs * 16)));
  expect(worst.correlation).toBeGreaterThan(0.9);
});

test("sound that begins after the picture keeps the picture's time", async () => {
  const path = join(folder, "late-sound.ogv");
  const picture = ["-f", "lavfi", "-i", "testsrc2=s=64x48:r=10:d=90"];
  await ffmpeg([...picture, "-itsoffset", "20", "-t", "70", "-i", speech, "-c:v", "libtheora", ...OPUS, path]);
  const plan = chunksOf(await planAudio(await fileSource(path), LIMITS));
  expect(Math.abs(plan.durationMs - 90_000)).toBeLessThan(200);
});

test("sound that ends long before the picture does is found", async () => {
  const path = join(folder, "short-sound.ogv");
  const picture = ["-f", "lavfi", "-i", "testsrc2=s=320x240:r=4:d=20,noise=alls=90:allf=t"];
  await ffmpeg([...picture, "-t", "6", "-i", speech, "-c:v", "libtheora", "-q:v", "10", ...VORBIS, path]);
  const source = await fileSource(path);
  const plan = chunksOf(await planAudio(source, LIMITS));
  const [only] = plan.chunks;
  expect(plan.chunks).toHaveLength(1);
  // The distance is the one at which an earlier version stopped its search.
  expect(source.sizeBytes - (only?.bytes?.length ?? 0)).toBeGreaterThan(4 * 1024 * 1024 + 100_000);
  expect(Math.abs(plan.durationMs - 6_000)).toBeLessThan(100);
  const worst = await worstLikeness(source, plan, heard);
  expect(worst.correlation).toBeGreaterThan(0.9);
  expect(source.bytes).toBeLessThan(1.4 * source.sizeBytes);
});

const DAMAGED = [
  // Sound after a hole keeps its time. Vorbis has no packet to replace what is missing.
  ["Opus", OPUS, true],
  ["Vorbis", VORBIS, false],
] as const;

test.each(someOf(DAMAGED, 2))(
  "a hole, and noise in the middle, leave the rest to be transcribed: %s",
  async (_name, options, keepsTime) => {
    const path = join(folder, "damaged.ogg");
    await ffmpeg(["-i", speech, ...options, path]);
    const whole = Buffer.from(await fileBytes(path));
    const middle = Math.floor(whole.length / 3);
    const noise = Buffer.from(Array.from({ length: 9_000 }, (_, index) => (index * 2_654_435_761) >>> 13));
    const damaged = [
      [whole.subarray(0, middle), whole.subarray(middle + 30_000)],
      [whole.subarray(0, middle), noise, whole.subarray(middle)],
    ];
    for (const pieces of damaged) {
      const source = memorySource(Buffer.concat(pieces));
      const plan = chunksOf(await planAudio(source, LIMITS));
      expect(Math.abs(plan.durationMs - SECONDS * 1000)).toBeLessThan(100);
      const cuts: ChunkFile[] = [];
      for (const chunk of plan.chunks) cuts.push(await extractChunk(source, chunk));
      const decoded = await decodeAll(cuts.map(({ bytes }) => bytes));
      for (const [index, chunk] of plan.chunks.entries()) {
        const [cut, pcm] = [cuts[index]!, decoded[index]!];
        expect(cut.durationMs).toBeGreaterThan((chunk.endMs - chunk.startMs) * 0.8);
        if (!keepsTime) continue;
        expect(Math.abs(pcm.length / 16 - cut.durationMs)).toBeLessThan(60);
        const like = compare(heard, pcm, cut.startMs, chunk.ownEndMs - 3_000, chunk.ownEndMs - 500);
        expect(like.correlation).toBeGreaterThan(0.9);
        expect(Math.abs(like.lagMs)).toBeLessThan(40);
      }
    }
  },
);

function pagesOf(file: Buffer): readonly number[] {
  const pages: number[] = [];
  for (let at = file.indexOf("OggS"); at !== -1; at = file.indexOf("OggS", at + 27)) pages.push(at);
  return pages;
}
