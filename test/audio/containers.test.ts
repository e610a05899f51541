import { rm, writeFile } from "node:fs/promises";
import { join } from "node:path";

import { afterAll, beforeAll, describe, expect, test } from "vitest";

import type { ChunkFile } from "../../shared/audio/chunks/chunk.ts";
import { extractChunk } from "../../shared/audio/extract.ts";
import { CHUNK_MAX_BYTES, CHUNK_MAX_READS, CHUNK_MS, SMALL_BYTES } from "../../shared/audio/chunks/limits.ts";
import { planAudio } from "../../shared/audio/plan.ts";
import { IS_LONG, sampled, someOf } from "../long.ts";
import { chunksOf, compare, decodeAll, ffmpeg, fileBytes, fileSource, LIMITS, makeSpeech, MONO } from "./media.ts";

/** Two chunks, or three. */
const SECONDS = sampled(75, 150);
// Headers and a look at the end: next to nothing of three hours, a quarter of three minutes of speech.
const HEADERS_BYTES = 160 * 1024;
const PICTURE = sampled("s=128x72:r=10", "s=320x180:r=10");
const VIDEO = ["-f", "lavfi", "-i", `testsrc2=${PICTURE}:d=${SECONDS}`, "-map", "0:a", "-map", "1:v", "-shortest"];
const H264 = [...VIDEO, "-c:v", "libx264", "-preset", "ultrafast", "-b:v", "300k", "-g", "50"];
// Its threads wait for each other by asking: with more than one a picture this small takes four times the CPU.
const VP8 = ["-c:v", "libvpx", "-deadline", "realtime", "-cpu-used", "8", "-threads", "1"];
// In `npm run test:long` as the speech is: Opus takes no rate of 44.1 kHz when it is asked for.
const FORMAT = sampled(MONO, []);
const AAC = [...FORMAT, "-c:a", "aac", "-b:a", "96k", "-aac_pns", "0"];
const OPUS = [...FORMAT, "-c:a", "libopus", "-b:a", "32k"];
const COPY = ["-c", "copy"];

/** What several containers hold is encoded once. */
const ENCODED = {
  "encoded.m4a": AAC,
  "encoded.ogg": OPUS,
  "encoded.mp4": [...H264, ...AAC],
} as const;

interface Case {
  readonly name: string;
  /** Differs in little from one that is always tried. */
  readonly isLike?: true;
  readonly file: string;
  /** What it is copied from; the speech itself by default. */
  readonly base?: keyof typeof ENCODED;
  readonly options: readonly string[];
  readonly video?: true;
  /** Bytes read of all, in file sizes: 1 for the walk where only a walk can tell the time. */
  readonly ratio?: number;
  readonly after?: (path: string) => Promise<void>;
}

const CASES: readonly Case[] = [
  { isLike: true, name: "WAV 16 kHz mono", file: "a.wav", options: ["-ar", "16000", "-ac", "1"] },
  { name: "WAV 44.1 kHz stereo", file: "b.wav", options: [] },
  { isLike: true, name: "WAV 48 kHz 24 bits", file: "c.wav", options: ["-ar", "48000", "-c:a", "pcm_s24le"] },
  { isLike: true, name: "WAV float", file: "d.wav", options: ["-ar", "16000", "-c:a", "pcm_f32le"] },
  { isLike: true, name: "WAV 8 bits", file: "e.wav", options: ["-ar", "16000", "-ac", "1", "-c:a", "pcm_u8"] },
  { name: "WAV A-law", file: "f.wav", options: ["-ar", "8000", "-ac", "1", "-c:a", "pcm_alaw"] },
  { isLike: true, name: "WAV mu-law", file: "g.wav", options: ["-ar", "8000", "-ac", "1", "-c:a", "pcm_mulaw"] },
  { isLike: true, name: "MP3 CBR", file: "cbr.mp3", options: ["-c:a", "libmp3lame", "-b:a", "128k"] },
  { name: "MP3 VBR", file: "vbr.mp3", options: ["-c:a", "libmp3lame", "-q:a", "4"], ratio: 2.15 },
  {
    isLike: true,
    name: "MP3 16 kHz mono",
    file: "low.mp3",
    options: ["-ar", "16000", "-ac", "1", "-c:a", "libmp3lame", "-b:a", "32k"],
  },
  {
    name: "MP3 behind 256 kB of ID3",
    file: "id3.mp3",
    options: ["-c:a", "libmp3lame", "-b:a", "64k"],
    after: prependId3,
  },
  { name: "FLAC", file: "a.flac", options: ["-c:a", "flac"] },
  { isLike: true, name: "FLAC 16 kHz mono", file: "low.flac", options: ["-ar", "16000", "-ac", "1", "-c:a", "flac"] },
  { name: "Ogg Opus", file: "opus.ogg", base: "encoded.ogg", options: COPY },
  { name: "Ogg Vorbis", file: "vorbis.ogg", options: ["-c:a", "libvorbis", "-q:a", "3"], ratio: 1.45 },
  { name: "Ogg FLAC", file: "flac.oga", options: ["-c:a", "flac"] },
  { name: "WebM Opus with cues", file: "cues.webm", base: "encoded.ogg", options: COPY },
  {
    name: "WebM Opus, live",
    file: "live.webm",
    base: "encoded.ogg",
    options: [...COPY, "-live", "1", "-cluster_time_limit", "1000"],
  },
  { name: "M4A, moov last", file: "last.m4a", base: "encoded.m4a", options: COPY },
  {
    isLike: true,
    name: "M4A, moov first",
    file: "first.m4a",
    base: "encoded.m4a",
    options: [...COPY, "-movflags", "+faststart"],
  },
  {
    name: "M4A in fragments of 20 s",
    file: "long-fragments.m4a",
    base: "encoded.m4a",
    options: [...COPY, "-movflags", "empty_moov+default_base_moof", "-frag_duration", "20000000"],
    ratio: 2.6,
  },
  {
    name: "M4A, fragmented",
    file: "fragmented.m4a",
    base: "encoded.m4a",
    options: [...COPY, "-movflags", "frag_keyframe+empty_moov", "-frag_duration", "1000000"],
  },
  {
    name: "M4A, fragmented by name alone",
    file: "all-in-moov.m4a",
    base: "encoded.m4a",
    options: [...COPY, "-movflags", "frag_keyframe"],
  },
  { isLike: true, name: "MP4 with FLAC", file: "flac.mp4", options: ["-c:a", "flac", "-ar", "16000", "-strict", "-2"] },
  { isLike: true, name: "MP4 with Opus", file: "opus.mp4", base: "encoded.ogg", options: COPY },
  { name: "ADTS", file: "a.aac", base: "encoded.m4a", options: COPY, ratio: 2.2 },
  { isLike: true, name: "MKV FLAC", file: "flac.mka", options: ["-c:a", "flac", "-ar", "16000"], ratio: 1.45 },
  { isLike: true, name: "MKV PCM", file: "pcm.mka", options: ["-c:a", "pcm_s16le", "-ar", "44100"], ratio: 1.45 },
  { isLike: true, name: "MOV PCM", file: "pcm.mov", options: ["-c:a", "pcm_s16be"] },
  { name: "MPEG-TS", file: "audio.ts", base: "encoded.m4a", options: COPY },
  { name: "MP4 with video", file: "video.mp4", base: "encoded.mp4", options: COPY, video: true },
  {
    name: "fragmented MP4 with video",
    file: "fvideo.mp4",
    base: "encoded.mp4",
    options: [...COPY, "-movflags", "frag_keyframe+empty_moov+default_base_moof"],
    video: true,
    // Long fragments have to be looked for: the plan reads more than the chunks do.
    ratio: 3.5,
  },
  {
    name: "fragmented MP4 with video, its first fragment in the index",
    file: "hybrid.mp4",
    base: "encoded.mp4",
    options: [...COPY, "-movflags", "frag_keyframe"],
    video: true,
  },
  { isLike: true, name: "MOV with video", file: "video.mov", base: "encoded.mp4", options: COPY, video: true },
  { name: "MKV with video", file: "video.mkv", base: "encoded.mp4", options: COPY, video: true },
  {
    isLike: true,
    name: "WebM with video",
    file: "video.webm",
    options: [...VIDEO, "-s", "160x90", ...VP8, ...OPUS],
    video: true,
  },
  { name: "MPEG-TS with video", file: "video.ts", base: "encoded.mp4", options: COPY, video: true },
];

let folder = "";
let speech = "";
beforeAll(async () => {
  ({ folder, speech } = await makeSpeech(SECONDS));
}, 60_000);
afterAll(() => rm(folder, { recursive: true, force: true }));

describe("every container is cut into files that decode by themselves to what the source holds then", () => {
  test.each(
    IS_LONG
      ? CASES
      : someOf(
          CASES.filter(({ isLike }) => isLike !== true),
          2,
        ),
  )("$name", async ({ file, base, options, video, ratio, after }) => {
    const path = join(folder, file);
    const encoded = base === undefined ? speech : join(folder, base);
    if (base !== undefined) await ffmpeg(["-i", speech, ...ENCODED[base], encoded]);
    await ffmpeg(["-i", encoded, ...options, path]);
    if (after !== undefined) await after(path);
    const source = await fileSource(path);
    const plan = chunksOf(await planAudio(source, LIMITS));
    const planReads = { reads: source.reads, bytes: source.bytes };
    expect(JSON.parse(JSON.stringify(plan))).toEqual(plan);
    expect(await planAudio(await fileSource(path), LIMITS)).toEqual(plan);

    expect(plan.durationMs).toBeGreaterThan(SECONDS * 1000 - 100);
    expect(plan.durationMs).toBeLessThan(SECONDS * 1000 + 150);
    const owned = plan.chunks.map((chunk) => [chunk.ownStartMs, chunk.ownEndMs]);
    expect(owned.map(([from]) => from)).toEqual([0, ...owned.slice(0, -1).map(([, to]) => to)]);
    expect(owned.at(-1)?.[1]).toBe(plan.durationMs);

    const worst = { correlation: 1, lagMs: 0, reads: 0, durationMs: 0 };
    const cuts: ChunkFile[] = [];
    for (const chunk of plan.chunks) {
      const before = source.reads;
      const cut = await extractChunk(source, chunk);
      worst.reads = Math.max(worst.reads, source.reads - before);
      expect(cut.bytes.length).toBeLessThan(CHUNK_MAX_BYTES);
      expect(chunk.endMs - chunk.startMs).toBeLessThanOrEqual(CHUNK_MS);
      expect(cut.startMs).toBeGreaterThan(chunk.startMs - 150);
      expect(cut.startMs).toBeLessThan(chunk.startMs + 50);
      expect(Math.abs(cut.durationMs - (chunk.endMs - chunk.startMs))).toBeLessThan(250);
      cuts.push(cut);
    }
    const [heard, ...decoded] = await decodeAll([path, ...cuts.map(({ bytes }) => bytes)]);
    for (const [index, chunk] of plan.chunks.entries()) {
      const [cut, pcm] = [cuts[index]!, decoded[index]!];
      worst.durationMs = Math.max(worst.durationMs, Math.abs(pcm.length / 16 - cut.durationMs));
      // Its own part, but for what the decoder needs to warm up at the start of the source.
      for (let from = Math.max(300, chunk.ownStartMs); from < chunk.ownEndMs - 300; from += 11_000) {
        const like = compare(heard!, pcm, cut.startMs, from, Math.min(from + 3_000, chunk.ownEndMs - 200));
        worst.correlation = Math.min(worst.correlation, like.correlation);
        if (Math.abs(like.lagMs) > Math.abs(worst.lagMs)) worst.lagMs = like.lagMs;
      }
    }
    const read = source.bytes / source.sizeBytes;
    console.log(
      JSON.stringify({
        file,
        size: source.sizeBytes,
        chunks: plan.chunks.length,
        plan: planReads.reads,
        planRatio: planReads.bytes / source.sizeBytes,
        read,
        quiet: plan.chunks.filter((c, i) => c.endMs - (plan.chunks[i + 1]?.startMs ?? 0) === 2000).length,
        ...worst,
      }),
    );
    expect(worst.correlation).toBeGreaterThan(0.98);
    expect(Math.abs(worst.lagMs)).toBeLessThan(30);
    expect(worst.durationMs).toBeLessThan(60);
    expect(worst.reads).toBeLessThanOrEqual(CHUNK_MAX_READS);
    // Video lies among the audio and has to be read past.
    const cutting = ratio ?? (video === true ? 2.5 : 1.3);
    const mostRead = source.sizeBytes > SMALL_BYTES ? cutting : 1 + cutting;
    expect(source.bytes).toBeLessThan(mostRead * source.sizeBytes + HEADERS_BYTES);
  });
});

async function prependId3(path: string): Promise<void> {
  const size = 256 * 1024;
  const tag = new Uint8Array(10 + size);
  tag.set([0x49, 0x44, 0x33, 3, 0, 0, (size >> 21) & 127, (size >> 14) & 127, (size >> 7) & 127, size & 127]);
  const bytes = await fileBytes(path);
  await writeFile(path, Buffer.concat([tag, bytes]));
}
