import { readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";

import { ffmpeg } from "./media.ts";

/** Recordings that others are made from, so that slow encodings are done once. */
export interface Base {
  readonly folder: string;
  /** 44.1 kHz, mono. */
  readonly speech: string;
  readonly aac: string;
  readonly opus: string;
  readonly video: string;
}

export interface Container {
  readonly file: string;
  readonly from: Exclude<keyof Base, "folder">;
  readonly options: readonly string[];
  /** The largest difference of a sample (full scale is 1) once the decoder has warmed up. */
  readonly tolerance: number;
  readonly after?: (path: string) => Promise<void>;
}

const LOSSLESS = 0;
// Measured as 0 for all but Opus, whose decoder converges slowly. One step of 16 bits is 3e-5.
const LOSSY = 1e-3;
const COPY = ["-c", "copy"];
const ID3_BYTES = 256 * 1024;

export const CONTAINERS = {
  wav: { file: "a.wav", from: "speech", options: ["-ar", "16000"], tolerance: LOSSLESS },
  mp3Cbr: { file: "cbr.mp3", from: "speech", options: ["-b:a", "64k"], tolerance: LOSSY },
  mp3Vbr: { file: "vbr.mp3", from: "speech", options: ["-q:a", "4"], tolerance: LOSSY },
  mp3Id3: { file: "id3.mp3", from: "speech", options: ["-b:a", "64k"], tolerance: LOSSY, after: prependId3 },
  flac: { file: "a.flac", from: "speech", options: [], tolerance: LOSSLESS },
  oggOpus: { file: "opus.ogg", from: "opus", options: COPY, tolerance: LOSSY },
  oggVorbis: { file: "vorbis.ogg", from: "speech", options: ["-c:a", "libvorbis", "-q:a", "3"], tolerance: LOSSY },
  webmCues: { file: "cues.webm", from: "opus", options: COPY, tolerance: LOSSY },
  webmLive: {
    file: "live.webm",
    from: "opus",
    options: [...COPY, "-live", "1", "-cluster_time_limit", "1000"],
    tolerance: LOSSY,
  },
  m4a: { file: "a.m4a", from: "aac", options: COPY, tolerance: LOSSY },
  mp4Faststart: { file: "first.mp4", from: "aac", options: [...COPY, "-movflags", "+faststart"], tolerance: LOSSY },
  mp4MoovLast: { file: "last.mp4", from: "aac", options: COPY, tolerance: LOSSY },
  mp4Fragmented: {
    file: "fragmented.mp4",
    from: "aac",
    options: [...COPY, "-movflags", "frag_keyframe+empty_moov+default_base_moof", "-frag_duration", "1000000"],
    tolerance: LOSSY,
  },
  mov: { file: "a.mov", from: "aac", options: COPY, tolerance: LOSSY },
  mkv: { file: "video.mkv", from: "video", options: COPY, tolerance: LOSSY },
  adts: { file: "a.aac", from: "aac", options: COPY, tolerance: LOSSY },
  mpegts: { file: "video.ts", from: "video", options: COPY, tolerance: LOSSY },
  mp4Video: { file: "video-first.mp4", from: "video", options: [...COPY, "-movflags", "+faststart"], tolerance: LOSSY },
} as const satisfies Readonly<Record<string, Container>>;

export type ContainerName = keyof typeof CONTAINERS;

/** Without noise substitution: it would make each decode of AAC different, so that nothing could be compared. */
export const AAC = ["-c:a", "aac", "-b:a", "96k", "-aac_pns", "0"];
export const OPUS = ["-c:a", "libopus", "-b:a", "32k"];

/** Make the base recordings that these containers need, and no others. */
export async function makeBase(
  { folder, speech, seconds }: { folder: string; speech: string; seconds: number },
  containers: readonly Container[],
): Promise<Base> {
  const needed = new Set(containers.map(({ from }) => from));
  const base: Base = {
    folder,
    speech: join(folder, "base.wav"),
    aac: join(folder, "base.m4a"),
    opus: join(folder, "base.ogg"),
    video: join(folder, "base.mp4"),
  };
  const picture = ["-f", "lavfi", "-i", `testsrc2=s=320x180:r=10:d=${seconds}`];
  const h264 = ["-c:v", "libx264", "-preset", "ultrafast", "-b:v", "300k"];
  await ffmpeg(["-i", speech, "-ac", "1", "-ar", "44100", base.speech]);
  await ffmpeg(["-i", base.speech, ...AAC, base.aac]);
  if (needed.has("opus")) await ffmpeg(["-i", base.speech, ...OPUS, base.opus]);
  if (needed.has("video")) {
    await ffmpeg(["-i", base.aac, ...picture, "-map", "0:a", "-map", "1:v", "-c:a", "copy", ...h264, base.video]);
  }
  return base;
}

export async function makeContainer(base: Base, container: Container): Promise<string> {
  const path = join(base.folder, container.file);
  await ffmpeg(["-i", base[container.from], ...container.options, path]);
  await container.after?.(path);
  return path;
}

// As large as an embedded cover picture.
async function prependId3(path: string): Promise<void> {
  const sevenBits = [21, 14, 7, 0].map((shift) => (ID3_BYTES >> shift) & 127);
  const tag = Buffer.concat([Buffer.from([0x49, 0x44, 0x33, 3, 0, 0, ...sevenBits]), Buffer.alloc(ID3_BYTES)]);
  await writeFile(path, Buffer.concat([tag, await readFile(path)]));
}
