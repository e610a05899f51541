import * as z from "zod";

import { asciiAt, viewOf } from "../reading/bytes.ts";
import { readWithin, type ByteSource } from "../reading/byte-source.ts";
import type { Container } from "../chunks/container.ts";
import { longestChunkMs, planCuts, type Loudness } from "../chunks/cuts.ts";
import { cutOff } from "../chunks/missing.ts";
import { CHUNK_MAX_READS, MODEL_SAMPLE_RATE, READ_BYTES, type CallLimits } from "../chunks/limits.ts";
import {
  DamagedSource,
  refuse,
  type AudioPlan,
  type ByteRange,
  type ChunkFile,
  type ChunkPlan,
  type Refusal,
  refuseRate,
} from "../chunks/chunk.ts";
import { MAX_CHANNELS, pcmFrameBytes, toMono, type PcmFormat } from "./pcm.ts";
import { pcmFile } from "./pcm-file.ts";
import { behindTags } from "../reading/tags.ts";
import { windowOn } from "../reading/window.ts";
import { FETCHED_ELEMENT, type Work } from "../reading/work.ts";

/** Nothing: every chunk reads the header again. */
const WavExtra = z.object({ type: z.literal("wav"), v: z.literal(1) });

interface Wav {
  readonly format: PcmFormat;
  readonly data: ByteRange;
  /** How many bytes of samples the header says there are: as many as there are, where it does not know. */
  readonly saidBytes: number;
}

const HEADER_BYTES = 4096;
// Reading all eight seconds that are searched for a pause would take megabytes a cut in a 96 kHz stereo file.
const LISTEN_MS = 6_000;

async function planWav(source: ByteSource, limits: CallLimits, work: Work): Promise<AudioPlan> {
  const wav = await readHeader(source, work);
  if ("type" in wav) return wav;
  const { format, data } = wav;
  const msOf = (bytes: number) => (bytes / pcmFrameBytes(format) / format.sampleRate) * 1000;
  const soundMs = msOf(data.length);
  const outputRate = Math.min(format.sampleRate, MODEL_SAMPLE_RATE);
  const cuts = await planCuts(
    soundMs,
    longestChunkMs(outputRate * 2, limits),
    (fromMs, toMs) => listen(source, wav, Math.max(fromMs, toMs - LISTEN_MS), toMs),
    work,
  );
  const chunks = cuts.map((chunk) => ({ ...chunk, extra: { type: "wav", v: 1 } as const }));
  const durationMs = Math.max(soundMs, msOf(wav.saidBytes));
  const gaps = cutOff(soundMs, durationMs);
  return {
    type: "chunks",
    container: "wav",
    codec: codecName(format),
    durationMs,
    chunks,
    gaps,
    pcmChannels: format.channels,
  };
}

async function extractWav(source: ByteSource, chunk: ChunkPlan, work: Work): Promise<ChunkFile> {
  const wav = await readHeader(source, work);
  if ("type" in wav) throw new DamagedSource(wav.message);
  const { format } = wav;
  const { offset, length, firstFrame } = rangeOf(wav, chunk.startMs, chunk.endMs);
  const file = pcmFile(format, chunk.channel);
  const frameBytes = pcmFrameBytes(format);
  // Six channels of 24 bits would take more than twelve reads of the usual size.
  const stepBytes = Math.min(2 * READ_BYTES, Math.max(READ_BYTES, length / (CHUNK_MAX_READS - 3)));
  const readBytes = Math.ceil(stepBytes / frameBytes) * frameBytes;
  for (let done = 0; done < length; done += readBytes) {
    file.push(await readWithin(source, offset + done, Math.min(readBytes, length - done)));
  }
  return file.end((firstFrame / format.sampleRate) * 1000);
}

function rangeOf({ format, data }: Wav, startMs: number, endMs: number): ByteRange & { readonly firstFrame: number } {
  const frameBytes = pcmFrameBytes(format);
  const frames = Math.floor(data.length / frameBytes);
  const firstFrame = Math.min(frames, Math.round((startMs / 1000) * format.sampleRate));
  const lastFrame = Math.min(frames, Math.round((endMs / 1000) * format.sampleRate));
  return { offset: data.offset + firstFrame * frameBytes, length: (lastFrame - firstFrame) * frameBytes, firstFrame };
}

async function listen(source: ByteSource, wav: Wav, fromMs: number, toMs: number): Promise<readonly Loudness[]> {
  const { offset, length, firstFrame } = rangeOf(wav, fromMs, toMs);
  if (length > READ_BYTES) return [];
  const mono = toMono(await readWithin(source, offset, length), wav.format);
  const rate = wav.format.sampleRate;
  const step = Math.max(1, Math.round(rate / 50));
  const loudness: Loudness[] = [];
  for (let at = 0; at + step <= mono.length; at += step) {
    let sum = 0;
    for (const sample of mono.subarray(at, at + step)) sum += sample * sample;
    loudness.push({ timeMs: ((firstFrame + at + step / 2) / rate) * 1000, weight: Math.sqrt(sum / step) });
  }
  return loudness;
}

/** The header of RIFF, or of RF64 or BW64 where sizes do not fit 32 bits. A recorder that crashed leaves sizes of 0 or all ones. */
async function readHeader(source: ByteSource, work: Work): Promise<Wav | Refusal> {
  const window = windowOn(source, HEADER_BYTES);
  let base = await behindTags(window);
  let head = await window.at(base, HEADER_BYTES);
  let format: PcmFormat | Refusal | null = null;
  let data64Bytes: number | null = null;
  let isEmpty = false;
  for (let at = base + 12; at + 8 <= source.sizeBytes;) {
    work.visit(FETCHED_ELEMENT);
    if (at + 64 > base + head.length && base + head.length < source.sizeBytes) {
      head = await readWithin(source, at, HEADER_BYTES);
      base = at;
    }
    const view = viewOf(head);
    const local = at - base;
    if (local + 8 > head.length) break;
    const name = asciiAt(head, local, 4);
    const length = view.getUint32(local + 4, true);
    if (name === "ds64" && local + 24 <= head.length) data64Bytes = Number(view.getBigUint64(local + 16, true));
    if (name === "fmt " && local + 24 <= head.length) format = readFormat(view, local + 8, length);
    if (name === "data") {
      if (format === null) break;
      if ("type" in format) return format;
      if (length === 0 && (await isChunk(source, at + 8))) {
        isEmpty = true;
        at += 8;
        continue;
      }
      const declared = length === 0xffffffff && data64Bytes !== null ? data64Bytes : length;
      const available = source.sizeBytes - at - 8;
      const usable = declared === 0 || declared > available ? available : declared;
      const whole = usable - (usable % pcmFrameBytes(format));
      if (whole === 0) return refuse("no_audio_track", "The WAV file holds no samples.");
      const saidBytes = isUnknown(declared) ? whole : declared;
      return { format, data: { offset: at + 8, length: whole }, saidBytes };
    }
    at += 8 + length + (length % 2);
  }
  if (isEmpty) return refuse("no_audio_track", "The WAV file holds no samples.");
  return refuse("damaged", "The WAV file ends before its audio begins.");
}

/** Sizes that programmes write which do not know how much will follow: arecord, SoX and FFmpeg, at the ends of 31 and 32 bits. */
function isUnknown(sizeBytes: number): boolean {
  const isNear = (limit: number) => sizeBytes > limit - 2 ** 16 && sizeBytes <= limit + 2 ** 8;
  return sizeBytes === 0 || isNear(2 ** 31) || isNear(2 ** 32);
}

/** The chunks of a file that may follow its samples. */
const LATER_CHUNKS = new Set("LIST,id3 ,ID3 ,bext,cue ,smpl,inst,JUNK,PEAK,iXML,_PMX,data".split(","));

/** Whether another chunk begins here. Then the file has no samples, rather than samples of unknown length. */
async function isChunk(source: ByteSource, at: number): Promise<boolean> {
  const head = await readWithin(source, at, 8);
  return (
    head.length === 8 &&
    LATER_CHUNKS.has(asciiAt(head, 0, 4)) &&
    at + 8 + viewOf(head).getUint32(4, true) <= source.sizeBytes
  );
}

function readFormat(view: DataView, at: number, length: number): PcmFormat | Refusal {
  const EXTENSIBLE = 0xfffe;
  const tag = view.getUint16(at, true);
  const extended = tag === EXTENSIBLE && length >= 26 && at + 26 <= view.byteLength;
  const code = extended ? view.getUint16(at + 24, true) : tag;
  const channels = view.getUint16(at + 2, true);
  const sampleRate = view.getUint32(at + 4, true);
  const bytesPerSample = Math.ceil(view.getUint16(at + 14, true) / 8);
  const shape = { channels, sampleRate, bytesPerSample, littleEndian: true };
  const refused = refuseRate(sampleRate);
  if (refused !== null) return refused;
  if (channels === 0 || channels > MAX_CHANNELS) {
    return refuse("damaged", "The WAV file's header has an impossible number of channels.");
  }
  if (code === 1 && bytesPerSample === 1) return { ...shape, encoding: "uint8" };
  if (code === 1 && bytesPerSample >= 2 && bytesPerSample <= 4) return { ...shape, encoding: "int" };
  if (code === 3 && (bytesPerSample === 4 || bytesPerSample === 8)) return { ...shape, encoding: "float" };
  if (code === 6) return { ...shape, encoding: "alaw", bytesPerSample: 1 };
  if (code === 7) return { ...shape, encoding: "ulaw", bytesPerSample: 1 };
  return refuse(
    "unsupported_codec",
    `The WAV file holds compressed audio (format ${code}), which cannot be cut. Convert it to plain PCM, FLAC or MP3.`,
  );
}

function codecName({ encoding, bytesPerSample }: PcmFormat): string {
  return encoding === "alaw" || encoding === "ulaw" ? encoding : `pcm-${encoding}${bytesPerSample * 8}`;
}

function isWav(head: Uint8Array): boolean {
  return ["RIFF", "RF64", "BW64"].includes(asciiAt(head, 0, 4)) && asciiAt(head, 8, 4) === "WAVE";
}

export const wav = {
  name: "wav",
  begins: { by: "mark", mayFollowTags: true, isIn: isWav },
  extra: WavExtra,
  plan: planWav,
  extract: extractWav,
  endsByTime: false,
  joined: (first) => first,
  // Samples are mixed to one channel and lowered to the model's rate.
  sentBytesPerSecond: (bytesPerSecond) => Math.min(bytesPerSecond, 2 * MODEL_SAMPLE_RATE),
} as const satisfies Container<z.infer<typeof WavExtra>>;
