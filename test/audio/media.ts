import { execFile } from "node:child_process";
import { mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { promisify } from "node:util";

import type { ByteSource } from "../../shared/audio/reading/byte-source.ts";
import { callLimits } from "../../shared/audio/chunks/limits.ts";
import type { AudioPlan } from "../../shared/audio/plan.ts";
import { ffmpeg, flite } from "./media-cache.ts";

export { ffmpeg };

/** The limits of the model for which most recordings are cut. */
export const LIMITS = callLimits("accurate");

const run = promisify(execFile);
const RATE = 16_000;

export type Chunks = Extract<AudioPlan, { readonly type: "chunks" }>;

/** A plan with chunks. */
export function chunksOf(plan: AudioPlan): Chunks {
  if (plan.type !== "chunks") throw new Error(JSON.stringify(plan));
  return plan;
}

/** The format of recordings. Stereo at 44.1 kHz takes three to five times as long to encode and to decode. */
export const STEREO: readonly string[] = ["-ac", "2", "-ar", "44100"];
export const MONO: readonly string[] = ["-ac", "1", "-ar", String(RATE)];

/** A shorter recording is the beginning of one with this length, because mixing takes a second of CPU. */
const SHARED_SPEECH_SECONDS = 150;

/** Make a folder with a recording of speech, pauses and noise, in which no second is like another. */
export async function makeSpeech(seconds: number, format = STEREO): Promise<{ folder: string; speech: string }> {
  const madeSeconds = Math.max(seconds, SHARED_SPEECH_SECONDS);
  const folder = await mkdtemp(join(tmpdir(), "darkroom-audio-"));
  const sentences = Array.from(
    { length: 60 },
    (_, index) => `Sentence number ${index * 37 + 11}, said once only. And ${index * 91}.`,
  );
  await flite(sentences.join(" "), join(folder, "flite.wav"));
  const speech = join(folder, "speech.wav");
  // A tone that rises all the time, so that every place is unique.
  const tone = `aevalsrc=0.05*sin(2*PI*(200*t+4*t*t)):s=44100:d=${madeSeconds}`;
  const mix =
    "[0:a]aresample=44100[a];[a][1:a]amix=inputs=2:duration=shortest:normalize=0,aformat=channel_layouts=stereo";
  const inputs = ["-stream_loop", "-1", "-i", join(folder, "flite.wav"), "-f", "lavfi", "-i", tone];
  // Without tags, the header has 44 bytes.
  const output = ["-t", String(madeSeconds), ...format, "-c:a", "pcm_s16le", "-fflags", "+bitexact", speech];
  await ffmpeg([...inputs, "-filter_complex", mix, ...output]);
  await writeFile(speech, beginningOf(await readFile(speech), seconds));
  return { folder, speech };
}

/** Return the first seconds of a WAV file with a header of 44 bytes. */
function beginningOf(wav: Buffer, seconds: number): Buffer {
  const beginning = wav.subarray(0, 44 + seconds * wav.readUInt32LE(28));
  beginning.writeUInt32LE(beginning.length - 8, 4);
  beginning.writeUInt32LE(beginning.length - 44, 40);
  return beginning;
}

/** Decode a recording as a player does, to 16 kHz mono. @param recording a file's path, or its bytes. */
export async function decode(recording: string | Uint8Array): Promise<Float32Array> {
  const [samples] = await decodeAll([recording]);
  if (samples === undefined) throw new Error("nothing decoded");
  return samples;
}

/** Decode several recordings with one start of ffmpeg. A start takes as long as decoding a minute. */
export async function decodeAll(recordings: readonly (string | Uint8Array)[]): Promise<readonly Float32Array[]> {
  if (recordings.length === 0) return [];
  const folder = await mkdtemp(join(tmpdir(), "darkroom-decoded-"));
  try {
    const args: string[] = [];
    for (const [index, recording] of recordings.entries()) {
      const path = typeof recording === "string" ? recording : join(folder, `${index}.in`);
      if (typeof recording !== "string") await writeFile(path, recording);
      args.push("-i", path);
    }
    const format = ["-ac", "1", "-ar", String(RATE), "-f", "f32le"];
    const outputs = recordings.map((_, index) => join(folder, `${index}.out`));
    for (const [index, output] of outputs.entries()) args.push("-map", `${index}:a:0`, ...format, output);
    await run("ffmpeg", ["-v", "error", "-nostdin", ...args]);
    return await Promise.all(outputs.map(async (output) => new Float32Array((await fileBytes(output)).buffer)));
  } finally {
    await rm(folder, { recursive: true });
  }
}

/** Join samples. */
export function concatenated(pieces: readonly Float32Array[]): Float32Array {
  const all = new Float32Array(pieces.reduce((sum, { length }) => sum + length, 0));
  let at = 0;
  for (const piece of pieces) {
    all.set(piece, at);
    at += piece.length;
  }
  return all;
}

/** Return a file as an object that counts the bytes read. */
export async function fileSource(path: string): Promise<ByteSource & { reads: number; bytes: number }> {
  const all = await fileBytes(path);
  const size = all.length;
  const source = {
    sizeBytes: size,
    reads: 0,
    bytes: 0,
    async read(offset: number, lengthBytes: number) {
      if (offset < 0 || lengthBytes <= 0 || offset + lengthBytes > size) {
        throw new Error(`read ${offset}+${lengthBytes} of ${size}`);
      }
      source.reads += 1;
      source.bytes += lengthBytes;
      return all.slice(offset, offset + lengthBytes);
    },
  };
  return source;
}

export async function fileBytes(path: string): Promise<Uint8Array> {
  const read = await readFile(path);
  // Make a separate buffer, because the reader of a stream takes ownership of it.
  return read.length === read.buffer.byteLength ? new Uint8Array(read.buffer) : new Uint8Array(read);
}

export interface Likeness {
  /** The milliseconds by which the piece is later than its stated time. */
  readonly lagMs: number;
  /** 1 if they are the same. */
  readonly correlation: number;
}

/** The lag of a codec is the same everywhere, so the next stretch is first searched at the lag of the previous one. */
let latestLag = 0;

/** Compare a stretch of a chunk with the same time of the source, with a lag of up to 60 ms. */
export function compare(
  source: Float32Array,
  chunk: Float32Array,
  chunkStartMs: number,
  fromMs: number,
  toMs: number,
): Likeness {
  const sourceFrom = Math.round((fromMs / 1000) * RATE);
  const chunkFrom = Math.round(((fromMs - chunkStartMs) / 1000) * RATE);
  const length = Math.floor(((toMs - fromMs) / 1000) * RATE);
  const at = (lag: number, stride: number) => {
    let product = 0;
    let left = 0;
    let right = 0;
    for (let index = 0; index < length; index += stride) {
      const a = source[sourceFrom + index] ?? 0;
      const b = chunk[chunkFrom + index + lag] ?? 0;
      product += a * b;
      left += a * a;
      right += b * b;
    }
    return product / Math.sqrt(left * right + 1e-12);
  };
  const around = (middle: number) => {
    let best = { lag: middle, correlation: at(middle, 1) };
    for (let lag = middle - 3; lag <= middle + 3; lag++) {
      const correlation = at(lag, 1);
      if (correlation > best.correlation) best = { lag, correlation };
    }
    return best;
  };
  let best = { lag: 0, correlation: at(0, 1) };
  if (best.correlation < 0.985) best = around(latestLag);
  if (best.correlation < 0.95) {
    for (let lag = -1500; lag <= 1500; lag++) {
      const correlation = at(lag, 31);
      if (correlation > best.correlation) best = { lag, correlation };
    }
    best = around(best.lag);
  }
  latestLag = best.lag;
  return { lagMs: (best.lag / RATE) * 1000, correlation: best.correlation };
}
