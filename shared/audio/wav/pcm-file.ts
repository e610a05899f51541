import { SilentStretch, type ChunkFile, type Times } from "../chunks/chunk.ts";
import { MODEL_SAMPLE_RATE } from "../chunks/limits.ts";
import { longEnough, QUIET_LEVEL } from "../chunks/silence.ts";
import { channelOf, toMono, type PcmFormat } from "./pcm.ts";
import { writeWav } from "./write-wav.ts";
import { resampler } from "./resample.ts";

/** Writes PCM that comes in pieces to a WAV file for the model. */
export interface PcmFile {
  /** @param frames complete frames. */
  push(frames: Uint8Array): void;
  /** @throws SilentStretch if all samples are the same. Otherwise a call would be paid for in which the model invents words. */
  end(startMs: number): ChunkFile;
}

/** Two steps of 16 bits, which dither may cause. A value that does not change is silence, even if it is not zero. */
const STILL = 2 / 32768;
/** The smallest step of A-law is eight steps of 16 bits. */
const STILL_COMPANDED = 16 / 32768;

const QUIET_WINDOW_MS = 200;

/** @param channel the channel to take. If it is left out, all are mixed to one. */
export function pcmFile(format: PcmFormat, channel?: number): PcmFile {
  const { sampleRate, encoding } = format;
  const still = encoding === "alaw" || encoding === "ulaw" ? STILL_COMPANDED : STILL;
  const lower = sampleRate > MODEL_SAMPLE_RATE ? resampler(sampleRate, MODEL_SAMPLE_RATE) : null;
  const rate = lower === null ? sampleRate : MODEL_SAMPLE_RATE;
  const parts: Float32Array[] = [];
  let frames = 0;
  let first: number | null = null;
  let isStill = true;
  return {
    push(bytes) {
      const mono = toMono(bytes, format, channel ?? channelOf(bytes, format));
      frames += mono.length;
      const from = (first ??= mono[0] ?? null);
      isStill &&= from === null || mono.every((sample) => Math.abs(sample - from) <= still);
      parts.push(lower === null ? mono : lower.push(mono));
    },
    end(startMs) {
      if (isStill) throw new SilentStretch("The recording is digital silence here.");
      if (lower !== null) parts.push(lower.end());
      return {
        bytes: writeWav(parts, rate),
        contentType: "audio/wav",
        startMs,
        durationMs: (frames / sampleRate) * 1000,
        quiet: longEnough(quietIn(parts, rate, startMs)),
      };
    },
  };
}

function quietIn(parts: readonly Float32Array[], rate: number, startMs: number): readonly Times[] {
  const step = Math.max(1, Math.round((QUIET_WINDOW_MS / 1000) * rate));
  const most = QUIET_LEVEL ** 2 * step;
  const quiet: Times[] = [];
  let at = 0;
  let sum = 0;
  for (const part of parts) {
    for (const sample of part) {
      sum += sample * sample;
      at += 1;
      if (at % step !== 0) continue;
      if (sum < most)
        quiet.push({ startMs: startMs + ((at - step) / rate) * 1000, endMs: startMs + (at / rate) * 1000 });
      sum = 0;
    }
  }
  return quiet;
}
