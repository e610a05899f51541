// Stretches for a person to play. They are cut across the chunks for a model, from every container.
import { execFile } from "node:child_process";
import { rm, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { promisify } from "node:util";

import { afterAll, beforeAll, describe, expect, test } from "vitest";

import { type ByteSource, memorySource } from "../../shared/audio/reading/byte-source.ts";
import type { ChunkPlan } from "../../shared/audio/chunks/chunk.ts";
import { extractChunk } from "../../shared/audio/extract.ts";
import { cutStretch, planRecording, planStretch, STRETCH_READ_BYTES } from "../../shared/audio/stretch.ts";
import { IS_LONG, sampled, someOf } from "../long.ts";
import { compare, decodeAll, ffmpeg, fileBytes, fileSource, makeSpeech, MONO, STEREO } from "./media.ts";

const SECONDS = 75;
const FORMAT = sampled(MONO, STEREO);
const SAMPLE_RATE = sampled(16_000, 44_100);
const PICTURE = sampled("s=128x72:r=10", "s=320x180:r=10");
const VIDEO = ["-f", "lavfi", "-i", `testsrc2=${PICTURE}:d=${SECONDS}`, "-map", "0:a", "-map", "1:v", "-shortest"];
const H264 = [...VIDEO, "-c:v", "libx264", "-preset", "ultrafast", "-b:v", "300k", "-g", "50"];
const AAC = ["-c:a", "aac", "-b:a", "96k", "-aac_pns", "0"];
const OPUS = ["-c:a", "libopus", "-b:a", "32k"];
const COPY = ["-c", "copy"];
/** Sound that several containers have, encoded once. */
const ENCODED = { "encoded.m4a": AAC, "encoded.ogg": OPUS, "encoded.mp4": [...H264, ...AAC] } as const;

/** Stretches across a cut of the model's chunks, up to the end, a short one, and the whole recording. */
const STRETCHES = sampled(
  [
    [44_000, 55_000],
    [66_001, 99_000],
  ],
  [
    [44_000, 55_000],
    [66_001, 99_000],
    [33_333, 38_333],
    [0, 99_000],
  ],
) as readonly (readonly [fromMs: number, toMs: number])[];

interface Case {
  readonly file: string;
  readonly base?: keyof typeof ENCODED;
  readonly options: readonly string[];
  readonly type: string;
  readonly isLike?: true;
}

const CASES: readonly Case[] = [
  { file: "a.wav", options: [], type: "audio/wav" },
  { file: "cbr.mp3", options: ["-c:a", "libmp3lame", "-b:a", "128k"], type: "audio/mpeg" },
  { file: "vbr.mp3", options: ["-c:a", "libmp3lame", "-q:a", "4"], type: "audio/mpeg" },
  { file: "a.aac", base: "encoded.m4a", options: COPY, type: "audio/mp4" },
  { file: "a.flac", options: ["-c:a", "flac"], type: "audio/flac" },
  { file: "opus.ogg", base: "encoded.ogg", options: COPY, type: "audio/ogg" },
  { file: "vorbis.ogg", options: ["-c:a", "libvorbis", "-q:a", "3"], type: "audio/ogg" },
  { file: "cues.webm", base: "encoded.ogg", options: COPY, type: "audio/ogg" },
  { isLike: true, file: "live.webm", base: "encoded.ogg", options: [...COPY, "-live", "1"], type: "audio/ogg" },
  { file: "video.mkv", base: "encoded.mp4", options: COPY, type: "audio/mp4" },
  { isLike: true, file: "flac.mka", options: ["-c:a", "flac", "-ar", "16000"], type: "audio/flac" },
  { isLike: true, file: "pcm.mka", options: ["-c:a", "pcm_s16le", "-ar", "44100"], type: "audio/wav" },
  { file: "last.m4a", base: "encoded.m4a", options: COPY, type: "audio/mp4" },
  { file: "video.mp4", base: "encoded.mp4", options: COPY, type: "audio/mp4" },
  { isLike: true, file: "pcm.mov", options: ["-c:a", "pcm_s16be"], type: "audio/wav" },
  {
    file: "fragmented.mp4",
    base: "encoded.mp4",
    options: [...COPY, "-movflags", "frag_keyframe+empty_moov+default_base_moof"],
    type: "audio/mp4",
  },
  {
    file: "hybrid.mp4",
    base: "encoded.mp4",
    options: [...COPY, "-movflags", "frag_keyframe"],
    type: "audio/mp4",
  },
  { file: "video.ts", base: "encoded.mp4", options: COPY, type: "audio/mp4" },
  { isLike: true, file: "mp3.ts", options: ["-c:a", "libmp3lame", "-b:a", "128k"], type: "audio/mpeg" },
];

let folder = "";
let speech = "";
beforeAll(async () => {
  ({ folder, speech } = await makeSpeech(SECONDS, FORMAT));
}, 60_000);
afterAll(() => rm(folder, { recursive: true, force: true }));

async function stretchOf(source: ByteSource, fromMs: number, toMs: number) {
  const recording = await planRecording(source);
  if ("code" in recording) throw new Error(recording.message);
  const { durationMs, chunks } = recording;
  const planned = planStretch(chunks, { fromMs, toMs }, { sizeBytes: source.sizeBytes, durationMs });
  if (planned === null) throw new Error("no chunk is there");
  return { planned, durationMs, chunks, file: await cutStretch(source, planned) };
}

describe("a stretch of any container is one file with the sound of the recording at that time", () => {
  test.each(
    IS_LONG
      ? CASES
      : someOf(
          CASES.filter(({ isLike }) => isLike !== true),
          3,
        ),
  )("$file", async ({ file, base, options, type }) => {
    const path = join(folder, file);
    const encoded = base === undefined ? speech : join(folder, base);
    if (base !== undefined) await ffmpeg(["-i", speech, ...ENCODED[base], encoded]);
    await ffmpeg(["-i", encoded, ...options, path]);
    const source = await fileSource(path);
    const stretches: Awaited<ReturnType<typeof stretchOf>>[] = [];
    for (const [fromMs, toMs] of STRETCHES) {
      const stretch = await stretchOf(source, fromMs, toMs);
      stretches.push(stretch);
      const { planned, file: cut, durationMs, chunks } = stretch;
      expect(chunks.length).toBeGreaterThan(1);
      const untilMs = Math.min(toMs, durationMs);
      expect(planned).toMatchObject({ startMs: fromMs, endMs: untilMs });
      expect(cut.contentType).toBe(type);
      // Stretches have whole packets, and those of FLAC are the longest.
      expect(cut.startMs).toBeGreaterThan(fromMs - 260);
      expect(cut.startMs).toBeLessThan(fromMs + 50);
      expect(Math.abs(cut.endMs - untilMs)).toBeLessThan(260);
    }
    const [heard, ...decoded] = await decodeAll([path, ...stretches.map(({ file: { bytes } }) => bytes)]);
    for (const [index, { planned, file: cut }] of stretches.entries()) {
      const [pcm, fromMs, untilMs] = [decoded[index]!, planned.startMs, planned.endMs];
      expect(Math.abs(pcm.length / 16 - (cut.endMs - cut.startMs))).toBeLessThan(60);
      for (let at = Math.max(300, fromMs + 300); at + 3_000 < untilMs - 200; at += 11_000) {
        const { correlation, lagMs } = compare(heard!, pcm, cut.startMs, at, at + 3_000);
        // An offset of a sixteenth of a millisecond makes a tone less like itself.
        expect([file, fromMs, at, correlation > 0.95, Math.abs(lagMs) < 30]).toEqual([file, fromMs, at, true, true]);
      }
    }
  });
});

test("a stretch ends where joined files meet, and the next one continues there", async () => {
  const parts: Uint8Array[] = [];
  for (const [fromSeconds, seconds] of [
    [0, 30],
    [30, 45],
  ] as const) {
    const path = join(folder, "part.webm");
    const cut = ["-ss", String(fromSeconds), "-t", String(seconds)];
    await ffmpeg([...cut, "-i", speech, "-ac", "1", ...OPUS, "-live", "1", "-cluster_time_limit", "1000", path]);
    parts.push(await fileBytes(path));
  }
  const source = memorySource(new Uint8Array(Buffer.concat(parts)));
  const first = await stretchOf(source, 20_000, 60_000);
  expect(Math.abs(first.file.endMs - 30_000)).toBeLessThan(150);
  const next = await stretchOf(source, first.planned.endMs, 60_000);
  expect(Math.abs(next.file.startMs - first.file.endMs)).toBeLessThan(50);
  expect(Math.abs(next.file.endMs - 60_000)).toBeLessThan(50);
});

/** Make a video of uncompressed pictures, 1.5 MB a second: more than is read for one answer. It is quick to make, and too large to keep. */
async function heavyVideo(name: string): Promise<string> {
  const path = join(folder, name);
  const pictures = ["-f", "lavfi", "-i", `nullsrc=s=352x288:r=10:d=${SECONDS}`, "-map", "0:a", "-map", "1:v"];
  await promisify(execFile)("ffmpeg", [
    "-v",
    "error",
    "-i",
    speech,
    ...pictures,
    "-shortest",
    ...AAC,
    "-c:v",
    "rawvideo",
    path,
  ]);
  return path;
}

test("one answer has a chunk of a large video, and a part of a chunk needs a part of its bytes", async () => {
  const source = await fileSource(await heavyVideo("heavy.mkv"));
  const { planned, chunks, file } = await stretchOf(source, 0, SECONDS * 1000);
  const [chunk] = chunks;
  expect(chunk?.bytes?.length).toBeGreaterThan(STRETCH_READ_BYTES);
  expect(planned.endMs).toBe(chunk?.ownEndMs);
  expect(Math.abs(file.endMs - planned.endMs)).toBeLessThan(100);
  expect(file.pauses).toEqual([]);
  const recording = { sizeBytes: source.sizeBytes, durationMs: SECONDS * 1000 };
  const short = planStretch(chunks, { fromMs: 2000, toMs: 7000 }, recording);
  const before = source.bytes;
  const cut = await cutStretch(source, short!);
  expect(source.bytes - before).toBeLessThan(0.2 * (chunk?.bytes?.length ?? 0));
  expect(Math.abs(cut.endMs - 7000)).toBeLessThan(50);
}, 60_000);

test("the sound of a large video with an index is cut from between its pictures", async () => {
  const source = await fileSource(await heavyVideo("heavy.mov"));
  const { chunks } = (await planRecording(source)) as { chunks: readonly ChunkPlan[] };
  const [first, second] = chunks;
  for (const chunk of [first!, second!]) {
    const before = source.bytes;
    const cut = await extractChunk(source, chunk);
    expect(Math.abs(cut.durationMs - (chunk.endMs - chunk.startMs))).toBeLessThan(60);
    expect(source.bytes - before).toBeLessThan(70 * 1024 * 1024);
  }
});

test("between two chunks that have the same packets in their index, none is lost or doubled", async () => {
  const path = join(folder, "counted.m4a");
  await ffmpeg(["-i", speech, ...AAC, path]);
  const source = memorySource(await fileBytes(path));
  const { file, chunks } = await stretchOf(source, 0, SECONDS * 1000);
  expect(chunks.length).toBe(2);
  // 1,024 samples a packet.
  expect(Math.round((file.durationMs * SAMPLE_RATE) / 1000 / 1024)).toBe(Math.ceil((SECONDS * SAMPLE_RATE) / 1024));
});

test("FLAC that was copied out of Matroska is numbered from its own beginning, because a player takes its time from that", async () => {
  const path = join(folder, "numbered.mka");
  await ffmpeg(["-i", speech, "-c:a", "flac", "-ar", "16000", path]);
  const { file } = await stretchOf(await fileSource(path), 44_000, 55_000);
  const cut = join(folder, "numbered.flac");
  await writeFile(cut, file.bytes);
  const probe = ["-v", "error", "-show_entries", "packet=pts_time", "-of", "csv=p=0", cut];
  const { stdout } = await promisify(execFile)("ffprobe", probe);
  const times = stdout
    .split("\n")
    .filter((line) => line !== "")
    .map(Number);
  expect(times[0]).toBe(0);
  expect(Math.abs(times.at(-1)! * 1000 - file.durationMs)).toBeLessThan(300);
});
