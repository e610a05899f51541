import { concatBytes } from "../reading/bytes.ts";
import { readWithin, type ByteSource } from "../reading/byte-source.ts";
import {
  DamagedSource,
  SilentStretch,
  type AudioPlan,
  type ByteRange,
  type ChunkFile,
  type ChunkPlan,
  type ChunkSpan,
  type Extra,
  type Lost,
  type Times,
} from "./chunk.ts";
import { longestChunkMs, planCuts, type Listen } from "./cuts.ts";
import { CHUNK_MAX_READS, MODEL_SAMPLE_RATE, READ_BYTES, type CallLimits } from "./limits.ts";
import { brokenOff, cutOff } from "./missing.ts";
import type { Point } from "../reading/points.ts";
import { packetSizes } from "./packets.ts";
import { remuxSpan } from "./remux.ts";
import { timeMap } from "./time-map.ts";
import type { Work } from "../reading/work.ts";

/**
 * A file whose stretches state their time. Appended to the file's headers, a stretch is a complete file again. Such a file needs no index:
 * a live recording has none, and the index of another need not be read.
 */
export interface Spliceable {
  readonly codec: string;
  readonly isPcmRate?: number;
  readonly durationMs: number;
  /** When its sound ends, since the file ends there; the duration by default. */
  readonly soundMs?: number;
  /** The file ends within a packet: at least that one is missing. */
  readonly isBrokenOff?: boolean;
  /** Container time that is the source's time 0. */
  readonly zeroMs: number;
  readonly hasVideo: boolean;
  /** False where the packets of a stretch cannot be listed, so that quiet places are not searched. */
  readonly hasPackets?: boolean;
  /** Where the headers end and the stretches begin. */
  readonly bodyOffset: number;
  readonly cutter: Cutter;
  /** Where stretches begin, a few seconds apart, if the file has an index of them. Nothing has to be searched then. */
  readonly places?: readonly Point[];
}

export interface Cutter {
  /** The headers that go in front of a stretch. */
  readonly head: Uint8Array;
  /** Places in these bytes at which a stretch can begin, each with its time in the source. */
  points(bytes: Uint8Array, base: number): readonly Point[];
  /** Keeps only what belongs to the audio, since 60 s of video do not fit in memory. */
  strip(): Strip;
  /** Writes a chunk's file of a stretch; by default `remuxSpan` does. */
  write?(stretch: Uint8Array, span: Times): Promise<ChunkFile>;
}

export interface Strip {
  /** What to keep of a piece. Pieces must adjoin and come in order. */
  push(piece: Uint8Array): Uint8Array;
  /** The time up to which audio has come, where that is known more exactly than by the points. */
  reachedMs?(): number;
  /** Where something could not be read, in source time. */
  lost?(): readonly Lost[];
}

const LOOK_MIN_BYTES = 24 * 1024;
const LOOK_MAX_BYTES = 8 * 1024 * 1024;
const LISTEN_PAST_MS = 1_500;
/** How much is read where the file's index gives the place: half of what is searched, a twelfth of the file in all. */
const LISTEN_MS = 4_500;

export async function planSpliced<E extends Extra>(
  source: ByteSource,
  spliceable: Spliceable,
  { extra, limits }: { readonly extra: E; readonly limits: CallLimits },
  work: Work,
): Promise<AudioPlan<E>> {
  const { durationMs, bodyOffset, cutter, codec, soundMs = durationMs } = spliceable;
  const bytesPerMs = (source.sizeBytes - bodyOffset) / Math.max(1, soundMs);
  const isSearched = !spliceable.hasVideo && spliceable.isPcmRate === undefined && spliceable.hasPackets !== false;
  const lookBytes = Math.max(LOOK_MIN_BYTES, Math.ceil(bytesPerMs * (isSearched ? 6_500 : 2_000)));
  let held: { readonly base: number; readonly bytes: Uint8Array } = { base: 0, bytes: new Uint8Array() };
  async function look(offset: number): Promise<readonly Point[]> {
    for (let length = Math.min(lookBytes, LOOK_MAX_BYTES); ; length = Math.min(4 * length, LOOK_MAX_BYTES)) {
      held = { base: offset, bytes: await readWithin(source, offset, length) };
      const points = cutter.points(held.bytes, offset);
      if (points.length > 0 || length >= LOOK_MAX_BYTES || offset + length >= source.sizeBytes) return points;
    }
  }
  const start = { offset: bodyOffset, timeMs: 0 };
  const map = timeMap(start, { offset: source.sizeBytes, timeMs: soundMs }, { nearMs: 2_500, look }, work);
  const { places = [] } = spliceable;
  map.add(places);
  const outputRate = spliceable.isPcmRate === undefined ? null : 2 * Math.min(spliceable.isPcmRate, MODEL_SAMPLE_RATE);
  const bytesPerSecond = outputRate ?? Math.min(bytesPerMs * 1000, spliceable.hasVideo ? 40_000 : Infinity);
  const listen: Listen = async (fromMs, toMs) => {
    if (!isSearched) return [];
    const indexed = places.find((point) => point.timeMs >= fromMs);
    const from = indexed ?? (await map.locate(fromMs));
    if (indexed !== undefined) {
      held = { base: from.offset, bytes: await readWithin(source, from.offset, Math.ceil(LISTEN_MS * bytesPerMs)) };
    }
    const until = from.offset + (toMs + LISTEN_PAST_MS - from.timeMs) * bytesPerMs;
    // Only what was read to find the place is used: reading the rest of the window would cost a tenth of the file.
    if (from.offset < held.base || Math.min(until, held.base + held.bytes.length) - from.offset < 2_000 * bytesPerMs)
      return [];
    const { base, bytes } = held;
    return work.borrow(async () => {
      const stretch = concatBytes([cutter.head, cutter.strip().push(bytes.subarray(from.offset - base))]);
      return packetSizes(stretch, { zeroMs: spliceable.zeroMs, startMs: fromMs, endMs: toMs }, work);
    });
  };
  const cuts = await planCuts(soundMs, longestChunkMs(bytesPerSecond, limits), listen, work);
  const chunks: (ChunkPlan<E> & { readonly bytes: ByteRange })[] = [];
  for (const chunk of cuts) {
    const { offset } = await map.locate(chunk.startMs);
    chunks.push({ ...chunk, bytes: { offset, length: 0 }, extra });
  }
  return {
    type: "chunks",
    container: extra.type,
    codec,
    durationMs,
    gaps: spliceable.isBrokenOff === true ? brokenOff(soundMs, durationMs) : cutOff(soundMs, durationMs),
    chunks: chunks.map((chunk, index) => {
      const { offset } = chunk.bytes;
      const after = chunks[index + 1];
      const following = map.after(chunk.endMs + 100);
      const known = (following?.timeMs ?? Infinity) < chunk.endMs + 6_000 ? following : undefined;
      const estimate =
        (after?.bytes.offset ?? source.sizeBytes) +
        (after === undefined ? 0 : chunk.endMs - after.startMs + 1_000) * bytesPerMs;
      const end =
        after === undefined ? source.sizeBytes : Math.min(source.sizeBytes, known?.offset ?? Math.ceil(estimate));
      return { ...chunk, bytes: { offset, length: Math.max(1, end - offset) } };
    }),
  };
}

/** Read a chunk's stretch, and more where the plan's estimate was short of its end. */
export async function extractSpliced(
  source: ByteSource,
  cutter: Cutter,
  { zeroMs, chunk }: { readonly zeroMs: number; readonly chunk: ChunkSpan & Pick<ChunkPlan, "bytes" | "channel"> },
  work: Work,
): Promise<ChunkFile> {
  if (chunk.bytes === undefined) throw new DamagedSource("The chunk was planned without its bytes.");
  const { startMs, endMs } = chunk;
  const { kept, latestMs, lost, reachedMs } = await readStretch(source, cutter, chunk.bytes, endMs);
  const isSoundless = kept.every((piece) => piece.length === 0);
  const stretch = concatBytes([cutter.head, ...kept]);
  const span = { zeroMs, startMs, endMs, lost, channel: chunk.channel, reachedMs };
  const written = () => cutter.write?.(stretch, span) ?? remuxSpan(stretch, span, work);
  const file = isSoundless ? null : await written();
  if (file !== null) return file;
  // Damage is not silence.
  if (lost.length > 0) throw new DamagedSource("The file is damaged here: none of its sound can be read.");
  if (latestMs >= startMs) throw new SilentStretch("The recording has no sound here.");
  throw new DamagedSource("The file ends before this part of it.");
}

async function readStretch(
  source: ByteSource,
  cutter: Cutter,
  range: ByteRange,
  endMs: number,
): Promise<{
  readonly kept: readonly Uint8Array[];
  readonly latestMs: number;
  readonly lost: readonly Lost[];
  readonly reachedMs: number | undefined;
}> {
  const strip = cutter.strip();
  const kept: Uint8Array[] = [];
  let latestMs = -1;
  const step = Math.min(2 * READ_BYTES, Math.max(READ_BYTES, Math.ceil(range.length / (CHUNK_MAX_READS - 4))));
  const planned = range.offset + range.length;
  // Where the bitrate differs along a file, the estimate may be far too short: ever larger pieces are read until the end.
  let more = Math.max(LOOK_MIN_BYTES / 3, Math.ceil(range.length / 24));
  let isCovered = false;
  for (let offset = range.offset; offset < source.sizeBytes && !(isCovered && offset >= planned);) {
    const isPlanned = offset < planned;
    const piece = await readWithin(source, offset, isPlanned ? Math.min(step, planned - offset) : more);
    if (!isPlanned) more = Math.min(step, 2 * more);
    kept.push(strip.push(piece));
    for (const { timeMs } of cutter.points(piece, offset)) latestMs = Math.max(latestMs, timeMs);
    isCovered = Math.max(latestMs, strip.reachedMs?.() ?? 0) >= endMs;
    offset += piece.length;
  }
  return { kept, latestMs, lost: strip.lost?.() ?? [], reachedMs: strip.reachedMs?.() };
}
