import { viewOf } from "../reading/bytes.ts";
import { readWithin, type ByteSource } from "../reading/byte-source.ts";
import { SilentStretch, type AudioPlan, type ByteRange, type ChunkFile, type ChunkPlan } from "../chunks/chunk.ts";
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
  /** The body of the file's `fmt ` chunk, which a chunk's file repeats. */
  readonly fmt: Uint8Array;
}

export interface BlockLayout {
  readonly format: Blocks;
  readonly data: ByteRange;
  readonly saidBytes: number;
}

/** Codes of `fmt ` (Microsoft, mmreg.h). */
const CODECS: ReadonlyMap<number, Blocks["codec"]> = new Map([
  [0x02, "adpcm-ms"],
  [0x11, "adpcm-ima"],
  [0x31, "gsm"],
]);

/** A block of two packed frames of GSM 06.10. */
const GSM = { blockBytes: 65, samplesPerBlock: 320 };

/** @param fmt the body of the `fmt ` chunk. @returns null for a code that is not one of blocks, or impossible numbers. */
export function readBlocks(fmt: Uint8Array): Blocks | null {
  if (fmt.length < 16) return null;
  const view = viewOf(fmt);
  const codec = CODECS.get(view.getUint16(0, true));
  const [channels, sampleRate, blockBytes] = [
    view.getUint16(2, true),
    view.getUint32(4, true),
    view.getUint16(12, true),
  ];
  if (codec === undefined || channels === 0 || channels > 2) return null;
  if (codec === "gsm")
    return channels === 1 && blockBytes === GSM.blockBytes ? { codec, sampleRate, fmt, ...GSM } : null;
  // A block begins with the decoder's state: seven bytes a channel (two samples of them), or four (one sample).
  const [stateBytes, stateSamples] = codec === "adpcm-ms" ? [7 * channels, 2] : [4 * channels, 1];
  if (blockBytes <= stateBytes) return null;
  const samplesPerBlock = stateSamples + ((blockBytes - stateBytes) * 2) / channels;
  return { codec, sampleRate, blockBytes, samplesPerBlock: Math.floor(samplesPerBlock), fmt };
}

export async function planBlocks(
  { format, data, saidBytes }: BlockLayout,
  limits: CallLimits,
  work: Work,
): Promise<AudioPlan> {
  const soundMs = msOf(Math.floor(data.length / format.blockBytes), format);
  const durationMs = saidDuration(msOf(Math.floor(saidBytes / format.blockBytes), format), soundMs);
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
  const all = Math.floor(data.length / blockBytes);
  const first = Math.min(all, Math.floor(blockAt(chunk.startMs)));
  const last = Math.min(all, Math.ceil(blockAt(chunk.endMs)));
  const bytes = await readWithin(source, data.offset + first * blockBytes, (last - first) * blockBytes);
  if (isStill(bytes, format)) throw new SilentStretch("The recording is digital silence here.");
  const blocks = Math.floor(bytes.length / blockBytes);
  return {
    bytes: wavFile(format.fmt, bytes, blocks * samplesPerBlock),
    contentType: "audio/wav",
    startMs: msOf(first, format),
    durationMs: msOf(blocks, format),
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

function msOf(blocks: number, { samplesPerBlock, sampleRate }: Blocks): number {
  return ((blocks * samplesPerBlock) / sampleRate) * 1000;
}
