import { viewOf } from "../reading/bytes.ts";
import { readWithin, type ByteSource } from "../reading/byte-source.ts";
import {
  refuse,
  SilentStretch,
  type AudioPlan,
  type ByteRange,
  type ChunkFile,
  type ChunkPlan,
} from "../chunks/chunk.ts";
import { longestChunkMs, planCuts } from "../chunks/cuts.ts";
import { cutOff, saidDuration } from "../chunks/missing.ts";
import type { CallLimits } from "../chunks/limits.ts";
import type { Work } from "../reading/work.ts";
import { wavFile } from "./write-wav.ts";

/** Sound in blocks that can be decoded separately. A cut copies whole blocks, and the model's decoder reads them. */
export interface Blocks {
  readonly codec: "adpcm-ms" | "adpcm-ima" | "gsm";
  readonly sampleRate: number;
  readonly blockBytes: number;
  readonly samplesPerBlock: number;
  /** The beginning of a block, without which it cannot be decoded. The last block of a file may be cut off after it. */
  readonly stateBytes: number;
  /** The body of the file's `fmt ` chunk, which a chunk's file repeats. */
  readonly fmt: Uint8Array;
}

export interface BlockLayout {
  readonly format: Blocks;
  readonly data: ByteRange;
  readonly saidBytes: number;
}

/** Codes of `fmt ` (Microsoft, mmreg.h). */
const MS_ADPCM = 0x02;
const CODECS: ReadonlyMap<number, Blocks["codec"]> = new Map([
  [MS_ADPCM, "adpcm-ms"],
  [0x11, "adpcm-ima"],
  [0x31, "gsm"],
]);

/** A block of two packed frames of GSM 06.10. */
const GSM = { blockBytes: 65, samplesPerBlock: 320 };

/**
 * @param fmt the body of the `fmt ` chunk.
 * @param code of the codec, which is further on in an extensible header.
 * @returns null for a code that is not one of blocks, or impossible numbers.
 */
export function readBlocks(fmt: Uint8Array, code: number): Blocks | null {
  if (fmt.length < 16) return null;
  const view = viewOf(fmt);
  const codec = CODECS.get(code);
  const [channels, sampleRate, blockBytes] = [
    view.getUint16(2, true),
    view.getUint32(4, true),
    view.getUint16(12, true),
  ];
  if (codec === undefined || channels === 0 || channels > 2) return null;
  if (codec === "gsm")
    return channels === 1 && blockBytes === GSM.blockBytes
      ? { codec, sampleRate, fmt: plainFormat(fmt, code, GSM.samplesPerBlock), ...GSM, stateBytes: blockBytes }
      : null;
  // A block begins with the decoder's state: seven bytes a channel (two samples of them), or four (one sample).
  const [stateBytes, stateSamples] = codec === "adpcm-ms" ? [7 * channels, 2] : [4 * channels, 1];
  if (blockBytes <= stateBytes) return null;
  const samplesPerBlock = Math.floor(stateSamples + ((blockBytes - stateBytes) * 2) / channels);
  return {
    codec,
    sampleRate,
    blockBytes,
    stateBytes,
    samplesPerBlock,
    fmt: plainFormat(fmt, code, samplesPerBlock),
  };
}

/** The coefficients that all encoders of Microsoft's ADPCM use, and that its format repeats (mmreg.h). */
const MS_COEFFICIENTS = [256, 0, 512, -256, 0, 0, 192, 64, 240, 0, 460, -208, 392, -232];

/** The format as it is without the extensible header, which some decoders read only for plain samples. */
function plainFormat(fmt: Uint8Array, code: number, samplesPerBlock: number): Uint8Array {
  if (viewOf(fmt).getUint16(0, true) === code) return fmt;
  const more = [samplesPerBlock, ...(code === MS_ADPCM ? [MS_COEFFICIENTS.length / 2, ...MS_COEFFICIENTS] : [])];
  const plain = new Uint8Array(18 + 2 * more.length);
  plain.set(fmt.subarray(0, 16));
  const view = viewOf(plain);
  view.setUint16(0, code, true);
  view.setUint16(16, 2 * more.length, true);
  for (const [index, value] of more.entries()) view.setInt16(18 + 2 * index, value, true);
  return plain;
}

export async function planBlocks(
  { format, data, saidBytes }: BlockLayout,
  limits: CallLimits,
  work: Work,
): Promise<AudioPlan> {
  const soundMs = msOfSamples(samplesIn(data.length, format), format);
  if (soundMs === 0) return refuse("no_audio_track", "The WAV file holds no samples.");
  const durationMs = saidDuration(msOfSamples(samplesIn(saidBytes, format), format), soundMs);
  const bytesPerSecond = (format.blockBytes * format.sampleRate) / format.samplesPerBlock;
  const cuts = await planCuts(soundMs, longestChunkMs(bytesPerSecond, limits), () => [], work);
  const chunks = cuts.map((chunk) => ({ ...chunk, extra: { type: "wav", v: 1 } as const }));
  return {
    type: "chunks",
    container: "wav",
    codec: format.codec,
    durationMs,
    chunks,
    gaps: cutOff(soundMs, durationMs),
  };
}

export async function extractBlocks(
  source: ByteSource,
  chunk: ChunkPlan,
  { format, data }: BlockLayout,
): Promise<ChunkFile> {
  const { blockBytes, samplesPerBlock, sampleRate } = format;
  const blockAt = (ms: number) => ((ms / 1000) * sampleRate) / samplesPerBlock;
  const all = Math.ceil(samplesIn(data.length, format) / samplesPerBlock);
  const first = Math.min(all, Math.floor(blockAt(chunk.startMs)));
  const last = Math.min(all, Math.ceil(blockAt(chunk.endMs)));
  const offset = data.offset + first * blockBytes;
  const end = Math.min(data.offset + data.length, data.offset + last * blockBytes);
  const bytes = await readWithin(source, offset, end - offset);
  if (isStill(bytes, format)) throw new SilentStretch("The recording is digital silence here.");
  const samples = samplesIn(bytes.length, format);
  return {
    bytes: wavFile(format.fmt, bytes, samples),
    contentType: "audio/wav",
    startMs: msOfSamples(first * samplesPerBlock, format),
    durationMs: msOfSamples(samples, format),
  };
}

/** The number of blocks before an encoder's state no longer changes. A block of GSM has 40 ms. */
const SETTLING_BLOCKS = { "adpcm-ms": 0, "adpcm-ima": 0, gsm: 2 } as const;

/** Whether a stretch is silence. For silence, an encoder repeats the same block. */
function isStill(bytes: Uint8Array, { codec, blockBytes }: Blocks): boolean {
  const settled = SETTLING_BLOCKS[codec];
  const blocks = Math.floor(bytes.length / blockBytes);
  for (let at = (settled + 1) * blockBytes; at < blocks * blockBytes; at++)
    if (bytes[at] !== bytes[at - blockBytes]) return false;
  return blocks > settled + 1;
}

/** How many samples the whole blocks have, together with the partial block after them. */
function samplesIn(bytes: number, { blockBytes, stateBytes, samplesPerBlock }: Blocks): number {
  const rest = (bytes % blockBytes) - stateBytes;
  const inRest = rest <= 0 ? 0 : Math.floor((rest * samplesPerBlock) / (blockBytes - stateBytes));
  return Math.floor(bytes / blockBytes) * samplesPerBlock + inRest;
}

function msOfSamples(samples: number, { sampleRate }: Blocks): number {
  return (samples / sampleRate) * 1000;
}
