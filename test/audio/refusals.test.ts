import { rm } from "node:fs/promises";
import { join } from "node:path";

import { afterAll, beforeAll, expect, test } from "vitest";

import { memorySource } from "../../shared/audio/reading/byte-source.ts";
import { DamagedSource } from "../../shared/audio/chunks/chunk.ts";
import { readFloat, readUint } from "../../shared/audio/matroska/ebml.ts";
import { extractChunk } from "../../shared/audio/extract.ts";
import { planAudio } from "../../shared/audio/plan.ts";
import { chunksOf, ffmpeg, fileBytes, LIMITS, makeSpeech, MONO } from "./media.ts";

let folder = "";
let speech = "";
/** The speech encoded once: what a test is about is the container around it. */
const encoded = { aac: "", opus: "" };
beforeAll(async () => {
  ({ folder, speech } = await makeSpeech(70, MONO));
  encoded.aac = join(folder, "encoded.m4a");
  encoded.opus = join(folder, "encoded.ogg");
  await ffmpeg(["-i", speech, "-c:a", "aac", encoded.aac]);
  await ffmpeg(["-i", speech, "-c:a", "libopus", encoded.opus]);
}, 60_000);
afterAll(() => rm(folder, { recursive: true, force: true }));

const CASES: readonly (readonly [name: string, file: string, options: readonly string[], code: string])[] = [
  ["Apple Lossless", "alac.m4a", ["-c:a", "alac"], "unsupported_codec"],
  ["AVI", "a.avi", ["-c:a", "mp3"], "unsupported_container"],
  ["G.722 in WAV", "g722.wav", ["-c:a", "g722", "-ar", "16000"], "unsupported_codec"],
  ["Windows Media", "a.wma", [], "unsupported_container"],
  ["Speex in Ogg", "speex.ogg", ["-c:a", "libspeex"], "unsupported_codec"],
];

test.each(CASES)("%s is refused with a reason", async (_name, file, options, code) => {
  const path = join(folder, file);
  await ffmpeg(["-i", speech, ...options, path]);
  const plan = await planAudio(memorySource(await fileBytes(path)), LIMITS);
  expect(plan).toMatchObject({ type: "refused", code });
});

test("a Matroska file of 59 bytes whose timestamp scale has no size is refused", async () => {
  const bytes = new Uint8Array(59);
  bytes.set(Uint8Array.fromHex("1a45dfa38b4282886d6174726f736b611853806701ffffffffffffff1549a966862ad7b1ff"));
  expect(await planAudio(memorySource(bytes), LIMITS)).toMatchObject({ type: "refused", code: "damaged" });
});

test.each([9, 127, Infinity])("an EBML number of %d bytes is refused, not read", (size) => {
  const element = { id: 0x2ad7b1, bodyAt: 0, size };
  for (const read of [readUint, readFloat]) {
    expect(() => read(new Uint8Array(200).fill(1), element)).toThrow(/a number has at most 8/);
  }
});

test.each(["mp4", "mkv", "ts", "webm"])("video without audio in %s is refused", async (extension) => {
  const path = join(folder, `silent.${extension}`);
  const codec =
    extension === "webm" ? ["-c:v", "libvpx", "-deadline", "realtime"] : ["-c:v", "libx264", "-preset", "ultrafast"];
  await ffmpeg(["-f", "lavfi", "-i", "testsrc=s=160x120:r=5:d=5", ...codec, path]);
  expect(await planAudio(memorySource(await fileBytes(path)), LIMITS)).toMatchObject({
    type: "refused",
    code: "no_audio_track",
  });
});

test("a file that is not a recording, or not the start of one, is refused", async () => {
  const mkv = join(folder, "whole.mka");
  await ffmpeg(["-i", encoded.aac, "-c", "copy", mkv]);
  const random = Uint8Array.from(
    { length: 300_000 },
    (_, index) => (index * 2_654_435_761 + (index >> 3) * 40_503) >>> 11,
  );
  const cases: readonly (readonly [Uint8Array, string])[] = [
    [new Uint8Array(), "empty"],
    [new TextEncoder().encode("Dear Sir or Madam,\n".repeat(500)), "unsupported_container"],
    [random, "unsupported_container"],
    [new Uint8Array(200_000), "unsupported_container"],
    [(await fileBytes(encoded.aac)).slice(0, 300_000), "damaged"],
    [(await fileBytes(mkv)).slice(0, 60), "damaged"],
    [new TextEncoder().encode("RIFF\u0000\u0000\u0000\u0000WAVE"), "damaged"],
  ];
  for (const [bytes, code] of cases)
    expect(await planAudio(memorySource(bytes), LIMITS)).toMatchObject({ type: "refused", code });
});

test("encrypted audio is refused as encrypted", async () => {
  const path = join(folder, "drm.mp4");
  const key = "00112233445566778899aabbccddeeff";
  const encryption = ["-encryption_scheme", "cenc-aes-ctr", "-encryption_key", key, "-encryption_kid", key];
  await ffmpeg(["-i", encoded.aac, "-c", "copy", ...encryption, path]);
  expect(await planAudio(memorySource(await fileBytes(path)), LIMITS)).toMatchObject({
    type: "refused",
    code: "encrypted",
  });
});

test("an encrypted track in Matroska is refused as encrypted, and a codec that is not known by its name", async () => {
  const webm = join(folder, "locked.webm");
  await ffmpeg(["-i", encoded.opus, "-c", "copy", webm]);
  const bytes = Buffer.from(await fileBytes(webm));
  // In place of the track's UID (eleven bytes): it has one encoding, which is an encryption.
  const uidAt = bytes.indexOf(Buffer.from([0x73, 0xc5, 0x88]));
  bytes.set([0x6d, 0x80, 0x88, 0x62, 0x40, 0x85, 0x50, 0x35, 0x80, 0xec, 0x80], uidAt);
  expect(await planAudio(memorySource(new Uint8Array(bytes)), LIMITS)).toMatchObject({
    type: "refused",
    code: "encrypted",
  });
  const alac = join(folder, "alac.mkv");
  await ffmpeg(["-i", speech, "-c:a", "alac", alac]);
  expect(await planAudio(memorySource(await fileBytes(alac)), LIMITS)).toMatchObject({
    code: "unsupported_codec",
    message: expect.stringMatching(/A_ALAC/) as unknown,
  });
});

/** ffmpeg's first stream. */
const AUDIO_PID = 0x100;

test("a scrambled transport stream is refused as encrypted", async () => {
  const path = join(folder, "plain.ts");
  await ffmpeg(["-i", encoded.aac, "-c", "copy", path]);
  const scrambled = await fileBytes(path);
  for (let at = 0; at + 188 <= scrambled.length; at += 188) {
    const pid = ((scrambled[at + 1]! & 0x1f) << 8) | scrambled[at + 2]!;
    if (pid === AUDIO_PID) scrambled[at + 3]! |= 0x80;
  }
  expect(await planAudio(memorySource(scrambled), LIMITS)).toMatchObject({ type: "refused", code: "encrypted" });
});

test("an index that does not fit memory is refused before it is read", async () => {
  const path = join(folder, "indexed.m4a");
  await ffmpeg(["-i", encoded.aac, "-c", "copy", "-movflags", "+faststart", path]);
  const file = await fileBytes(path);
  const view = new DataView(file.buffer);
  const growBytes = 25 * 2 ** 20;
  // Its table of places is said to be 25 MB longer, and so is every box around it.
  for (const name of ["moov", "trak", "mdia", "minf", "stbl", "stco"]) {
    const at = Buffer.from(file).indexOf(name) - 4;
    view.setUint32(at, view.getUint32(at) + growBytes);
  }
  const counted = { sizeBytes: file.length + growBytes, most: 0 };
  const plan = await planAudio(
    {
      sizeBytes: counted.sizeBytes,
      async read(offset, length) {
        counted.most = Math.max(counted.most, length);
        const bytes = new Uint8Array(length);
        bytes.set(file.subarray(offset, offset + length));
        return bytes;
      },
    },
    LIMITS,
  );
  expect(plan).toMatchObject({ type: "refused", code: "index_too_large" });
  expect(counted.most).toBeLessThan(2 ** 20);
});

test("a header that lies about its length does not plan a billion chunks", async () => {
  const paths = { ogg: join(folder, "lie.ogg"), mkv: join(folder, "lie.mkv"), m4a: join(folder, "lie.m4a") };
  for (const path of Object.values(paths))
    await ffmpeg(["-i", path.endsWith("ogg") ? encoded.opus : encoded.aac, "-c", "copy", path]);
  const ogg = Buffer.from(await fileBytes(paths.ogg));
  ogg.writeBigInt64LE(1n << 61n, ogg.lastIndexOf("OggS") + 6);
  const mkv = Buffer.from(await fileBytes(paths.mkv));
  const durationAt = mkv.indexOf(Buffer.from([0x44, 0x89, 0x88])) + 3;
  mkv.writeDoubleBE(1e15, durationAt);
  const m4a = Buffer.from(await fileBytes(paths.m4a));
  m4a.writeUInt32BE(0xffffffff, m4a.indexOf("stts") + 16);
  for (const bytes of [ogg, mkv, m4a]) {
    expect(await planAudio(memorySource(new Uint8Array(bytes)), LIMITS)).toMatchObject({
      code: "damaged",
      message: expect.stringMatching(/lasts [\d,]+ days/) as unknown,
    });
  }
  // Too short a one would lose what comes after.
  mkv.writeDoubleBE(3000, durationAt);
  const plan = await planAudio(memorySource(new Uint8Array(mkv)), LIMITS);
  expect(plan.type === "chunks" && plan.durationMs).toBeGreaterThan(69_000);
});

test.each([
  ["mp4", ["-movflags", "+faststart"]],
  ["m4a", ["-movflags", "frag_keyframe+empty_moov", "-frag_duration", "1000000"]],
  ["mkv", []],
  ["flac", []],
] as const)("of a truncated %s the part that is there is cut, and the rest is an error", async (extension, options) => {
  const path = join(folder, `cut-off.${extension}`);
  const given = extension === "flac" ? ["-i", speech] : ["-i", encoded.aac, "-c", "copy"];
  await ffmpeg([...given, ...options, path]);
  const whole = await fileBytes(path);
  const source = memorySource(whole.slice(0, Math.floor(whole.length * 0.4)));
  const plan = chunksOf(await planAudio(source, LIMITS));
  let heardMs = 0;
  for (const chunk of plan.chunks) {
    const cut = await extractChunk(source, chunk).catch((error: unknown) => {
      if (error instanceof DamagedSource) return null;
      throw error;
    });
    heardMs = Math.max(heardMs, cut === null ? 0 : cut.startMs + cut.durationMs);
  }
  expect(heardMs).toBeGreaterThan(0.3 * 70_000);
  expect(heardMs).toBeLessThan(0.55 * 70_000);
});

test("a file that is damaged anywhere is planned or refused, and never throws another error", async () => {
  for (const [file, from, options] of [
    ["x.mp3", speech, ["-q:a", "4"]],
    ["x.flac", speech, []],
    ["x.ogg", encoded.opus, ["-c", "copy"]],
    ["x.webm", encoded.opus, ["-c", "copy"]],
    ["x.m4a", encoded.aac, ["-c", "copy"]],
    ["x.ts", encoded.aac, ["-c", "copy"]],
  ] as const) {
    const path = join(folder, file);
    await ffmpeg(["-i", from, ...options, path]);
    const whole = await fileBytes(path);
    for (let round = 0; round < 12; round++) {
      const bytes = whole.slice(0, Math.floor((whole.length * (round + 1)) / 12));
      for (let hit = 0; hit < round; hit++) bytes[(hit * 7919 * (round + 1) + round) % bytes.length] = (hit * 31) & 255;
      expect(["chunks", "whole", "refused"]).toContain((await planAudio(memorySource(bytes), LIMITS)).type);
    }
  }
});
