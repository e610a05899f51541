import * as z from "zod";

import { refuse, type AudioPlan, type ChunkPlan } from "../chunks/chunk.ts";
import { longestChunkMs, planCuts } from "../chunks/cuts.ts";
import { findStarts, type Beginning } from "../chunks/joined.ts";
import { HEAD_BYTES, MODEL_SAMPLE_RATE, type CallLimits } from "../chunks/limits.ts";
import { planParts } from "../chunks/parts.ts";
import { timeMap } from "../chunks/time-map.ts";
import { toBase64, viewOf } from "../reading/bytes.ts";
import type { ByteSource } from "../reading/byte-source.ts";
import { PcmFormat } from "../wav/pcm.ts";
import { windowOn } from "../reading/window.ts";
import type { Work } from "../reading/work.ts";
import { cutOff } from "../chunks/missing.ts";
import { boxBody, boxesIn, MAX_HEADER_BOX_BYTES } from "./boxes.ts";
import { findLast, fragmentsIn, hasFragments, look, msOf, walkFragments } from "./find-fragments.ts";
import type { Fragment } from "./fragment.ts";
import { describePackets, IndexedPackets } from "./packets.ts";
import type { SampleTables } from "./tables.ts";
import type { Mp4Track } from "./track.ts";

/** The data with which a chunk finds its packets in the fragments. */
export const Fmp4Extra = z.object({
  type: z.literal("fmp4"),
  v: z.literal(1),
  trackId: z.number(),
  timescale: z.number(),
  startTicks: z.number(),
  duration: z.number(),
  size: z.number(),
  /** The track's sample entry, in base64. */
  entry: z.string(),
  isQuickTime: z.boolean(),
  /** The packets in the index of a file whose beginning is not fragmented. */
  indexed: IndexedPackets.nullable(),
  /** When the first fragment of the chunk begins, in a file whose fragments have no times. */
  firstTicks: z.number().exactOptional(),
  pcm: PcmFormat.exactOptional(),
});
export type Fmp4Extra = z.infer<typeof Fmp4Extra>;

/** If fragments last this long, a search at a guessed place reads more than stepping from one to the next. */
const LONG_FRAGMENT_MS = 10_000;
/** The name of the first box of a file. The size of the box is before the name. */
const BEGINNING: Beginning = {
  mark: [0x66, 0x74, 0x79, 0x70],
  startOf(bytes, at) {
    const sizeBytes = at < 4 ? 0 : viewOf(bytes).getUint32(at - 4);
    return sizeBytes >= 16 && sizeBytes <= 256 ? at - 4 : null;
  },
};

/**
 * Plan a file with fragments. Every fragment has its time, so places are found by reading at a guess. The indexes `mfra` and `sidx` are
 * often missing. The first packets may be in the index of a plain MP4; null if all of them are.
 * @param planFile plans one of several joined files.
 */
export async function planFragmentedMp4(
  source: ByteSource,
  { track, tables, limits }: { readonly track: Mp4Track; readonly tables: SampleTables; readonly limits: CallLimits },
  work: Work,
  planFile: (part: ByteSource) => Promise<AudioPlan>,
): Promise<AudioPlan | null> {
  if (tables.samples > 0 && !(await hasFragments(source, track, work))) return null;
  const stamped = await findLast(source, track, work);
  // Fragments without times follow each other. Only a walk over all of them finds when each begins.
  const walked = stamped === null ? await walkFragments(source, track, work, tables.ticksAt(tables.samples)) : null;
  const last = stamped ?? walked?.last ?? null;
  if (last === null) {
    return refuse(
      "damaged",
      "The file has headers but no sound after them. Its upload or its download was interrupted: send it again.",
    );
  }
  const { pcm } = track;
  const heldMs = msOf(last.startTicks + last.ticks, track);
  const durationMs = Math.max(heldMs, await saidMs(source, track, work));
  const soundMs = msOf(last.startTicks + ticksWithin(last, source.sizeBytes), track);
  const timeIn = (bytes: Uint8Array, base: number) => {
    const [found] = fragmentsIn(bytes, { base, track, most: 1 }, work);
    return found === undefined ? null : msOf(found.fragment.startTicks, track);
  };
  const starts = await findStarts(source, { timeIn, endMs: heldMs, beginning: BEGINNING }, work);
  if (starts.length > 1) return planParts(source, starts, work, planFile);
  const start = track.moov.endOffset;
  const bytesPerMs = (source.sizeBytes - start) / heldMs;
  const found = await look(source, track, { offset: start, bytes: HEAD_BYTES }, work);
  const [first] = found;
  const isChain = walked !== null || (first?.untilMs ?? 0) - (first?.timeMs ?? 0) >= LONG_FRAGMENT_MS;
  const map = timeMap(
    { ...first, offset: start, timeMs: 0 },
    { offset: source.sizeBytes, timeMs: heldMs },
    {
      nearMs: 2_000,
      look: (offset) => look(source, track, { offset, bytes: Math.max(HEAD_BYTES / 2, bytesPerMs * 4_000) }, work),
    },
    work,
  );
  map.add(isChain ? (walked ?? (await walkFragments(source, track, work))).points : found);
  const sentBytes =
    pcm === null ? Math.min(bytesPerMs * 1000, 48_000) : 2 * Math.min(pcm.sampleRate, MODEL_SAMPLE_RATE);
  const cuts = await planCuts(soundMs, longestChunkMs(sentBytes, limits), () => [], work);
  const indexedMs = tables.samples === 0 ? 0 : msOf(tables.ticksAt(tables.samples), track);
  const shared = {
    type: "fmp4",
    v: 1,
    trackId: track.trackId,
    timescale: track.timescale,
    startTicks: track.startTicks,
    duration: track.fragments?.duration ?? 0,
    size: track.fragments?.size ?? 0,
    entry: toBase64(track.sampleEntry),
    isQuickTime: track.isQuickTime,
    ...(pcm !== null && { pcm: { ...pcm } }),
  } as const;
  const firstTicksAt = (timeMs: number) =>
    timeMs <= 0 ? tables.ticksAt(tables.samples) : Math.round(ticksOf(timeMs, track));
  const chunks: ChunkPlan<Fmp4Extra>[] = [];
  for (const chunk of cuts) {
    const { offset, timeMs } = await map.locate(chunk.startMs);
    // This is an estimate, because cutting stops by time.
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
    chunks.push({
      ...chunk,
      bytes: { offset, length },
      extra: { ...shared, indexed, ...(walked !== null && { firstTicks: firstTicksAt(timeMs) }) },
    });
  }
  const gaps = cutOff(soundMs, durationMs);
  return {
    type: "chunks",
    container: "fmp4",
    codec: track.codec,
    durationMs,
    chunks,
    gaps,
    ...(pcm !== null && { pcmChannels: pcm.channels }),
  };
}

/** Return the duration of the part of the last fragment that the file has. */
function ticksWithin(last: Fragment, sizeBytes: number): number {
  let ticks = 0;
  let there = 0;
  for (const { offset, size, duration } of last.packets()) {
    ticks += duration;
    if (offset + size <= sizeBytes) there = ticks;
  }
  return there;
}

/** Return the duration by the file's own index of fragments (`sidx`), or by the header for later fragments (`mehd`). */
async function saidMs(source: ByteSource, track: Mp4Track, work: Work): Promise<number> {
  const ticks = track.fragments?.saidTicks ?? 0;
  const window = windowOn(source, 4096);
  for await (const box of boxesIn(window, track.moov.endOffset, source.sizeBytes, work)) {
    if (box.name === "moof" || box.name === "mdat") break;
    if (box.name !== "sidx") continue;
    const body = await boxBody(window, box, MAX_HEADER_BOX_BYTES);
    const view = viewOf(body);
    if (view.getUint32(4) !== track.trackId) continue;
    const at = body[0] === 1 ? 28 : 20;
    const references =
      body.length < at + 4 ? 0 : Math.min(view.getUint16(at + 2), Math.floor((body.length - at - 4) / 12));
    work.visit(references);
    let lasting = 0;
    for (let index = 0; index < references; index++) lasting += view.getUint32(at + 4 + index * 12 + 4);
    return Math.max(msOf(ticks, track), (lasting / Math.max(1, view.getUint32(8))) * 1000);
  }
  return msOf(ticks, track);
}

function ticksOf(timeMs: number, track: Mp4Track): number {
  return (timeMs / 1000) * track.timescale + track.startTicks;
}
