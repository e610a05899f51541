import * as z from "zod";

import { readWithin, type ByteSource } from "../reading/byte-source.ts";
import type { Work } from "../reading/work.ts";
import { longestChunkMs, planCuts, type Loudness } from "../chunks/cuts.ts";
import { cutOff, saidDuration } from "../chunks/missing.ts";
import { CHUNK_MAX_READS, MODEL_SAMPLE_RATE, READ_BYTES, type CallLimits } from "../chunks/limits.ts";
import {
  DamagedSource,
  refuse,
  refuseRate,
  type AudioPlan,
  type ByteRange,
  type ChunkFile,
  type ChunkPlan,
  type Refusal,
} from "../chunks/chunk.ts";
import { MAX_CHANNELS, pcmFrameBytes, toMono, type PcmFormat } from "./pcm.ts";
import { pcmFile } from "./pcm-file.ts";

/** The place and the format of the samples of a file. */
export interface PcmLayout {
  readonly format: PcmFormat;
  readonly data: ByteRange;
  /** The number of bytes of samples by the header, or the actual number if the header does not give it. */
  readonly saidBytes: number;
}

// Reading all eight seconds that are searched for a pause would take megabytes a cut in a 96 kHz stereo file.
const LISTEN_MS = 6_000;

/** Return why a file of this format cannot have samples of this shape; null if it can. */
export function refuseShape(
  name: string,
  { sampleRate, channels }: Pick<PcmFormat, "sampleRate" | "channels">,
): Refusal | null {
  const refused = refuseRate(sampleRate);
  if (refused !== null || (channels > 0 && channels <= MAX_CHANNELS)) return refused;
  return refuse("damaged", `The ${name} file's header has an impossible number of channels.`);
}

/** @param codec the codec's name in the file. */
export function refuseCompressed(name: "WAV" | "AIFF" | "AU", codec: string): Refusal {
  return refuse(
    "unsupported_codec",
    `The ${name} file holds compressed audio (${codec}), which cannot be cut. Convert it: ffmpeg -i recording.${name.toLowerCase()} recording.flac`,
  );
}

/** Return the common part of every container of plain samples. The chunks store no other data, so each cut reads the header again. */
export function pcmContainer<N extends string>(name: N) {
  return {
    name,
    extra: z.object({ type: z.literal(name), v: z.literal(1) }),
    endsByTime: false,
    joined: <E>(first: E) => first,
    // Samples are mixed to one channel and resampled to the model's rate.
    sentBytesPerSecond: (bytesPerSecond: number) => Math.min(bytesPerSecond, 2 * MODEL_SAMPLE_RATE),
  } as const;
}

/**
 * Return a container whose files only have plain samples, in one stretch.
 * @param readHeader returns where the samples are, or why the file cannot be read.
 */
export function pcmCutter<N extends string>(
  name: N,
  readHeader: (source: ByteSource, work: Work) => Promise<PcmLayout | Refusal>,
) {
  return {
    ...pcmContainer(name),
    async plan(source: ByteSource, limits: CallLimits, work: Work): Promise<AudioPlan> {
      const layout = await readHeader(source, work);
      return "type" in layout ? layout : planPcm(source, { name, layout, limits }, work);
    },
    async extract(source: ByteSource, chunk: ChunkPlan, work: Work): Promise<ChunkFile> {
      const layout = await readHeader(source, work);
      if ("type" in layout) throw new DamagedSource(layout.message);
      return extractPcm(source, chunk, layout);
    },
  } as const;
}

export async function planPcm(
  source: ByteSource,
  { name, layout, limits }: { name: string; layout: PcmLayout; limits: CallLimits },
  work: Work,
): Promise<AudioPlan> {
  const { format, data, saidBytes } = layout;
  const msOf = (bytes: number) => (bytes / pcmFrameBytes(format) / format.sampleRate) * 1000;
  const soundMs = msOf(data.length);
  const outputRate = Math.min(format.sampleRate, MODEL_SAMPLE_RATE);
  const cuts = await planCuts(
    soundMs,
    longestChunkMs(outputRate * 2, limits),
    (fromMs, toMs) => listen(source, layout, Math.max(fromMs, toMs - LISTEN_MS), toMs),
    work,
  );
  const chunks = cuts.map((chunk) => ({ ...chunk, extra: { type: name, v: 1 } as const }));
  const durationMs = saidDuration(msOf(saidBytes), soundMs);
  const gaps = cutOff(soundMs, durationMs);
  return {
    type: "chunks",
    container: name,
    codec: codecName(format),
    durationMs,
    chunks,
    gaps,
    pcmChannels: format.channels,
  };
}

export async function extractPcm(source: ByteSource, chunk: ChunkPlan, layout: PcmLayout): Promise<ChunkFile> {
  const { format } = layout;
  const { offset, length, firstFrame } = rangeOf(layout, chunk.startMs, chunk.endMs);
  const file = pcmFile(format, chunk.channel);
  const frameBytes = pcmFrameBytes(format);
  // Six channels of 24 bits would need more than twelve reads of the usual size.
  const stepBytes = Math.min(2 * READ_BYTES, Math.max(READ_BYTES, length / (CHUNK_MAX_READS - 3)));
  const readBytes = Math.ceil(stepBytes / frameBytes) * frameBytes;
  for (let done = 0; done < length; done += readBytes) {
    file.push(await readWithin(source, offset + done, Math.min(readBytes, length - done)));
  }
  return file.end((firstFrame / format.sampleRate) * 1000);
}

function rangeOf(
  { format, data }: PcmLayout,
  startMs: number,
  endMs: number,
): ByteRange & { readonly firstFrame: number } {
  const frameBytes = pcmFrameBytes(format);
  const frames = Math.floor(data.length / frameBytes);
  const firstFrame = Math.min(frames, Math.round((startMs / 1000) * format.sampleRate));
  const lastFrame = Math.min(frames, Math.round((endMs / 1000) * format.sampleRate));
  return { offset: data.offset + firstFrame * frameBytes, length: (lastFrame - firstFrame) * frameBytes, firstFrame };
}

async function listen(
  source: ByteSource,
  layout: PcmLayout,
  fromMs: number,
  toMs: number,
): Promise<readonly Loudness[]> {
  const { offset, length, firstFrame } = rangeOf(layout, fromMs, toMs);
  if (length > READ_BYTES) return [];
  const mono = toMono(await readWithin(source, offset, length), layout.format);
  const rate = layout.format.sampleRate;
  const step = Math.max(1, Math.round(rate / 50));
  const loudness: Loudness[] = [];
  for (let at = 0; at + step <= mono.length; at += step) {
    let sum = 0;
    for (const sample of mono.subarray(at, at + step)) sum += sample * sample;
    loudness.push({ timeMs: ((firstFrame + at + step / 2) / rate) * 1000, weight: Math.sqrt(sum / step) });
  }
  return loudness;
}

function codecName({ encoding, bytesPerSample }: PcmFormat): string {
  return encoding === "alaw" || encoding === "ulaw" ? encoding : `pcm-${encoding}${bytesPerSample * 8}`;
}
