import { rm } from "node:fs/promises";
import { join } from "node:path";

import { afterAll, beforeAll, expect, test } from "vitest";

import { memorySource, type ByteSource } from "../../shared/audio/reading/byte-source.ts";
import { extractChunk } from "../../shared/audio/extract.ts";
import { CHUNK_MAX_READS } from "../../shared/audio/chunks/limits.ts";
import { planAudio } from "../../shared/audio/plan.ts";
import { chunksOf, ffmpeg, fileBytes, LIMITS, makeSpeech } from "./media.ts";

let folder = "";
let wav: Buffer = Buffer.alloc(0);
beforeAll(async () => {
  const made = await makeSpeech(70);
  folder = made.folder;
  const path = join(folder, "plain.wav");
  await ffmpeg(["-i", made.speech, "-ac", "1", "-ar", "16000", "-fflags", "+bitexact", path]);
  wav = Buffer.from(await fileBytes(path));
}, 60_000);
afterAll(() => rm(folder, { recursive: true, force: true }));

test("a WAV file without samples is refused, even if a picture or a list follows", async () => {
  const list = Buffer.alloc(8 + 300_000, 0x41);
  list.write("LIST", "latin1");
  list.writeUInt32LE(300_000, 4);
  const empty = Buffer.from(wav.subarray(0, 44));
  empty.writeUInt32LE(0, 40);
  expect(await planAudio(memorySource(new Uint8Array(Buffer.concat([empty, list]))), LIMITS)).toMatchObject({
    code: "no_audio_track",
  });
  // A recorder that crashed also leaves a size of 0, but its samples follow.
  const plan = await planAudio(memorySource(new Uint8Array(Buffer.concat([empty, wav.subarray(44)]))), LIMITS);
  expect(plan.type === "chunks" && plan.durationMs).toBe(70_000);
});

test("a WAV file after an ID3 tag is cut as without it", async () => {
  const tag = Buffer.alloc(10 + 1000);
  tag.set([0x49, 0x44, 0x33, 3, 0, 0, 0, 0, 7, 0x68]);
  const plain = memorySource(new Uint8Array(wav));
  const tagged = memorySource(new Uint8Array(Buffer.concat([tag, wav])));
  const plan = await planAudio(plain, LIMITS);
  expect(await planAudio(tagged, LIMITS)).toEqual(plan);
  const [chunk] = plan.type === "chunks" ? plan.chunks : [];
  if (chunk === undefined) throw new Error(JSON.stringify(plan));
  expect(await extractChunk(tagged, chunk)).toEqual(await extractChunk(plain, chunk));
});

test("a minute of six channels of 24 bits needs no more reads than a chunk may take", async () => {
  const header = Buffer.from(wav.subarray(0, 44));
  const bytes = 100 * 48_000 * 18;
  header.writeUInt16LE(6, 22);
  header.writeUInt32LE(48_000, 24);
  header.writeUInt16LE(18, 32);
  header.writeUInt16LE(24, 34);
  header.writeUInt32LE(bytes, 40);
  let reads = 0;
  const source: ByteSource = {
    sizeBytes: 44 + bytes,
    async read(offset, length) {
      reads += 1;
      // Write sound, because silence is not cut.
      const read = new Uint8Array(length).map((_, index) => (offset + index) % 7);
      if (offset < 44) read.set(header.subarray(offset, offset + length));
      return read;
    },
  };
  const plan = chunksOf(await planAudio(source, LIMITS));
  for (const chunk of plan.chunks) {
    reads = 0;
    const cut = await extractChunk(source, chunk);
    expect(cut.durationMs).toBe(chunk.endMs - chunk.startMs);
    expect(reads).toBeLessThanOrEqual(CHUNK_MAX_READS);
  }
});
