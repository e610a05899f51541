// Sound that a file claims to have and does not have. It is never called complete, never silence, and never paid for.
import { readFile, rm, writeFile } from "node:fs/promises";
import { join } from "node:path";

import { afterAll, beforeAll, expect, test } from "vitest";

import { DamagedSource, SilentStretch } from "../../shared/audio/chunks/chunk.ts";
import { extractChunk } from "../../shared/audio/extract.ts";
import { planAudio } from "../../shared/audio/plan.ts";
import { memorySource } from "../../shared/audio/reading/byte-source.ts";
import { chunksOf, decode, ffmpeg, fileSource, LIMITS, makeSpeech, MONO } from "./media.ts";
import { someOf } from "../long.ts";

const SECONDS = 20;
const FASTSTART = ["-movflags", "+faststart"];
const AAC = ["-c:a", "aac", "-b:a", "64k"];
/** A file of each container whose header has the duration. */
const FILES: Readonly<Record<string, readonly string[]>> = {
  "a.wav": [],
  "a.m4a": [...AAC, ...FASTSTART],
  "a.mov": ["-c:a", "pcm_s16be", ...FASTSTART],
  "a.flac": ["-c:a", "flac"],
  "a.mkv": AAC,
  "a.webm": ["-c:a", "libopus", "-b:a", "32k"],
  "a.mp3": ["-c:a", "libmp3lame", "-q:a", "6"],
  "cbr.mp3": ["-c:a", "libmp3lame", "-b:a", "64k"],
};
const LIVE: Readonly<Record<string, readonly string[]>> = {
  "a.ogg": ["-c:a", "libopus", "-b:a", "32k"],
  "vorbis.ogg": ["-c:a", "libvorbis", "-q:a", "2"],
  "a.aac": AAC,
  "a.ts": AAC,
  "live.webm": ["-c:a", "libopus", "-b:a", "32k", "-live", "1", "-cluster_time_limit", "1000"],
  "plain.mp3": ["-c:a", "libmp3lame", "-b:a", "48k", "-write_xing", "0", "-id3v2_version", "0"],
  "plain-vbr.mp3": ["-c:a", "libmp3lame", "-q:a", "6", "-write_xing", "0", "-id3v2_version", "0"],
  "plain-441.mp3": ["-c:a", "libmp3lame", "-b:a", "64k", "-ar", "44100", "-write_xing", "0", "-id3v2_version", "0"],
  "a.mp2": ["-c:a", "mp2", "-b:a", "64k"],
  "mp2.ts": ["-c:a", "mp2", "-b:a", "64k"],
};
const NAMES = Object.keys(FILES);

let folder = "";
let speech = "";
beforeAll(async () => {
  ({ folder, speech } = await makeSpeech(SECONDS, MONO));
});
afterAll(() => rm(folder, { recursive: true }));

async function made(name: string, input = ["-i", speech]): Promise<Uint8Array> {
  const path = join(folder, name);
  await ffmpeg([...input, ...({ ...FILES, ...LIVE }[name] ?? []), path]);
  return new Uint8Array(await readFile(path));
}

/** Return the last time at which any chunk has sound, and the cost of the chunks. */
async function cutOut(bytes: Uint8Array) {
  const source = memorySource(bytes);
  const plan = chunksOf(await planAudio(source, LIMITS));
  let soundMs = 0;
  const missing: { startMs: number; endMs: number }[] = [...(plan.gaps ?? [])];
  for (const chunk of plan.chunks) {
    const file = await extractChunk(source, chunk);
    soundMs = Math.max(soundMs, file.startMs + file.durationMs);
    missing.push(...(file.missing ?? []));
  }
  return { plan, soundMs, missing };
}

test.each(someOf(NAMES, 2))(
  "%s that was cut off is planned up to its last sample, and the rest is a gap",
  async (name) => {
    const whole = await made(name);
    for (const share of [0.4, 0.97]) {
      const { plan, soundMs } = await cutOut(whole.slice(0, Math.floor(whole.length * share)));
      expect(plan.durationMs / 1000).toBeCloseTo(SECONDS, 0);
      expect(plan.gaps).toEqual([{ startMs: plan.chunks.at(-1)?.ownEndMs, endMs: plan.durationMs, reason: "cut_off" }]);
      expect(Math.abs(soundMs - (plan.gaps?.[0]?.startMs ?? 0))).toBeLessThan(80);
      expect(soundMs / plan.durationMs).toBeGreaterThan(share - 0.1);
      expect(soundMs / plan.durationMs).toBeLessThan(share + 0.06);
    }
    expect((await cutOut(whole)).missing).toEqual([]);
  },
);

test.each(Object.keys(LIVE))("%s, which says no length, is marked where it ends within a packet", async (name) => {
  const whole = await made(name);
  const { plan, soundMs } = await cutOut(whole.slice(0, Math.floor(whole.length * 0.6) + 50));
  const { ownEndMs = 0 } = plan.chunks.at(-1) ?? {};
  expect(plan.gaps).toEqual([{ startMs: ownEndMs, endMs: plan.durationMs, reason: "cut_off" }]);
  expect(plan.durationMs).toBeGreaterThan(ownEndMs);
  expect(plan.durationMs).toBeLessThan(0.75 * SECONDS * 1000);
  expect(Math.abs(soundMs - ownEndMs)).toBeLessThan(150);
  expect((await cutOut(whole)).missing).toEqual([]);
});

const PARTS = ["a.mp3", "cbr.mp3"] as const;
test.each(PARTS)("a part of a frame behind all frames that %s counts is no loss", async (name) => {
  const whole = await made(name);
  const frameAt = Buffer.from(whole).lastIndexOf(Buffer.from([0xff, 0xfb]));
  const { plan, missing } = await cutOut(new Uint8Array([...whole, ...whole.slice(frameAt, frameAt + 60)]));
  expect({ missing, durationMs: plan.durationMs }).toEqual({ missing: [], durationMs: plan.chunks.at(-1)?.ownEndMs });
});

test.each(["a.mkv", "a.webm"])("bytes behind the segment of %s, which says its size, are no loss", async (name) => {
  expect((await cutOut(new Uint8Array([...(await made(name)), ...Buffer.from("TAG")]))).missing).toEqual([]);
});

test("the last frame of an MP3 that counts none is part of the recording", async () => {
  const whole = await made("plain-441.mp3", ["-i", speech]);
  const { plan } = await cutOut(whole);
  const frames = Buffer.from(whole).reduce(
    (sum: number, byte: number, at: number) =>
      sum + Number(byte === 0xff && whole[at + 1] === 0xfb && ((whole[at + 2] ?? 0) & 0xfd) === 0x50),
    0,
  );
  expect(plan.durationMs).toBe(Math.round((frames * 1152) / 44.1));
});

test.each(NAMES.filter((name) => !/wav|mov|mp3/.test(name)))("zeros in the middle of %s are marked", async (name) => {
  const whole = await made(name);
  whole.fill(0, Math.floor(whole.length * 0.4), Math.floor(whole.length * 0.6));
  const { missing } = await cutOut(whole);
  const lostMs = missing.reduce((sum, { startMs, endMs }) => sum + endMs - startMs, 0);
  expect(lostMs).toBeGreaterThan(0.15 * SECONDS * 1000);
  expect(lostMs).toBeLessThan(0.45 * SECONDS * 1000);
  expect(Math.min(...missing.map(({ startMs }) => startMs))).toBeGreaterThan(0.3 * SECONDS * 1000);
});

test("headers without any sound are one refusal", async () => {
  const m4a = await made("a.m4a");
  const flac = await made("a.flac");
  const mkv = Buffer.from(await made("a.mkv"));
  const headers = [
    m4a.slice(0, Buffer.from(m4a).indexOf("mdat") + 4),
    flac.slice(0, 8_000),
    new Uint8Array(mkv.subarray(0, mkv.indexOf(Buffer.from([0x1f, 0x43, 0xb6, 0x75])))),
  ];
  for (const bytes of headers)
    expect(await planAudio(memorySource(bytes), LIMITS)).toMatchObject({
      message: expect.stringMatching(/send it again/) as unknown,
    });
});

test("blocks of WebM that cannot be read are damage, and not silence", async () => {
  const webm = await made("a.webm");
  const first = Buffer.from(webm).indexOf(Buffer.from([0x1f, 0x43, 0xb6, 0x75]));
  for (let at = first + 20; at < webm.length; at += 5) webm[at] = 0;
  const source = memorySource(webm);
  const plan = await planAudio(source, LIMITS);
  if (plan.type === "refused") return;
  for (const chunk of plan.chunks) await expect(extractChunk(source, chunk)).rejects.toThrow(DamagedSource);
});

test.each(someOf([...NAMES, ...Object.keys(LIVE)], 2))("digital silence in %s is not bought", async (name) => {
  const silence = ["-f", "lavfi", "-i", `anullsrc=r=16000:cl=mono:d=${SECONDS}`];
  const source = memorySource(await made(name, silence));
  for (const chunk of chunksOf(await planAudio(source, LIMITS)).chunks)
    await expect(extractChunk(source, chunk)).rejects.toThrow(SilentStretch);
});

// Codecs use as many bits for noise as for speech, even for quiet noise. So quiet parts are found only if there is no noise.
test.each([
  ["a.wav", "anoisesrc=r=16000:d=8:a=0.0004:seed=7"],
  ["a.flac", "anoisesrc=r=16000:d=8:a=0.0001:seed=7"],
  ["a.webm", "anullsrc=r=16000:d=8"],
  ["a.m4a", "anullsrc=r=16000:d=8"],
])("a part of %s with almost no sound is measured", async (name, noise) => {
  const input = ["-i", speech, "-f", "lavfi", "-i", noise];
  const half = join(folder, `half-${name}.wav`);
  const join2 = "[0:a]atrim=0:8[a];[1:a]aformat=channel_layouts=mono[b];[a][b]concat=n=2:v=0:a=1";
  await ffmpeg([...input, "-filter_complex", join2, half]);
  const source = memorySource(await made(name, ["-i", half]));
  const [chunk] = chunksOf(await planAudio(source, LIMITS)).chunks;
  const { quiet = [] } = await extractChunk(source, chunk!);
  const last = quiet.at(-1);
  expect(last?.startMs).toBeGreaterThan(7_500);
  expect(last?.startMs).toBeLessThan(9_500);
  expect(last?.endMs).toBeGreaterThan(14_000);
});

test("sound in opposite phase is kept, from one of its channels", async () => {
  const path = join(folder, "opposite.wav");
  await ffmpeg(["-i", speech, "-af", "pan=stereo|c0=c0|c1=-1*c0", path]);
  const source = await fileSource(path);
  const [chunk] = chunksOf(await planAudio(source, LIMITS)).chunks;
  await writeFile(join(folder, "cut.wav"), (await extractChunk(source, chunk!)).bytes);
  const [expected, heard] = [await decode(speech), await decode(join(folder, "cut.wav"))];
  const most = heard.reduce((worst, sample, at) => Math.max(worst, Math.abs(sample - (expected[at] ?? 0))), 0);
  expect(most).toBeLessThan(0.001);
});
