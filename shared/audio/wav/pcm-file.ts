import { concatBytes } from "../reading/bytes.ts";
import type { ChunkFile } from "../chunks/chunk.ts";
import { MODEL_SAMPLE_RATE } from "../chunks/limits.ts";
import { pcmFrameBytes, toMono, writeWav, type PcmFormat } from "./pcm.ts";
import { resampler } from "./resample.ts";

/** PCM that lay in another container, as a WAV file the model takes. */
export function pcmFile(parts: readonly Uint8Array[], format: PcmFormat, startMs: number): ChunkFile {
  const bytes = concatBytes(parts);
  const mono = toMono(bytes, format);
  const durationMs = (Math.floor(bytes.length / pcmFrameBytes(format)) / format.sampleRate) * 1000;
  if (format.sampleRate <= MODEL_SAMPLE_RATE) {
    return { bytes: writeWav([mono], format.sampleRate), contentType: "audio/wav", startMs, durationMs };
  }
  const lower = resampler(format.sampleRate, MODEL_SAMPLE_RATE);
  return {
    bytes: writeWav([lower.push(mono), lower.end()], MODEL_SAMPLE_RATE),
    contentType: "audio/wav",
    startMs,
    durationMs,
  };
}
