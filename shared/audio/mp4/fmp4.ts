import { asciiAt, fromBase64, indexOfBytes, toBase64, viewOf } from "../reading/bytes.ts";
import { readWithin, type ByteSource } from "../reading/byte-source.ts";
import {
  DamagedSource,
  SilentStretch,
  refuse,
  type AudioPlan,
  type ChunkFile,
  type ChunkPlan,
  type Json,
} from "../chunks/chunk.ts";
import { longestChunkMs, planCuts } from "../chunks/cuts.ts";
import type { CallLimits } from "../chunks/call-limits.ts";
import { findStarts, type Beginning } from "../chunks/joined.ts";
import { CHUNK_MAX_READS, HEAD_BYTES, READ_BYTES } from "../chunks/limits.ts";
import { cutM4a, type TimedPacket } from "./m4a.ts";
import { boxBody, boxesIn, type Box } from "./boxes.ts";
import { readFragment, type Fragment } from "./fragment.ts";
import { describePackets, type IndexedPackets, readPackets } from "./packets.ts";
import { planParts } from "../chunks/parts.ts";
import type { SampleTables } from "./tables.ts";
import type { Mp4Track } from "./track.ts";
import { timeMap, type Point } from "../chunks/time-map.ts";
import { windowOn, type Window } from "../reading/window.ts";
import type { Work } from "../reading/work.ts";

interface Fmp4Extra {
  readonly [key: string]: Json;
  readonly trackId: number;
  readonly timescale: number;
  readonly startTicks: number;
  readonly duration: number;
  readonly size: number;
  readonly entry: string;
  readonly isQuickTime: boolean;
  /** Of a file whose beginning is indexed as if it were not fragmented. */
  readonly indexed: IndexedPackets | null;
}

/** A fragment with its runs. */
const FRAGMENT_ENTRIES = 8;

/** A packet with its times, and its bytes in an array of their own. */
const PACKET_ENTRIES = 6;

/** Of one chunk: steps of a sixth, and what lies past the estimate. */
const FRAGMENT_READS = 8;

const MOOF = [0x6d, 0x6f, 0x6f, 0x66];
/** Where fragments last so long, to look for one at a guess reads more than to go from one to the next. */
const LONG_FRAGMENT_MS = 10_000;
/** A fragment of video may be this long; further on no fragment is looked for. */
const LOOK_BYTES = 8 * 1024 * 1024;

/** The box that a file begins with, behind its size. */
const BEGINNING: Beginning = {
  mark: [0x66, 0x74, 0x79, 0x70],
  startOf(bytes, at) {
    const sizeBytes = at < 4 ? 0 : viewOf(bytes).getUint32(at - 4);
    return sizeBytes >= 16 && sizeBytes <= 256 ? at - 4 : null;
  },
};

/**
 * Every fragment says its time, so places are looked up by reading at a guess: `mfra` and `sidx` are often missing. The
 * first packets may stand in the index. Null where all of them do.
 * @param planFile plans one of several files that were laid end to end.
 */
export async function planFragmentedMp4(
  source: ByteSource,
  { track, tables, limits }: { readonly track: Mp4Track; readonly tables: SampleTables; readonly limits: CallLimits },
  work: Work,
  planFile: (part: ByteSource) => Promise<AudioPlan>,
): Promise<AudioPlan | null> {
  if (tables.samples > 0 && !(await hasFragments(source, track, work))) return null;
  const last = await findLast(source, track, work);
  if (last === null) {
    return refuse(
      "unsupported_container",
      "No fragment of the file says when its audio begins. Convert it to M4A or MP3.",
    );
  }
  if (track.pcm !== null) return refuse("unsupported_codec", "The file holds PCM in fragments, which cannot be cut.");
  const durationMs = msOf(last.startTicks + last.ticks, track);
  const timeIn = (bytes: Uint8Array, base: number) => {
    const [found] = fragmentsIn(bytes, { base, track, most: 1 }, work);
    return found === undefined ? null : msOf(found.fragment.startTicks, track);
  };
  const starts = await findStarts(source, { timeIn, endMs: durationMs, beginning: BEGINNING }, work);
  if (starts.length > 1) return planParts(source, starts, work, planFile);
  const start = track.moov.endOffset;
  const bytesPerMs = (source.sizeBytes - start) / durationMs;
  const found = await look(source, track, { offset: start, bytes: HEAD_BYTES }, work);
  const [first] = found;
  const isChain = (first?.untilMs ?? 0) - (first?.timeMs ?? 0) >= LONG_FRAGMENT_MS;
  const map = timeMap(
    { ...first, offset: start, timeMs: 0 },
    { offset: source.sizeBytes, timeMs: durationMs },
    {
      nearMs: 2_000,
      look: (offset) => look(source, track, { offset, bytes: Math.max(HEAD_BYTES / 2, bytesPerMs * 4_000) }, work),
    },
    work,
  );
  map.add(isChain ? await walkFragments(source, track, work) : found);
  const cuts = await planCuts(durationMs, longestChunkMs(Math.min(bytesPerMs * 1000, 48_000), limits), () => [], work);
  const indexedMs = tables.samples === 0 ? 0 : msOf(tables.ticksAt(tables.samples), track);
  const shared = {
    trackId: track.trackId,
    timescale: track.timescale,
    startTicks: track.startTicks,
    duration: track.fragments?.duration ?? 0,
    size: track.fragments?.size ?? 0,
    entry: toBase64(track.sampleEntry),
    isQuickTime: track.isQuickTime,
  };
  const chunks: ChunkPlan[] = [];
  for (const chunk of cuts) {
    const { offset } = await map.locate(chunk.startMs);
    // An estimate: extraction stops by time, not here.
    const estimate = Math.ceil((chunk.endMs - chunk.startMs) * bytesPerMs * 1.03);
    const after = isChain ? map.after(chunk.endMs) : undefined;
    const length = Math.min(source.sizeBytes - offset, after === undefined ? estimate : after.offset - offset);
    const end = chunk.endMs < indexedMs ? tables.sampleAt(ticksOf(chunk.endMs, track)) + 1 : tables.samples;
    const indexed =
      chunk.startMs < indexedMs
        ? describePackets(
            tables,
            { startTicks: track.startTicks, first: tables.sampleAt(ticksOf(chunk.startMs, track)), end },
            work,
          )
        : null;
    chunks.push({ ...chunk, bytes: { offset, length }, extra: { ...shared, indexed } satisfies Fmp4Extra });
  }
  return { type: "chunks", container: "fmp4", codec: track.codec, durationMs, chunks };
}

export async function extractFragmentedMp4(source: ByteSource, chunk: ChunkPlan, work: Work): Promise<ChunkFile> {
  const { bytes: range, extra } = chunk;
  if (range === undefined || !isFmp4Extra(extra))
    throw new DamagedSource("The chunk was not planned for fragmented MP4.");
  const { timescale } = extra;
  const limit = range.offset + range.length;
  const window = stepping(source, range.offset, limit);
  const indexed =
    extra.indexed === null
      ? null
      : await readPackets(source, extra.indexed, work, CHUNK_MAX_READS - FRAGMENT_READS - 1);
  const packets: TimedPacket[] = [...(indexed?.packets ?? [])];
  let isPast = false;
  for await (const box of boxesIn(window, range.offset, source.sizeBytes, work)) {
    if (box.name !== "moof") continue;
    const fragment = readFragment(await boxBody(window, box), box.offset, extra, work);
    if (fragment === null) continue;
    let ticks = fragment.startTicks - extra.startTicks;
    isPast = (ticks / timescale) * 1000 >= chunk.endMs;
    if (isPast) break;
    for (const { offset, size, duration } of fragment.packets()) {
      const fromMs = (ticks / timescale) * 1000;
      ticks += duration;
      if ((ticks / timescale) * 1000 <= chunk.startMs + 1e-3 || fromMs >= chunk.endMs) continue;
      work.hold(Math.min(size, source.sizeBytes));
      work.keep(PACKET_ENTRIES);
      const data = (await window.at(offset, size)).slice(0, size);
      if (data.length < size) break; // the rest of the file is not there
      packets.push({ data, duration, ticks: ticks - duration });
    }
  }
  const track = { sampleEntry: fromBase64(extra.entry), timescale, isQuickTime: extra.isQuickTime };
  const file = cutM4a({ ...track, packets }, chunk);
  if (file !== null) return file;
  if (isPast || packets.length > 0) throw new SilentStretch("The recording has no sound here.");
  throw new DamagedSource("The file ends before this part of it.");
}

/** Few reads for a chunk, none of them much past its end. */
function stepping(source: ByteSource, start: number, limit: number): Window {
  const step = Math.max(HEAD_BYTES, Math.min(2 * READ_BYTES, Math.ceil((limit - start) / 6)));
  const inside = windowOn(source, step, limit);
  const past = windowOn(source, Math.min(step, HEAD_BYTES / 2), source.sizeBytes, 2);
  return {
    sizeBytes: source.sizeBytes,
    at: (offset, length) => (offset + length <= limit ? inside.at(offset, length) : past.at(offset, length)),
  };
}

function msOf(ticks: number, track: Mp4Track): number {
  return ((ticks - track.startTicks) / track.timescale) * 1000;
}

function ticksOf(timeMs: number, track: Mp4Track): number {
  return (timeMs / 1000) * track.timescale + track.startTicks;
}

async function look(
  source: ByteSource,
  track: Mp4Track,
  { offset, bytes }: { readonly offset: number; readonly bytes: number },
  work: Work,
): Promise<readonly Point[]> {
  for (let length = Math.ceil(bytes); length <= LOOK_BYTES; length *= 4) {
    const fragments = fragmentsIn(await readWithin(source, offset, length), { base: offset, track }, work);
    if (fragments.length > 0) {
      return fragments.map(({ box, fragment }) => placeOf(box, fragment, track));
    }
    if (offset + length >= source.sizeBytes) break;
  }
  return [];
}

/** Where every fragment is, by the sizes of the boxes: a read of its header for each. */
async function walkFragments(source: ByteSource, track: Mp4Track, work: Work): Promise<readonly Point[]> {
  const window = windowOn(source, HEAD_BYTES / 4);
  const points: Point[] = [];
  for await (const box of boxesIn(window, track.moov.endOffset, source.sizeBytes, work)) {
    if (box.name !== "moof") continue;
    const fragment = readFragment(await boxBody(window, box), box.offset, defaultsOf(track), work);
    if (fragment !== null) points.push(placeOf(box, fragment, track));
  }
  return points;
}

function placeOf({ offset }: Pick<Box, "offset">, { startTicks, ticks }: Fragment, track: Mp4Track): Point {
  return { offset, timeMs: msOf(startTicks, track), untilMs: msOf(startTicks + ticks, track) };
}

/** Whether any fragment follows the index: headers of boxes only. */
async function hasFragments(source: ByteSource, { moov }: Mp4Track, work: Work): Promise<boolean> {
  for await (const box of boxesIn(windowOn(source, 16), moov.endOffset, source.sizeBytes, work)) {
    if (box.name === "moof") return true;
  }
  return false;
}

async function findLast(source: ByteSource, track: Mp4Track, work: Work): Promise<Fragment | null> {
  for (let length = HEAD_BYTES; ; length *= 4) {
    const offset = Math.max(track.moov.endOffset, source.sizeBytes - length);
    const fragment = fragmentsIn(await readWithin(source, offset, length), { base: offset, track }, work).at(
      -1,
    )?.fragment;
    if (fragment !== undefined) return fragment;
    if (offset === track.moov.endOffset || length >= LOOK_BYTES) return null;
  }
}

/** Fragments of the audio track whose headers lie whole in these bytes. */
function fragmentsIn(
  bytes: Uint8Array,
  { base, track, most = Infinity }: { readonly base: number; readonly track: Mp4Track; readonly most?: number },
  work: Work,
) {
  const found: { readonly box: Pick<Box, "offset">; readonly fragment: Fragment }[] = [];
  const find = (from: number) => indexOfBytes(bytes, MOOF, from, work);
  for (let at = find(4); at !== -1 && found.length < most; at = find(at + 4)) {
    work.visit();
    const start = at - 4;
    const size = viewOf(bytes).getUint32(start);
    if (asciiAt(bytes, start + 12, 4) !== "mfhd" || start + size > bytes.length) continue;
    const fragment = readFragment(bytes.subarray(start + 8, start + size), base + start, defaultsOf(track), work);
    if (fragment === null) continue;
    found.push({ box: { offset: base + start }, fragment });
    work.peak(FRAGMENT_ENTRIES * found.length);
  }
  return found;
}

function defaultsOf({ trackId, fragments }: Mp4Track) {
  return { trackId, duration: fragments?.duration ?? 0, size: fragments?.size ?? 0 };
}

function isFmp4Extra(extra: ChunkPlan["extra"]): extra is Fmp4Extra {
  return typeof extra === "object" && extra !== null && "trackId" in extra && "entry" in extra;
}
