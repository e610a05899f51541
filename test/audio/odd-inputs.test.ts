// Files that players read although something about them is unusual. The plan has the right duration, and the whole file is cut.
import { readFile, rm, writeFile } from "node:fs/promises";
import { join } from "node:path";

import { afterAll, beforeAll, expect, test } from "vitest";

import { memorySource } from "../../shared/audio/reading/byte-source.ts";
import { extractChunk } from "../../shared/audio/extract.ts";
import { planAudio } from "../../shared/audio/plan.ts";
import { writeM4a } from "../../shared/audio/mp4/m4a.ts";
import { flacStart, oggPages, oldVariable, sampleEntryOf, sealPage, withoutBoxes } from "../media/bytes.ts";
import { chunksOf, compare, decode, ffmpeg, LIMITS, makeSpeech, MONO } from "./media.ts";

const SECONDS = 10;
const AAC = ["-c:a", "aac", "-b:a", "64k"];
const OPUS = ["-c:a", "libopus", "-b:a", "32k"];
const FRAGMENTS = ["-movflags", "empty_moov+default_base_moof", "-frag_duration", "1000000"];
const JUNK = Buffer.from("deadbeef".repeat(5_000), "hex");

let folder = "";
let speech = "";
beforeAll(async () => {
  ({ folder, speech } = await makeSpeech(SECONDS, MONO));
});
afterAll(() => rm(folder, { recursive: true }));

async function made(name: string, options: readonly string[]): Promise<Buffer> {
  const path = join(folder, name);
  await ffmpeg(["-i", speech, ...options, path]);
  return readFile(path);
}

/** Return PCM in parts of 1,024 frames, as some recorders write it. */
async function manyFrames(): Promise<Buffer> {
  const entry = sampleEntryOf(await made("entry.mov", ["-c:a", "pcm_s16le"]));
  const raw = (await readFile(speech)).subarray(44);
  const packets = Array.from({ length: Math.ceil(raw.length / 2048) }, (_, index) => {
    const data = raw.subarray(index * 2048, (index + 1) * 2048);
    return { data, duration: data.length / 2 };
  });
  return Buffer.from(writeM4a({ sampleEntry: entry, timescale: 16_000, packets, isQuickTime: true }));
}

async function flac(options: readonly string[] = []): Promise<Buffer> {
  return made("a.flac", ["-c:a", "flac", ...options]);
}

async function betweenHeaders(): Promise<Buffer> {
  const bytes = await made("a.ogg", OPUS);
  const end = oggPages(bytes)[0]!.end;
  return Buffer.concat([bytes.subarray(0, end), JUNK.subarray(0, 300), bytes.subarray(end)]);
}

async function twice(): Promise<Buffer> {
  const bytes = await made("a.ogg", OPUS);
  const pages = oggPages(bytes);
  return Buffer.concat([bytes.subarray(0, pages[1]!.end), bytes]);
}

interface Case {
  readonly name: string;
  readonly make: () => Promise<Buffer>;
  readonly seconds?: number;
}

const CASES: readonly Case[] = (
  [
    ["PCM in MOV with many frames a sample", manyFrames],
    ["PCM in fragments", () => made("pcm.mov", ["-c:a", "pcm_s16le", ...FRAGMENTS])],
    ["fragments without their time", async () => withoutBoxes(await made("frag.mp4", [...AAC, ...FRAGMENTS]), "tfdt")],
    ["FLAC of old encoders", async () => oldVariable(await flac(["-frame_size", "576"]))],
    ["FLAC that starts at a frame", async () => (await flac()).subarray(flacStart(await flac()))],
    [
      "FLAC whose parameters change",
      async () => {
        const other = await made("other.flac", ["-c:a", "flac", "-ac", "2", "-ar", "8000"]);
        return Buffer.concat([await flac(), other.subarray(flacStart(other))]);
      },
      2 * SECONDS,
    ],
    ["FLAC behind other bytes", async () => Buffer.concat([JUNK.subarray(0, 400), await flac()])],
    ["bytes between header pages of Ogg", betweenHeaders],
    ["header pages of Ogg twice", twice],
    ["Ogg behind other bytes", async () => Buffer.concat([JUNK.subarray(0, 400), await made("a.ogg", OPUS)])],
    ["MP3 behind 20 kB of junk", async () => Buffer.concat([JUNK, await made("a.mp3", ["-c:a", "libmp3lame"])])],
    ["ADTS behind 20 kB of junk", async () => Buffer.concat([JUNK, await made("a.aac", AAC)])],
  ] as const satisfies readonly (readonly [string, () => Promise<Buffer>, number?])[]
).map(([name, make, seconds]) => ({
  name,
  make,
  ...(seconds !== undefined && { seconds }),
}));

test.each(CASES)("$name", async ({ make, seconds = SECONDS }) => {
  const source = memorySource(new Uint8Array(await make()));
  const plan = chunksOf(await planAudio(source, LIMITS));
  expect(plan.durationMs / 1000).toBeCloseTo(seconds, 0);
  expect(plan.gaps ?? []).toEqual([]);
  let soundMs = 0;
  for (const chunk of plan.chunks) {
    const file = await extractChunk(source, chunk);
    expect(file.missing ?? []).toEqual([]);
    soundMs += file.durationMs;
    await writeFile(join(folder, "cut"), file.bytes);
    expect((await decode(join(folder, "cut"))).length / 16).toBeGreaterThan(file.durationMs - 150);
  }
  expect(soundMs / 1000).toBeCloseTo(seconds, 0);
});

test("a large pre-skip of Opus is not lost from every chunk", async () => {
  const bytes = await made("long.ogg", [...OPUS, "-af", "aloop=loop=7:size=160000"]);
  const [head] = oggPages(bytes);
  bytes.writeUInt16LE(60_000, head!.at + 28 + 10);
  sealPage(bytes, head!);
  const path = join(folder, "preskip.ogg");
  await writeFile(path, bytes);
  const expected = await decode(path);
  const source = memorySource(new Uint8Array(bytes));
  const plan = chunksOf(await planAudio(source, LIMITS));
  expect(plan.chunks.length).toBeGreaterThan(1);
  for (const chunk of plan.chunks) {
    const file = await extractChunk(source, chunk);
    await writeFile(join(folder, "cut.ogg"), file.bytes);
    const heard = await decode(join(folder, "cut.ogg"));
    const like = compare(expected, heard, file.startMs, chunk.ownStartMs + 2_000, chunk.ownStartMs + 6_000);
    expect(like.correlation).toBeGreaterThan(0.99);
    expect(Math.abs(like.lagMs)).toBeLessThan(2);
  }
});
