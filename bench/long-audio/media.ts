import { execFile } from "node:child_process";
import { promisify } from "node:util";

const run = promisify(execFile);

// Ten minutes of 48 kHz as floats are 115 MB.
const MAX_DECODED_BYTES = 1 << 28;

export async function ffmpeg(args: readonly string[]): Promise<void> {
  await run("ffmpeg", ["-v", "error", "-nostdin", "-y", ...args], { maxBuffer: 1 << 24 });
}

export async function sampleRate(path: string): Promise<number> {
  const entries = ["-show_entries", "stream=sample_rate", "-of", "default=nw=1:nk=1"];
  const { stdout } = await run("ffprobe", ["-v", "error", "-select_streams", "a:0", ...entries, path]);
  // For MPEG-TS, ffprobe prints the stream again for its programme.
  return Number(stdout.trim().split("\n")[0]);
}

/** Decode a file as a player does, into one channel. */
export async function decode(path: string, rate: number): Promise<Float32Array> {
  const output = ["-map", "0:a:0", "-ac", "1", "-ar", String(rate), "-f", "f32le", "-"];
  const { stdout } = await run("ffmpeg", ["-v", "error", "-nostdin", "-i", path, ...output], {
    encoding: "buffer",
    maxBuffer: MAX_DECODED_BYTES,
  });
  return new Float32Array(
    stdout.buffer.slice(stdout.byteOffset, stdout.byteOffset + stdout.length - (stdout.length % 4)),
  );
}
