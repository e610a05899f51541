import { execFile } from "node:child_process";
import { mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { promisify } from "node:util";
import { unsupportedAudio } from "../inference-error.ts";
import { SAMPLES_PER_SECOND } from "./recogniser.ts";

const run = promisify(execFile);

const TIMEOUT_MS = 2 * 60 * 1000;

/** Decode any container and codec that ffmpeg supports into 16 kHz mono samples. */
export async function decodeAudio(ffmpeg: string, bytes: Uint8Array, signal: AbortSignal): Promise<Int16Array> {
  if (bytes.byteLength === 0) throw unsupportedAudio();
  // A file, not a pipe: reading an MP4 whose index is at its end requires seeking.
  const folder = await mkdtemp(join(tmpdir(), "darkroom-decode-"));
  try {
    const source = join(folder, "source");
    const target = join(folder, "samples.raw");
    await writeFile(source, bytes);
    await run(ffmpeg, decodeArguments(source, target), { signal, timeout: TIMEOUT_MS }).catch((cause: unknown) => {
      signal.throwIfAborted();
      throw unsupportedAudio(cause);
    });
    const samples = toSamples(await readFile(target));
    if (samples.length === 0) throw unsupportedAudio();
    return samples;
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}

function decodeArguments(source: string, target: string): readonly string[] {
  // A playlist inside an upload must not make ffmpeg open URLs.
  const input = ["-nostdin", "-v", "error", "-y", "-protocol_whitelist", "file", "-i", source];
  const output = ["-ac", "1", "-ar", String(SAMPLES_PER_SECOND), "-f", "s16le", target];
  return [...input, "-vn", "-sn", "-dn", ...output];
}

function toSamples(file: Buffer): Int16Array {
  // Small files share Node's buffer pool, at offsets an Int16Array does not accept.
  const copy = new Uint8Array(file);
  return new Int16Array(copy.buffer, 0, Math.floor(copy.byteLength / 2));
}
