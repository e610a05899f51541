import { rm } from "node:fs/promises";
import { join } from "node:path";

import { afterAll, beforeAll, describe, expect, test } from "vitest";

import { memorySource, type ByteSource } from "../../shared/audio/reading/byte-source.ts";
import { type ChunkFile, SilentStretch } from "../../shared/audio/chunks/chunk.ts";
import { extractChunk } from "../../shared/audio/extract.ts";
import { planAudio } from "../../shared/audio/plan.ts";
import {
  type Chunks,
  chunksOf,
  compare,
  decode,
  decodeAll,
  ffmpeg,
  fileBytes,
  LIMITS,
  makeSpeech,
  MONO,
  fileSource,
} from "./media.ts";
import { worstLikeness } from "./likeness.ts";
import { IS_LONG, someOf } from "../long.ts";

const SECONDS = 130;
const HALF_MS = (SECONDS * 1000) / 2;
const AAC = ["-c:a", "aac", "-b:a", "64k", "-aac_pns", "0"];
const COPY = ["-c", "copy"];
const H264 = ["-c:v", "libx264", "-preset", "ultrafast"];
const VIDEO = ["-f", "lavfi", "-i", `testsrc2=s=64x48:r=10:d=${SECONDS}`];
const PACKET_BYTES = 188;

let folder = "";
let speech = "";
let heard: Float32Array = new Float32Array();
/** The speech, encoded once, because most tests are about the stream around it. */
let encoded = "";
beforeAll(async () => {
  ({ folder, speech } = await makeSpeech(SECONDS, MONO));
  heard = await decode(speech);
  encoded = join(folder, "encoded.m4a");
  await ffmpeg(["-i", speech, ...AAC, encoded]);
}, 60_000);
afterAll(() => rm(folder, { recursive: true, force: true }));

async function make(name: string, args: readonly string[]): Promise<Uint8Array> {
  const path = join(folder, name);
  await ffmpeg([...args, path]);
  return fileBytes(path);
}

async function planned(source: ByteSource): Promise<Chunks> {
  return chunksOf(await planAudio(source, LIMITS));
}

/** Cut the whole file. Return the tested seconds, every other one, in which a chunk's own part differs from the speech `atMs` earlier. */
async function secondsLost(
  bytes: Uint8Array,
  { atMs = 0, fromMs = 300, untilMs = SECONDS * 1000 } = {},
): Promise<readonly number[]> {
  const source = memorySource(bytes);
  const plan = await planned(source);
  const cuts: Pick<ChunkFile, "bytes" | "startMs" | "durationMs">[] = [];
  for (const chunk of plan.chunks) {
    const cut = await extractChunk(source, chunk).catch((error: unknown) => {
      if (error instanceof SilentStretch) return { bytes: new Uint8Array(), startMs: 0, durationMs: 0 };
      throw error;
    });
    expect(cut.durationMs).toBeLessThan(chunk.endMs - chunk.startMs + 600);
    cuts.push(cut);
  }
  const sounding = cuts.filter((cut) => cut.bytes.length > 0);
  const decoded = await decodeAll(sounding.map((cut) => cut.bytes));
  const lost: number[] = [];
  for (const [index, chunk] of plan.chunks.entries()) {
    const cut = cuts[index]!;
    const pcm = decoded[sounding.indexOf(cut)] ?? new Float32Array();
    const first = Math.max(atMs + fromMs, chunk.ownStartMs);
    for (let from = first; from + 1_000 <= Math.min(chunk.ownEndMs, atMs + untilMs); from += 2_000) {
      const { correlation } = compare(heard, pcm, cut.startMs - atMs, from - atMs, from - atMs + 1_000);
      if (correlation < 0.95) lost.push(Math.round(from / 1000));
    }
  }
  return lost;
}

test("audio that begins far after the tables is found, and placed at the time when it plays", async () => {
  const picture = "testsrc2=s=640x360:r=25:d=8,noise=alls=40:allf=t";
  const inputs = [
    "-f",
    "lavfi",
    "-i",
    picture,
    "-itsoffset",
    "3",
    "-t",
    "5",
    "-i",
    speech,
    "-map",
    "0:v",
    "-map",
    "1:a",
  ];
  const bytes = await make("late.ts", [...inputs, ...H264, "-b:v", "5M", ...AAC]);
  const plan = await planned(memorySource(bytes));
  expect(plan.durationMs).toBeGreaterThan(7_900);
  expect(plan.durationMs).toBeLessThan(8_150);
  expect(await secondsLost(bytes, { atMs: 3_000, untilMs: 4_800 })).toEqual([]);
});

test("a file whose table names audio that is not in it is refused", async () => {
  const bytes = await make("none.ts", [...VIDEO, "-t", "5", "-i", speech, "-t", "5", ...H264, ...AAC]);
  for (let at = 0; at < bytes.length; at += PACKET_BYTES) {
    // ffmpeg's second stream becomes padding.
    if ((bytes[at + 1]! & 0x1f) === 0x01 && bytes[at + 2] === 0x01) bytes.set([0x1f, 0xff], at + 1);
  }
  expect(await planAudio(memorySource(bytes), LIMITS)).toMatchObject({ type: "refused", code: "no_audio_track" });
});

test("sound after the place at which the clock starts again is transcribed", async () => {
  expect(await secondsLost(await make("wrap.ts", ["-i", encoded, ...COPY, "-output_ts_offset", "95360"]))).toEqual([]);
});

describe("files joined by cat are transcribed one after the other", () => {
  /** Files of 44.1 kHz, whose packets are short. The second half is late by the delay of its encoder. */
  async function half(index: number): Promise<readonly string[]> {
    const path = join(folder, `half-${index}.aac`);
    const span = ["-ss", String((index * SECONDS) / 2), "-t", String(SECONDS / 2)];
    await ffmpeg([...span, "-i", speech, "-ar", "44100", ...AAC, path]);
    return ["-i", path, ...COPY];
  }
  const OTHER_PIDS = ["-mpegts_start_pid", "0x300", "-mpegts_pmt_start_pid", "0x500"];

  const WAYS: readonly (readonly [name: string, first: readonly string[], second: readonly string[]])[] = [
    ["where the clock starts again", [], []],
    ["where the clock jumps ahead", [], ["-output_ts_offset", "1000"]],
    ["where the clock jumps back", ["-output_ts_offset", "1000"], []],
    ["where the streams have other numbers", [], OTHER_PIDS],
  ];

  test.each(someOf(WAYS, 3))("%s", async (_name, first, second) => {
    const bytes = Buffer.concat([
      await make("first.ts", [...(await half(0)), ...first]),
      await make("second.ts", [...(await half(1)), ...second]),
    ]);
    const plan = await planned(memorySource(bytes));
    expect(Math.abs(plan.durationMs - SECONDS * 1000)).toBeLessThan(150);
    expect(new Set(plan.chunks.map(({ part }) => part?.start)).size).toBe(2);
    expect(await secondsLost(bytes)).toEqual([]);
  });

  test.runIf(IS_LONG)("a pause of the sound while the picture continues is a pause", async () => {
    const pauseMs = 200_000;
    const picture = `testsrc2=s=64x48:r=10:d=${SECONDS + pauseMs / 1000}`;
    const inputs = ["-f", "lavfi", "-i", picture, "-i", speech, "-map", "0:v", "-map", "1:a"];
    // 1016 packets of 1024 samples at 16 kHz are the first half; a transport stream counts in 90,000ths of a second.
    const later = `setts=ts=if(gt(N\\,1016)\\,TS+${pauseMs * 90}\\,TS)`;
    const bytes = await make("pause.ts", [...inputs, ...H264, ...AAC, "-bsf:a", later]);
    const plan = await planned(memorySource(bytes));
    expect(plan.durationMs).toBeGreaterThan(SECONDS * 1000 + pauseMs - 100);
    expect(plan.chunks.some(({ part }) => part !== undefined)).toBe(false);
    expect(await secondsLost(bytes, { untilMs: HALF_MS - 1_000 })).toEqual([]);
    expect(await secondsLost(bytes, { atMs: pauseMs, fromMs: HALF_MS + 1_000 })).toEqual([]);
  });
});

test("a chunk whose seconds take more bytes than planned is complete", async () => {
  const still = "color=c=gray:s=320x180:r=10:d=130";
  const moving = "color=c=gray:s=320x180:r=10:d=12,noise=alls=100:allf=t";
  const mix = "[1]setpts=PTS+89.5/TB[late];[0][late]overlay=eof_action=pass:enable='between(t,89.5,101)'";
  const inputs = ["-f", "lavfi", "-i", still, "-f", "lavfi", "-i", moving, "-i", encoded];
  const options = ["-filter_complex", mix, "-map", "2:a", ...H264, "-crf", "18", "-c:a", "copy"];
  expect(await secondsLost(await make("burst.ts", [...inputs, ...options]))).toEqual([]);
});

test.runIf(IS_LONG)("if there are several programmes, the first one that can be transcribed is cut", async () => {
  const tone = ["-f", "lavfi", "-i", `sine=f=300:r=16000:d=${SECONDS}`];
  const sounds = ["-c:a:0", "copy", "-c:a:1", "aac"];
  const programmes = ["-program", "st=0:st=1", "-program", "st=2"];
  const maps = ["-map", "0:v", "-map", "1:a", "-map", "2:a"];
  const bytes = await make("two.ts", [...VIDEO, "-i", encoded, ...tone, ...maps, ...H264, ...sounds, ...programmes]);
  expect(await secondsLost(bytes)).toEqual([]);
});

test("a programme is cut although the table names an earlier one that is missing", async () => {
  const bytes = await make("kept.ts", ["-t", "5", "-i", speech, ...AAC]);
  for (let at = 0; at < bytes.length; at += PACKET_BYTES) {
    if ((bytes[at + 1]! & 0x1f) !== 0 || bytes[at + 2] !== 0) continue;
    // Change the section length, and add an entry of programme 9 before the only entry.
    bytes[at + 7]! += 4;
    bytes.copyWithin(at + 17, at + 13, at + 21);
    bytes.set([0, 9, 0xe9, 0x99], at + 13);
  }
  expect(await planned(memorySource(bytes))).toMatchObject({ codec: "aac" });
});

test.each([
  ["AAC in LATM", [...AAC, "-mpegts_flags", "+latm"]],
  ["Opus", ["-c:a", "libopus"]],
])("%s is refused by its name", async (name, options) => {
  const bytes = await make("unreadable.ts", ["-t", "5", "-i", speech, ...options]);
  expect(await planAudio(memorySource(bytes), LIMITS)).toMatchObject({
    code: "unsupported_codec",
    message: expect.stringContaining(name) as unknown,
  });
});

test("the sound continues after bytes that do not belong to a packet", async () => {
  const bytes = await make("stray.ts", ["-i", encoded, ...COPY]);
  const middle = PACKET_BYTES * Math.floor(bytes.length / PACKET_BYTES / 4);
  const stray = Buffer.from("G is a sync byte, ".repeat(6));
  const lost = await secondsLost(Buffer.concat([bytes.subarray(0, middle), stray, bytes.subarray(middle)]));
  expect(lost.length).toBeLessThanOrEqual(1);
});

test("MP2 at 16 kHz is on time: no frame that counts the others comes before its sound", async () => {
  const path = join(folder, "low.ts");
  await ffmpeg(["-i", speech, "-t", "20", "-c:a", "mp2", "-b:a", "64k", "-ar", "16000", path]);
  const source = await fileSource(path);
  const plan = chunksOf(await planAudio(source, LIMITS));
  const { correlation, lagMs } = await worstLikeness(source, plan, await decode(path));
  expect(correlation).toBeGreaterThan(0.95);
  expect(Math.abs(lagMs)).toBeLessThan(20);
});
