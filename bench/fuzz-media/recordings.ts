import { execFile } from "node:child_process";
import { mkdir, readFile, stat } from "node:fs/promises";
import { join } from "node:path";
import { promisify } from "node:util";

export interface Recording {
  readonly container: string;
  readonly name: string;
  readonly bytes: Uint8Array;
}

const run = promisify(execFile);
/** Long enough for two chunks. */
const SECONDS = 70;
const FRAGMENTED = ["-movflags", "frag_keyframe+empty_moov+default_base_moof", "-frag_duration", "1000000"];

const FILES: readonly (readonly [container: string, file: string, options: readonly string[]])[] = [
  ["wav", "plain.wav", ["-ar", "8000"]],
  ["mp3", "variable.mp3", ["-q:a", "9"]],
  ["mp3", "constant.mp3", ["-b:a", "16k"]],
  ["adts", "plain.aac", ["-b:a", "16k"]],
  ["flac", "plain.flac", ["-ar", "8000"]],
  ["ogg", "opus.ogg", ["-c:a", "libopus", "-b:a", "12k"]],
  ["ogg", "vorbis.ogg", ["-c:a", "libvorbis", "-q:a", "0"]],
  ["matroska", "opus.webm", ["-c:a", "libopus", "-b:a", "12k"]],
  ["matroska", "aac.mkv", ["-c:a", "aac", "-b:a", "16k"]],
  ["mp4", "plain.m4a", ["-b:a", "16k"]],
  ["mp4", "fragmented.mp4", ["-c:a", "aac", "-b:a", "16k", ...FRAGMENTED]],
  ["mp4", "pcm.mov", ["-c:a", "pcm_s16be", "-ar", "8000"]],
  ["mpegts", "aac.ts", ["-c:a", "aac", "-b:a", "16k"]],
  ["mpegts", "mp3.ts", ["-c:a", "mp3", "-b:a", "16k"]],
];

/** Return small real recordings, made once; none if ffmpeg is not installed. */
export async function readRecordings(folder: string): Promise<readonly Recording[]> {
  await mkdir(folder, { recursive: true });
  const recordings: Recording[] = [];
  for (const [container, file, options] of FILES) {
    const path = join(folder, file);
    const isThere = await stat(path).then(
      ({ size }) => size > 0,
      () => false,
    );
    if (!isThere && !(await make(path, options))) continue;
    recordings.push({ container, name: file, bytes: new Uint8Array(await readFile(path)) });
  }
  return recordings;
}

async function make(path: string, options: readonly string[]): Promise<boolean> {
  const tone = `aevalsrc=0.2*sin(2*PI*(200*t+4*t*t))*gt(mod(t\\,3)\\,0.5):s=16000:d=${SECONDS}`;
  try {
    // Without `bitexact` a file contains the encoder's version and the time.
    await run("ffmpeg", ["-v", "error", "-nostdin", "-y", "-f", "lavfi", "-i", tone, ...options, "-bitexact", path]);
    return true;
  } catch {
    return false;
  }
}
