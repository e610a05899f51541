// Less common formats with unusual headers, missing ends or wrong numbers.
import { rm, writeFile } from "node:fs/promises";
import { join } from "node:path";

import { afterAll, beforeAll, describe, expect, test } from "vitest";

import { SilentStretch, type ChunkPlan } from "../../shared/audio/chunks/chunk.ts";
import { splitChunk } from "../../shared/audio/chunks/cuts.ts";
import { MAX_DURATION_MS } from "../../shared/audio/chunks/limits.ts";
import { extractChunk } from "../../shared/audio/extract.ts";
import { planAudio } from "../../shared/audio/plan.ts";
import { memorySource, type ByteSource } from "../../shared/audio/reading/byte-source.ts";
import { concatBytes, indexOfBytes, textBytes, viewOf } from "../../shared/audio/reading/bytes.ts";
import { planWork } from "../../shared/audio/reading/work.ts";
import { chunksOf, compare, decode, ffmpeg, fileBytes, LIMITS, makeSpeech, MONO } from "./media.ts";

const SECONDS = 25;
const SHORT_CALLS = { ...LIMITS, maxMs: 10_000 };

let folder = "";
let speech = "";
beforeAll(async () => {
  ({ folder, speech } = await makeSpeech(SECONDS, MONO));
});
afterAll(() => rm(folder, { recursive: true, force: true }));

/** Return the recording in another format. */
async function made(file: string, ...options: readonly string[]): Promise<Uint8Array> {
  await ffmpeg(["-i", speech, ...options, join(folder, file)]);
  return fileBytes(join(folder, file));
}

/** Return where a chunk of a file begins. */
function placeOf(bytes: Uint8Array, name: string): number {
  return indexOfBytes(bytes, [...textBytes(name)], 0, planWork({ sizeBytes: bytes.length }));
}

async function samplesOf(bytes: Uint8Array): Promise<Float32Array> {
  await writeFile(join(folder, "chunk"), bytes);
  return decode(join(folder, "chunk"));
}

/** @param atMs when `whole` begins in the source. */
async function expectLike(whole: Float32Array, source: ByteSource, chunk: ChunkPlan, atMs = 0): Promise<void> {
  const cut = await extractChunk(source, chunk);
  const samples = await samplesOf(cut.bytes);
  const startMs = cut.startMs - atMs;
  expect(Math.abs(samples.length / 16 - cut.durationMs)).toBeLessThan(60);
  const { correlation, lagMs } = compare(whole, samples, startMs, startMs + 100, startMs + cut.durationMs - 100);
  expect(correlation).toBeGreaterThan(0.97);
  expect(Math.abs(lagMs)).toBeLessThan(20);
}

describe("CAF", () => {
  test("Opus whose header counts at 24 kHz, as in messages of phones, has the right times", async () => {
    const bytes = await made("phone.caf", "-c:a", "libopus", "-b:a", "32k");
    const view = viewOf(bytes);
    view.setFloat64(20, 24_000);
    view.setUint32(40, 480);
    await writeFile(join(folder, "phone.caf"), bytes);
    const whole = await decode(join(folder, "phone.caf"));
    const source = memorySource(bytes);
    const plan = chunksOf(await planAudio(source, SHORT_CALLS));
    expect(Math.abs(plan.durationMs - SECONDS * 1000)).toBeLessThan(150);
    for (const chunk of plan.chunks) await expectLike(whole, source, chunk);
  });

  test("half of a chunk of Opus that is too large for a call is half of its sound", async () => {
    const source = memorySource(await made("half.caf", "-c:a", "libopus", "-b:a", "32k"));
    const whole = await decode(join(folder, "half.caf"));
    const [chunk] = chunksOf(await planAudio(source, LIMITS)).chunks;
    const halves = chunk && splitChunk(chunk);
    if (!halves) throw new Error("not split");
    for (const half of halves) {
      await expectLike(whole, source, half);
      const cut = await extractChunk(source, half);
      expect(cut.startMs).toBeGreaterThan(half.startMs - 60);
      expect(cut.startMs + cut.durationMs).toBeLessThan(half.endMs + 60);
    }
  });

  test("packets of megabytes are refused before they fill the memory", async () => {
    const packet = 2 ** 21 - 1;
    const packets = 1000;
    const head = cafOf(
      { formatId: "opus", samplesPerPacket: 960, rate: 48_000, bytesPerPacket: 0, bits: 0 },
      packets,
      Array.from({ length: packets }, () => [0xff, 0xff, 0x7f]).flat(),
      packets * packet,
    );
    let mostBytes = 0;
    const source: ByteSource = {
      sizeBytes: head.length + packets * packet,
      async read(offset, length) {
        mostBytes = Math.max(mostBytes, length);
        if (length > 2 ** 26) throw new Error(`${length} bytes in one read`);
        const bytes = new Uint8Array(length).fill(31 << 3);
        if (offset < head.length) bytes.set(head.subarray(offset, offset + length));
        return bytes;
      },
    };
    const [chunk] = chunksOf(await planAudio(source, LIMITS)).chunks;
    if (chunk === undefined) throw new Error("no chunk");
    await expect(extractChunk(source, chunk)).rejects.toThrow(/more than .* in memory/);
    expect(mostBytes).toBeLessThan(2 ** 26);
  });

  test("samples of 24 bits in words of 32 are read as words", async () => {
    const samples = await made("words.caf", "-c:a", "pcm_s32be");
    viewOf(samples).setUint32(48, 24);
    const whole = await decode(speech);
    const source = memorySource(samples);
    const plan = chunksOf(await planAudio(source, SHORT_CALLS));
    expect(Math.abs(plan.durationMs - SECONDS * 1000)).toBeLessThan(150);
    for (const chunk of plan.chunks) await expectLike(whole, source, chunk);
  });

  test("a length beyond all recordings does not make the recording last that long", async () => {
    const bytes = await made("long.caf");
    viewOf(bytes).setBigInt64(placeOf(bytes, "data") + 4, 2n ** 62n);
    expect(await durationOf(bytes)).toBeLessThanOrEqual(MAX_DURATION_MS);
  });

  test("sound of more channels than Opus has here is refused by its name", async () => {
    const bytes = await made("many.caf", "-c:a", "libopus");
    viewOf(bytes).setUint32(44, 6);
    const plan = await planAudio(memorySource(bytes), LIMITS);
    expect(plan).toMatchObject({
      type: "refused",
      code: "unsupported_codec",
      message: expect.stringMatching(/6 channels/) as unknown,
    });
  });
});

async function durationOf(bytes: Uint8Array): Promise<number> {
  return chunksOf(await planAudio(memorySource(bytes), LIMITS)).durationMs;
}

interface Said {
  readonly formatId: string;
  readonly samplesPerPacket: number;
  readonly bytesPerPacket: number;
  readonly rate: number;
  readonly bits: number;
}

/** Return the beginning of a CAF file of one channel, up to its data. */
function cafOf(said: Said, packets: number, table: readonly number[], dataBytes: number): Uint8Array {
  const desc = new Uint8Array(32);
  const view = viewOf(desc);
  view.setFloat64(0, said.rate);
  desc.set(textBytes(said.formatId), 8);
  view.setUint32(16, said.bytesPerPacket);
  view.setUint32(20, said.samplesPerPacket);
  view.setUint32(24, 1);
  view.setUint32(28, said.bits);
  const pakt = new Uint8Array(24 + table.length);
  viewOf(pakt).setBigInt64(0, BigInt(packets));
  pakt.set(table, 24);
  const head = new Uint8Array([...textBytes("caff"), 0, 1, 0, 0]);
  const edits = new Uint8Array(4);
  const dataHead = chunkHead("data", 4 + dataBytes);
  return concatBytes([head, chunkHead("desc", 32), desc, chunkHead("pakt", pakt.length), pakt, dataHead, edits]);
}

function chunkHead(name: string, length: number): Uint8Array {
  const head = new Uint8Array(12);
  head.set(textBytes(name));
  viewOf(head).setBigInt64(4, BigInt(length));
  return head;
}

test("M2TS files laid end to end are cut where each of them is", async () => {
  const options = ["-c:a", "ac3", "-f", "mpegts", "-mpegts_m2ts_mode", "1"];
  const bytes = await made("one.m2ts", ...options);
  const whole = await decode(join(folder, "one.m2ts"));
  const source = memorySource(concatBytes([bytes, bytes]));
  const plan = chunksOf(await planAudio(source, SHORT_CALLS));
  expect(Math.abs(plan.durationMs - 2 * SECONDS * 1000)).toBeLessThan(300);
  const later = plan.chunks.filter(({ startMs }) => startMs > SECONDS * 1000);
  expect(later.length).toBeGreaterThan(1);
  for (const chunk of later) await expectLike(whole, source, chunk, chunk.part?.atMs);
});

test("M2TS that has lost bytes is heard behind them, and the hole is marked", async () => {
  const bytes = await made("hole.m2ts", "-c:a", "ac3", "-f", "mpegts", "-mpegts_m2ts_mode", "1");
  const [from, lost] = [Math.floor(bytes.length / 2 / 192) * 192 + 100, 40_001];
  const source = memorySource(concatBytes([bytes.subarray(0, from), bytes.subarray(from + lost)]));
  const whole = await decode(join(folder, "hole.m2ts"));
  const { chunks } = chunksOf(await planAudio(source, SHORT_CALLS));
  const missing = [];
  for (const chunk of chunks) {
    const cut = await extractChunk(source, chunk);
    missing.push(...(cut.missing ?? []));
  }
  const lostMs = missing.reduce((sum, { startMs, endMs }) => sum + endMs - startMs, 0);
  expect(lostMs).toBeGreaterThan(0.5 * (lost / bytes.length) * SECONDS * 1000);
  await expectLike(whole, source, chunks.at(-1)!);
});

describe("WAV", () => {
  /** Return a chunk like one with the recording's cover picture. */
  const cover = concatBytes([textBytes("LIST"), Uint8Array.of(0, 0x40, 6, 0), new Uint8Array(0x64000).fill(0x41)]);

  test("bytes after the MP3 in it are not part of the recording", async () => {
    const bytes = await made("cover.wav", "-c:a", "libmp3lame", "-b:a", "64k", "-write_xing", "0");
    const plan = chunksOf(await planAudio(memorySource(concatBytes([bytes, cover])), SHORT_CALLS));
    expect(Math.abs(plan.durationMs - SECONDS * 1000)).toBeLessThan(150);
  });

  test.each([
    ["a constant bitrate", ["-b:a", "64k"]],
    ["any bitrate", ["-q:a", "4"]],
  ])("MP3 of %s that ends before its header says is not called complete", async (_name, quality) => {
    const bytes = await made(`cut${quality.join("")}.wav`, "-c:a", "libmp3lame", ...quality, "-write_xing", "0");
    const plan = chunksOf(await planAudio(memorySource(bytes.slice(0, bytes.length * 0.4)), SHORT_CALLS));
    expect(plan.gaps).toMatchObject([{ reason: "cut_off" }]);
    expect(Math.abs(plan.durationMs - SECONDS * 1000)).toBeLessThan(3000);
  });

  test("a description that is too short is refused with a clear message", async () => {
    const bytes = await made("short.wav");
    viewOf(bytes).setUint32(16, 8, true);
    const plan = await planAudio(memorySource(bytes), LIMITS);
    expect(plan).toMatchObject({ type: "refused", code: "damaged" });
    expect("message" in plan && plan.message).not.toMatch(/DataView|Offset/);
  });

  test.each([
    ["IMA ADPCM", "adpcm_ima_wav", 16_000],
    ["Microsoft's ADPCM", "adpcm_ms", 16_000],
    ["GSM", "libgsm_ms", 8000],
  ])("digital silence in %s is not sent to a model", async (_name, codec, rate) => {
    const path = join(folder, `silence-${codec}.wav`);
    await ffmpeg(["-f", "lavfi", "-i", `anullsrc=r=${rate}:cl=mono:d=20`, "-c:a", codec, path]);
    const source = memorySource(await fileBytes(path));
    for (const chunk of chunksOf(await planAudio(source, SHORT_CALLS)).chunks)
      await expect(extractChunk(source, chunk)).rejects.toThrow(SilentStretch);
  });

  test.each(["adpcm_ima_wav", "adpcm_ms"])("the part of a block at the end of %s is heard", async (codec) => {
    const bytes = await made(`part-${codec}.wav`, "-c:a", codec, "-block_size", "2048");
    const short = bytes.slice(0, placeOf(bytes, "data") + 8 + 20 * 2048 + 1200);
    await writeFile(join(folder, "part.wav"), short);
    const whole = await decode(join(folder, "part.wav"));
    const source = memorySource(short);
    const { chunks } = chunksOf(await planAudio(source, SHORT_CALLS));
    const end = await extractChunk(source, chunks.at(-1)!);
    expect(Math.abs(end.startMs + end.durationMs - whole.length / 16)).toBeLessThan(5);
    for (const chunk of chunks) await expectLike(whole, source, chunk);
  });

  test.each(["adpcm_ima_wav", "adpcm_ms"])("%s behind an extensible header is read", async (codec) => {
    const bytes = await made(`plain-${codec}.wav`, "-c:a", codec, "-fflags", "+bitexact");
    const plain = bytes.slice(20, 20 + viewOf(bytes).getUint32(16, true));
    const format = new Uint8Array(40);
    format.set(plain.subarray(0, 16));
    const view = viewOf(format);
    view.setUint16(0, 0xfffe, true);
    view.setUint16(16, 22, true);
    format.set(plain.subarray(0, 2), 24);
    format.set(Uint8Array.fromHex("000000001000800000aa00389b71"), 26);
    const head = bytes.slice(0, 20);
    viewOf(head).setUint32(16, 40, true);
    const source = memorySource(concatBytes([head, format, bytes.subarray(20 + plain.length)]));
    const whole = await decode(join(folder, `plain-${codec}.wav`));
    const { chunks } = chunksOf(await planAudio(source, SHORT_CALLS));
    expect(chunks.length).toBeGreaterThan(1);
    for (const chunk of chunks) await expectLike(whole, source, chunk);
  });

  test("a length of 64 bits that is not known does not make the recording last that long", async () => {
    const bytes = await made("rf64.wav", "-rf64", "always");
    const sizes = viewOf(bytes);
    for (const length of [2n ** 64n - 1n, 2n ** 63n, 2n ** 53n]) {
      sizes.setBigUint64(placeOf(bytes, "ds64") + 16, length, true);
      expect(await durationOf(bytes)).toBeLessThanOrEqual(MAX_DURATION_MS);
    }
  });
});

test("AIFF whose writer could not go back to its header lasts as long as its samples", async () => {
  const bytes = await made("pipe.aiff");
  const view = viewOf(bytes);
  view.setUint32(placeOf(bytes, "COMM") + 10, 0);
  view.setUint32(placeOf(bytes, "SSND") + 4, 0);
  const plan = chunksOf(await planAudio(memorySource(bytes), SHORT_CALLS));
  expect(Math.abs(plan.durationMs - SECONDS * 1000)).toBeLessThan(150);
});

test("FLAC that says it lasts for weeks is refused, however short its sound is", async () => {
  const bytes = await made("weeks.flac");
  // 36 bits count its samples (RFC 9639, section 8.2).
  bytes.set([0xff, 0xff, 0xff, 0xff, 0xff], 21);
  const plan = await planAudio(memorySource(bytes), LIMITS);
  expect(plan).toMatchObject({ type: "refused", code: "damaged", message: expect.stringContaining("days") as unknown });
});

test("a number that points outside the file is refused with a clear message", async () => {
  const read = () => Promise.reject(new RangeError("Offset is outside the bounds of the DataView"));
  const plan = await planAudio({ sizeBytes: 100, read }, LIMITS);
  expect(plan).toMatchObject({ type: "refused", message: expect.stringMatching(/points outside the file/) as unknown });
});
