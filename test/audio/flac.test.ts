import { rm, writeFile } from "node:fs/promises";
import { join } from "node:path";

import { afterAll, beforeAll, expect, test } from "vitest";

import { CHUNK_MAX_BYTES, CHUNK_MAX_READS } from "../../shared/audio/chunks/limits.ts";
import { sampled, someOf } from "../long.ts";
import { cutAll } from "./cut-all.ts";
import { concatenated, decode, decodeAll, ffmpeg, fileBytes, makeSpeech, MONO } from "./media.ts";

const RATE = 16_000;
const SECONDS = 150;

let folder = "";
let speech = "";
beforeAll(async () => {
  ({ folder, speech } = await makeSpeech(SECONDS, MONO));
}, 60_000);
afterAll(() => rm(folder, { recursive: true, force: true }));

test("a speaker's own track, with digital silence while the others speak, is cut without loss", async () => {
  const path = join(folder, "track.flac");
  // The speaker speaks for 1, 75 and 74 s.
  const pauseSeconds = sampled(120, 600);
  const turns = [
    [0, 1, pauseSeconds - 1],
    [1, 76, pauseSeconds],
    [76, 150, 3],
  ];
  const filter = turns
    .map(([from, to, pause], index) => `[0]atrim=${from}:${to},asetpts=N/SR/TB,apad=pad_dur=${pause}[t${index}]`)
    .join(";");
  const joined = `${filter};${turns.map((_, index) => `[t${index}]`).join("")}concat=n=${turns.length}:v=0:a=1`;
  await ffmpeg(["-i", speech, "-filter_complex", joined, "-ac", "1", "-ar", String(RATE), "-c:a", "flac", path]);
  const { heard, plan, reads, mostBytes, ratio } = await cutAll(path);
  expect(plan.durationMs).toBe((2 * pauseSeconds + 152) * 1000);
  expect(difference(heard, await decode(path))).toBe(0);
  expect(reads).toBeLessThanOrEqual(CHUNK_MAX_READS);
  expect(mostBytes).toBeLessThanOrEqual(CHUNK_MAX_BYTES);
  expect(ratio).toBeLessThan(2);
});

test("a loud part of a file that is quiet on average is planned in chunks that fit a call", async () => {
  const path = join(folder, "loud.flac");
  const quietSeconds = sampled(200, 600);
  const noise = `anoisesrc=r=48000:d=70:a=0.9,aformat=sample_fmts=s32:channel_layouts=stereo,apad=pad_dur=${quietSeconds}`;
  await ffmpeg(["-f", "lavfi", "-i", noise, "-c:a", "flac", path]);
  const { plan, mostBytes, reads } = await cutAll(path);
  expect(mostBytes).toBeLessThanOrEqual(CHUNK_MAX_BYTES);
  expect(reads).toBeLessThanOrEqual(CHUNK_MAX_READS);
  const owned = plan.chunks.map(({ index, ownStartMs, ownEndMs }) => [index, ownStartMs, ownEndMs]);
  expect(owned.map(([index]) => index)).toEqual(owned.map((_, index) => index));
  expect(owned.map(([, from]) => from)).toEqual([0, ...owned.slice(0, -1).map(([, , to]) => to)]);
  expect(owned.at(-1)?.[2]).toBe((70 + quietSeconds) * 1000);
});

const LENGTHS: readonly (readonly [name: string, lengths: readonly [number, number, number]])[] = [
  ["of the same length", [75, 75, 0]],
  ["a short one first", [5, 100, 0]],
  ["a short one last, with a tag in between", [100, 5, 4000]],
];

test.each(someOf(LENGTHS, 3))(
  "two FLAC files laid end to end are transcribed one after the other: %s",
  async (_name, [first, second, tagBytes]) => {
    const [one, two, both] = ["one.flac", "two.flac", "both.flac"].map((file) => join(folder, file));
    if (one === undefined || two === undefined || both === undefined) throw new Error("unnamed");
    const format = ["-ac", "1", "-ar", String(RATE), "-c:a", "flac"];
    await ffmpeg(["-t", String(first), "-i", speech, ...format, one]);
    await ffmpeg(["-ss", String(first), "-t", String(second), "-i", speech, ...format, two]);
    await writeFile(two, withoutTags(await fileBytes(two)));
    const tag = Buffer.alloc(tagBytes ?? 0, 0x20);
    await writeFile(both, Buffer.concat([await fileBytes(one), tag, await fileBytes(two)]));
    const { heard, plan } = await cutAll(both);
    const expected = concatenated(await decodeAll([one, two]));
    expect(plan.durationMs).toBe(expected.length / 16);
    expect(difference(heard, expected)).toBe(0);
  },
);

test("silence replaces missing bytes of a FLAC file, and the sound after them keeps its time", async () => {
  const path = join(folder, "hole.flac");
  await ffmpeg(["-i", speech, "-ac", "1", "-ar", String(RATE), "-c:a", "flac", path]);
  const expected = await decode(path);
  const bytes = Buffer.from(await fileBytes(path));
  const at = Math.floor(bytes.length * 0.5);
  await writeFile(path, Buffer.concat([bytes.subarray(0, at), bytes.subarray(at + 40_000)]));
  const { heard } = await cutAll(path);
  const missing = Array.from(heard, (sample, index) => (sample === expected[index] ? -1 : index)).filter((i) => i >= 0);
  const [from = 0, to = 0] = [missing[0], missing.at(-1)];
  expect(from / RATE).toBeGreaterThan(60);
  expect((to - from) / RATE).toBeLessThan(4);
  expect(heard.subarray(from, to).every((sample) => sample === 0)).toBe(true);
});

test("no half frame is kept of a FLAC file that was cut off, and a tag at its end is not sound", async () => {
  const path = join(folder, "end.flac");
  await ffmpeg(["-i", speech, "-ac", "1", "-ar", String(RATE), "-c:a", "flac", path]);
  const expected = await decode(path);
  const whole = await fileBytes(path);
  await writeFile(path, Buffer.concat([whole, Buffer.from(`TAG${"x".repeat(125)}`)]));
  expect(difference((await cutAll(path)).heard, expected)).toBe(0);
  await writeFile(path, whole.subarray(0, Math.floor(whole.length * 0.3)));
  const { heard, saidMs } = await cutAll(path);
  const heardMs = heard.findLastIndex((sample) => sample !== 0) / 16;
  expect(heardMs).toBeGreaterThan(20_000);
  expect(Math.abs(saidMs - heardMs)).toBeLessThan(2);
  expect(difference(heard.subarray(0, heardMs * 16), expected)).toBe(0);
});

/** Remove all blocks except the required one, and mark it as the last. */
function withoutTags(file: Uint8Array): Uint8Array {
  let framesAt = 4;
  for (let isLast = false; !isLast;) {
    isLast = (file[framesAt]! & 0x80) !== 0;
    framesAt += 4 + (Buffer.from(file).readUInt32BE(framesAt) & 0xffffff);
  }
  const bare = Buffer.concat([file.subarray(0, 42), file.subarray(framesAt)]);
  bare[4] = 0x80;
  return bare;
}

/** Return the number of samples that differ. */
function difference(heard: ArrayLike<number>, expected: ArrayLike<number>): number {
  let count = 0;
  for (let index = 0; index < heard.length; index++) if (heard[index] !== expected[index]) count += 1;
  return count;
}
