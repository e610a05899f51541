import { rm, writeFile } from "node:fs/promises";
import { join } from "node:path";

import { afterAll, beforeAll, expect, test } from "vitest";

import { memorySource } from "../../shared/audio/reading/byte-source.ts";
import { CHUNK_MS } from "../../shared/audio/chunks/limits.ts";
import { planAudio } from "../../shared/audio/plan.ts";
import { chunksOf, concatenated, decode, ffmpeg, fileBytes, fileSource, LIMITS, makeSpeech, MONO } from "./media.ts";
import { worstLikeness } from "./likeness.ts";
import { IS_LONG, someOf } from "../long.ts";

const SECONDS = 100;
const OPUS = ["-c:a", "libopus", "-compression_level", "0", "-b:a", "48k"];
const VORBIS = ["-c:a", "libvorbis", "-q:a", "3"];

interface Link {
  readonly from: number;
  readonly to: number;
  readonly options: readonly string[];
}

const LOUD: Link = { from: 10, to: 90, options: [...OPUS, "-b:a", "480k", "-vbr", "off", "-ac", "2"] };

const CHAINS: readonly (readonly [name: string, links: readonly Link[]])[] = [
  [
    "Opus",
    [
      { from: 0, to: 45, options: OPUS },
      { from: 45, to: 100, options: OPUS },
    ],
  ],
  [
    "another channel count",
    [
      { from: 0, to: 45, options: [...OPUS, "-ac", "2"] },
      { from: 45, to: 100, options: OPUS },
    ],
  ],
  [
    "Vorbis at another rate",
    [
      { from: 0, to: 45, options: VORBIS },
      { from: 45, to: 100, options: [...VORBIS, "-ar", "48000"] },
    ],
  ],
  [
    "Vorbis, then Opus",
    [
      { from: 0, to: 45, options: VORBIS },
      { from: 45, to: 100, options: OPUS },
    ],
  ],
  [
    "FLAC, then Opus",
    [
      { from: 0, to: 45, options: ["-c:a", "flac"] },
      { from: 45, to: 100, options: OPUS },
    ],
  ],
  [
    "three links",
    [
      { from: 0, to: 30, options: OPUS },
      { from: 30, to: 70, options: OPUS },
      { from: 70, to: 100, options: OPUS },
    ],
  ],
  [
    "a short jingle first, and again last",
    [
      { from: 3, to: 8, options: OPUS },
      { from: 8, to: 98, options: OPUS },
      { from: 3, to: 8, options: OPUS },
    ],
  ],
  ["a second link over 4 MB", [{ from: 0, to: 10, options: OPUS }, LOUD]],
];

let folder = "";
let speech = "";
let heard: Float32Array = new Float32Array();
beforeAll(async () => {
  ({ folder, speech } = await makeSpeech(SECONDS, MONO));
  heard = await decode(speech);
}, 60_000);
afterAll(() => rm(folder, { recursive: true, force: true }));

test.each(someOf(CHAINS, 4))("a chain is planned to its end: %s", async (_name, links) => {
  const path = join(folder, "chain.ogg");
  await writeFile(path, Buffer.concat(await Promise.all(links.map(encode))));
  const plan = await expectAllOf(path, links);
  expect(new Set(plan.chunks.map(({ part }) => part?.start)).size).toBe(links.length);
});

test("links with the same serial number are distinguished by their clock", async () => {
  const links = [
    { from: 0, to: 25, options: [...OPUS, "-fflags", "+bitexact"] },
    { from: 25, to: 100, options: [...OPUS, "-fflags", "+bitexact"] },
  ];
  const [first, second] = await Promise.all(links.map(encode));
  if (first === undefined || second === undefined) throw new Error("nothing encoded");
  expect(first.readUInt32LE(14)).toBe(second.readUInt32LE(14));
  const path = join(folder, "same.ogg");
  await writeFile(path, Buffer.concat([first, second]));
  await expectAllOf(path, links);
});

test("the links of a chain of over 20 MB are found with a few looks", async () => {
  const paths = ["one.ogg", "two.ogg"].map((name) => join(folder, name));
  const seed = join(folder, "seed.ogg");
  await writeFile(seed, await encode({ from: 0, to: 100, options: [...OPUS, "-b:a", "96k"] }));
  for (const [take, path] of paths.entries()) {
    await ffmpeg(["-stream_loop", "9", "-i", seed, "-c", "copy", ...ofTake(take), path]);
  }
  const path = join(folder, "long.ogg");
  await writeFile(path, Buffer.concat(await Promise.all(paths.map((link) => fileBytes(link)))));
  const [chain, ...alone] = await Promise.all([path, ...paths].map((file) => fileSource(file)));
  if (chain === undefined) throw new Error("no chain");
  expect(chain.sizeBytes).toBeGreaterThan(20e6);
  const plan = chunksOf(await planAudio(chain, LIMITS));
  expect(Math.abs(plan.durationMs - 2_000_000)).toBeLessThan(500);
  for (const link of alone) {
    await planAudio(link, LIMITS);
    chain.bytes -= link.bytes;
    chain.reads -= link.reads;
  }
  expect(chain.bytes).toBeLessThan(0.02 * chain.sizeBytes);
  expect(chain.reads).toBeLessThan(30);
});

test("a chain that would fit one call is not sent as it is: a decoder may stop at its first link", async () => {
  const links = [
    { from: 0, to: 6, options: OPUS },
    { from: 6, to: 14, options: OPUS },
  ];
  const path = join(folder, "short.ogg");
  await writeFile(path, Buffer.concat(await Promise.all(links.map(encode))));
  const plan = await expectAllOf(path, links);
  expect(plan.chunks).toHaveLength(2);
});

test("links without sound take no time, and one of another codec is refused by its name", async () => {
  const link = await encode({ from: 0, to: 12, options: OPUS });
  const picture = join(folder, "picture.ogv");
  await ffmpeg(["-f", "lavfi", "-i", "testsrc=s=160x120:r=5:d=2", "-c:v", "libtheora", picture]);
  const theora = Buffer.from(await fileBytes(picture));
  const speex = await encode({ from: 0, to: 12, options: ["-c:a", "libspeex"] });
  const plan = async (links: readonly Buffer[]) => planAudio(memorySource(Buffer.concat(links)), LIMITS);
  expect(await plan([theora])).toMatchObject({ type: "refused", code: "no_audio_track" });
  const between = chunksOf(await plan([link, theora, await encode({ from: 0, to: 12, options: OPUS }, 1)]));
  expect(Math.abs(between.durationMs - 24_000)).toBeLessThan(100);
  // A decoder that stops at the first link would decode nothing.
  expect(chunksOf(await plan([theora, link])).chunks).toHaveLength(1);
  const cutOff = chunksOf(
    await plan([link, await encode({ from: 0, to: 12, options: OPUS }, 1), theora.subarray(0, 60)]),
  );
  expect(Math.abs(cutOff.durationMs - 24_000)).toBeLessThan(100);
  expect(await plan([link, speex])).toMatchObject({
    code: "unsupported_codec",
    message: expect.stringMatching(/Speex/) as unknown,
  });
});

test("FLAC that was copied out of the middle of a longer file has its frames at their time", async () => {
  const [long, late] = [join(folder, "long.oga"), join(folder, "late.oga")];
  await ffmpeg(["-i", speech, "-c:a", "flac", long]);
  await ffmpeg(["-ss", "20", "-i", long, "-c", "copy", late]);
  const source = await fileSource(late);
  const plan = chunksOf(await planAudio(source, LIMITS));
  const expected = await decode(late);
  expect(Math.abs(plan.durationMs - expected.length / 16)).toBeLessThan(50);
  const { correlation, lagMs } = await worstLikeness(source, plan, expected);
  expect(correlation).toBeGreaterThan(0.99);
  expect(Math.abs(lagMs)).toBeLessThan(10);
});

test.runIf(IS_LONG)("a picture beside the sound, and two sounds at once, are one link", async () => {
  const path = join(folder, "both.ogv");
  const video = ["-f", "lavfi", "-i", "testsrc2=s=64x48:r=10:d=90"];
  const maps = ["-map", "1:v", "-map", "0:a", "-map", "0:a", "-c:v", "libtheora", "-t", "90"];
  await ffmpeg(["-i", speech, ...video, ...maps, ...VORBIS, path]);
  const plan = await expectAllOf(path, [{ from: 0, to: 90, options: [] }]);
  expect(plan.chunks.filter(({ part }) => part !== undefined)).toEqual([]);
});

test("a link without its headers is an error, and is not skipped", async () => {
  const link = await encode({ from: 0, to: 30, options: OPUS });
  const headless = (await encode({ from: 30, to: 60, options: OPUS })).subarray(60_000);
  expect(await planAudio(memorySource(Buffer.concat([link, headless])), LIMITS)).toMatchObject({
    code: "damaged",
    message: expect.stringMatching(/stream that begins at byte \d+ has no headers/) as unknown,
  });
});

/** Return the same link with another serial number in each take, as separate recordings have. */
const ofTake = (take: number) => (take === 0 ? [] : ["-metadata", `take=${take}`]);

async function encode({ from, to, options }: Link, take = 0): Promise<Buffer> {
  const path = join(folder, `link-${from}-${to}-${take}.ogg`);
  await ffmpeg(["-ss", String(from), "-t", String(to - from), "-i", speech, ...options, ...ofTake(take), path]);
  return Buffer.from(await fileBytes(path));
}

async function expectAllOf(path: string, links: readonly Link[]) {
  const source = await fileSource(path);
  const plan = chunksOf(await planAudio(source, LIMITS));
  const expected = concatenated(links.map(({ from, to }) => heard.subarray(from * 16_000, to * 16_000)));
  expect(Math.abs(plan.durationMs - expected.length / 16)).toBeLessThan(100);
  expect(plan.chunks.filter((chunk) => chunk.endMs - chunk.startMs > CHUNK_MS)).toEqual([]);
  const worst = await worstLikeness(source, plan, expected);
  expect(worst.correlation).toBeGreaterThan(0.9);
  expect(Math.abs(worst.lagMs)).toBeLessThan(40);
  return plan;
}
