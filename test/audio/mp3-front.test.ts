import { rm } from "node:fs/promises";
import { join } from "node:path";

import { afterAll, beforeAll, expect, test } from "vitest";

import { memorySource } from "../../shared/audio/reading/byte-source.ts";
import { planAudio } from "../../shared/audio/plan.ts";
import { ffmpeg, fileBytes, LIMITS, makeSpeech } from "./media.ts";

let folder = "";
let speech = "";
let mp3: Uint8Array = new Uint8Array();
beforeAll(async () => {
  ({ folder, speech } = await makeSpeech(100));
  const path = join(folder, "whole.mp3");
  await ffmpeg(["-i", speech, "-c:a", "libmp3lame", "-b:a", "64k", "-ac", "1", path]);
  mp3 = await fileBytes(path);
}, 60_000);
afterAll(() => rm(folder, { recursive: true, force: true }));

const ID3 = (bytes: number) => {
  const tag = Buffer.alloc(10 + bytes);
  tag.set([0x49, 0x44, 0x33, 3, 0, 0, 0, (bytes >> 14) & 127, (bytes >> 7) & 127, bytes & 127]);
  return tag;
};
const APE = () => {
  const tag = Buffer.alloc(32 + 40_000, 0x41);
  tag.write("APETAGEX", "latin1");
  tag.writeUInt32LE(40_000, 12);
  return tag;
};
const NOISE = () => Buffer.from(Array.from({ length: 10_000 }, (_, index) => ((index * 2_654_435_761) >>> 13) & 0xff));

test.each([
  ["two ID3 tags", () => Buffer.concat([ID3(500), ID3(200_000)])],
  ["an APE tag", APE],
  ["10 kB of noise", NOISE],
  ["70 kB of zeros", () => Buffer.alloc(70_000)],
])("an MP3 after %s is cut as without it", async (_name, junk) => {
  const plain = await planAudio(memorySource(mp3), LIMITS);
  const source = memorySource(new Uint8Array(Buffer.concat([junk(), mp3])));
  const plan = await planAudio(source, LIMITS);
  if (plan.type !== "chunks" || plain.type !== "chunks") throw new Error(JSON.stringify(plan));
  expect(plan.durationMs).toBe(plain.durationMs);
  expect(plan.chunks.map(({ ownEndMs }) => ownEndMs)).toEqual(plain.chunks.map(({ ownEndMs }) => ownEndMs));
});

test.each([
  ["Wave64", ["a.w64"], /^Wave64/],
  ["MPEG programme streams", ["-c:a", "mp2", "a.mpg"], /^MPEG programme stream/],
  ["AC-3", ["-c:a", "ac3", "a.ac3"], /AC-3/],
  ["DTS", ["-c:a", "dca", "-strict", "-2", "-ar", "48000", "a.dts"], /^DTS/],
])("recordings in a format that is not cut are refused by its name: %s", async (_name, options, message) => {
  const path = join(folder, options.at(-1) ?? "");
  await ffmpeg(["-t", "3", "-i", speech, ...options.slice(0, -1), path]);
  const plan = await planAudio(memorySource(await fileBytes(path)), LIMITS);
  expect(plan).toMatchObject({ type: "refused", code: "unsupported_container" });
  expect(plan.type === "refused" && plan.message).toMatch(message);
  expect(plan.type === "refused" && plan.message).toMatch(/Convert the file: ffmpeg -i recording recording\.flac$/);
});

test("an archive with an MP3 in it is not a recording", async () => {
  const archive = Buffer.concat([Buffer.from("PK\x03\x04"), Buffer.alloc(9_000), mp3]);
  expect(await planAudio(memorySource(new Uint8Array(archive)), LIMITS)).toMatchObject({
    code: "unsupported_container",
    message:
      "The file is not a recording in a supported format: WAV, AIFF, AU, CAF, MP3, M4A, AAC, FLAC, Ogg, WebM, MKV, MP4, MOV, MPEG-TS or M2TS. Convert it to one of them.",
  });
});

test("if a file cannot be read after a tag, the refusal names the tag", async () => {
  const path = join(folder, "a.ogg");
  await ffmpeg(["-t", "3", "-i", speech, "-c:a", "libopus", path]);
  const tagged = Buffer.concat([ID3(500), await fileBytes(path)]);
  expect(await planAudio(memorySource(new Uint8Array(tagged)), LIMITS)).toMatchObject({
    code: "unsupported_container",
    message: expect.stringMatching(/begins with an ID3 or APE tag.*Remove the tag/) as unknown,
  });
});
