import {
  DamagedSource,
  SilentStretch,
  type ByteRange,
  type ChunkFile,
  type ChunkPlan,
  type Pause,
} from "../chunks/chunk.ts";
import { soundAlone, type Container } from "../chunks/container.ts";
import { CHUNK_MAX_READS, HEAD_BYTES, READ_BYTES } from "../chunks/limits.ts";
import { fromBase64 } from "../reading/bytes.ts";
import { MIN_PAUSE_MS, pausedMs } from "../chunks/pauses.ts";
import { readHeld } from "../reading/counted-source.ts";
import { pcmFrameBytes, type PcmFormat } from "../wav/pcm.ts";
import { pcmFile } from "../wav/pcm-file.ts";
import type { ByteSource } from "../reading/byte-source.ts";
import { windowOn, type Window } from "../reading/window.ts";
import type { Work } from "../reading/work.ts";
import { isUnfinished, isUnwritten } from "../chunks/silence.ts";
import { boxBody } from "./boxes.ts";
import { readFragment } from "./fragment.ts";
import { fragmentsFrom } from "./fragments.ts";
import { cutM4a, type LostPacket, type TimedPacket } from "./m4a.ts";
import { mp4 } from "./mp4.ts";
import { joinPackets, readPackets } from "./packets.ts";
import { Fmp4Extra } from "./plan-fragments.ts";
import { codecOf, entryOfChunk } from "./sample-entry.ts";

/** The memory of a packet with its times, and its bytes in a separate array. */
const PACKET_ENTRIES = 6;

/** The reads of fragments for one chunk: six steps, and the bytes after the estimate. */
const FRAGMENT_READS = 8;

async function extractFragmentedMp4(source: ByteSource, chunk: ChunkPlan<Fmp4Extra>, work: Work): Promise<ChunkFile> {
  const { bytes: range, extra } = chunk;
  if (range === undefined) throw new DamagedSource("The chunk was planned without its bytes.");
  const { timescale, pcm } = extra;
  if (pcm !== undefined) return extractPcm(source, { ...chunk, bytes: range }, pcm, work);
  const limit = range.offset + range.length;
  const window = stepping(source, range.offset, limit);
  const indexed =
    extra.indexed === null
      ? null
      : await readPackets(source, extra.indexed, work, CHUNK_MAX_READS - FRAGMENT_READS - 1);
  const packets: TimedPacket[] = [...(indexed?.packets ?? [])];
  const lost: LostPacket[] = [...(indexed?.lost ?? [])];
  let isPast = false;
  let before = extra.firstTicks ?? null;
  let reachedTicks = Math.round((chunk.startMs / 1000) * timescale);
  for await (const { box, isBehindDamage } of fragmentsFrom(window, range.offset, work)) {
    const fragment = readFragment(await boxBody(window, box), box.offset, extra, work, before);
    if (fragment === null) continue;
    if (before !== null) before = fragment.startTicks + fragment.ticks;
    let ticks = fragment.startTicks - extra.startTicks;
    const latest = packets.at(-1);
    if (isBehindDamage && latest !== undefined && isUnfinished(latest.data)) lost.push(...packets.splice(-1));
    if (isBehindDamage && ticks > reachedTicks) lost.push({ ticks: reachedTicks, duration: ticks - reachedTicks });
    isPast = (ticks / timescale) * 1000 >= chunk.endMs;
    if (isPast) break;
    for (const { offset, size, duration } of fragment.packets()) {
      const fromMs = (ticks / timescale) * 1000;
      ticks += duration;
      if ((ticks / timescale) * 1000 <= chunk.startMs + 1e-3 || fromMs >= chunk.endMs) continue;
      work.hold(Math.min(size, source.sizeBytes));
      work.keep(PACKET_ENTRIES);
      const data = (await window.at(offset, size)).slice(0, size);
      // The file ends here, or its bytes never came.
      if (data.length < size || isUnwritten(data)) lost.push({ duration, ticks: ticks - duration });
      else packets.push({ data, duration, ticks: ticks - duration });
    }
    reachedTicks = Math.max(reachedTicks, ticks);
  }
  const sampleEntry = entryOfChunk(fromBase64(extra.entry));
  const track = { sampleEntry, codec: codecOf(sampleEntry), timescale, isQuickTime: extra.isQuickTime };
  const file = cutM4a({ ...track, packets, lost }, chunk);
  if (file !== null) return file;
  if (lost.length === 0 && (isPast || packets.length > 0)) throw new SilentStretch("The recording has no sound here.");
  throw new DamagedSource("The file ends before this part of it.");
}

/** Cut PCM, which has samples instead of packets. The runs that reach into the chunk are cut at its times. */
async function extractPcm(
  source: ByteSource,
  { startMs, endMs, channel, bytes: range, extra }: ChunkPlan<Fmp4Extra> & { readonly bytes: ByteRange },
  format: PcmFormat,
  work: Work,
): Promise<ChunkFile> {
  const frameBytes = pcmFrameBytes(format);
  const msOf = (ticks: number) => ((ticks - extra.startTicks) / extra.timescale) * 1000;
  const file = pcmFile(format, channel);
  const pauses: Pause[] = [];
  let firstMs: number | null = null;
  let heldMs = 0;
  async function take(offset: number, sizeBytes: number, fromMs: number): Promise<void> {
    const frames = Math.floor(sizeBytes / frameBytes);
    const frameAt = (timeMs: number) =>
      Math.min(frames, Math.max(0, Math.round(((timeMs - fromMs) / 1000) * format.sampleRate)));
    const [first, end] = [frameAt(startMs), frameAt(endMs)];
    if (end <= first) return;
    const ownMs = fromMs + (first / format.sampleRate) * 1000;
    firstMs ??= ownMs;
    const laterMs = ownMs - firstMs - heldMs - pausedMs(pauses);
    if (laterMs > MIN_PAUSE_MS) pauses.push({ atMs: heldMs, lengthMs: laterMs });
    const data = await readHeld(
      source,
      { offset: offset + first * frameBytes, length: (end - first) * frameBytes },
      work,
    );
    const whole = data.subarray(0, data.length - (data.length % frameBytes));
    heldMs += (whole.length / frameBytes / format.sampleRate) * 1000;
    file.push(whole);
  }
  if (extra.indexed !== null) {
    let fromMs = (extra.indexed.firstTicks / extra.timescale) * 1000;
    const { runs } = extra.indexed;
    for (let at = 0; at + 2 < runs.length; at += 3) {
      const [offset = 0, size = 0] = runs.slice(at, at + 2);
      await take(offset, size, fromMs);
      fromMs += (size / frameBytes / format.sampleRate) * 1000;
    }
  }
  const window = windowOn(source, HEAD_BYTES / 4);
  let before = extra.firstTicks ?? null;
  for await (const { box } of fragmentsFrom(window, range.offset, work)) {
    const fragment = readFragment(await boxBody(window, box), box.offset, extra, work, before);
    if (fragment === null) continue;
    if (before !== null) before = fragment.startTicks + fragment.ticks;
    let ticks = fragment.startTicks;
    if (msOf(ticks) >= endMs) break;
    for (const { offset, size, duration } of fragment.runs()) {
      await take(offset, size, msOf(ticks));
      ticks += duration;
    }
  }
  if (firstMs === null || heldMs === 0) throw new DamagedSource("The file ends before this part of it.");
  return { ...file.end(firstMs), pauses };
}

/** Return a window that needs few reads for a chunk, and reads little past its end. */
function stepping(source: ByteSource, start: number, limit: number): Window {
  const step = Math.max(HEAD_BYTES, Math.min(2 * READ_BYTES, Math.ceil((limit - start) / 6)));
  const inside = windowOn(source, step, limit);
  const past = windowOn(source, Math.min(step, HEAD_BYTES / 2), source.sizeBytes, 2);
  return {
    sizeBytes: source.sizeBytes,
    at: (offset, length) => (offset + length <= limit ? inside.at(offset, length) : past.at(offset, length)),
  };
}

/** Fragmented MP4 begins like MP4. Planning finds out which it is. */
export const fmp4 = {
  name: "fmp4",
  begins: null,
  extra: Fmp4Extra,
  plan: mp4.plan,
  extract: extractFragmentedMp4,
  endsByTime: true,
  joined(first, next) {
    // After the packets of the index there are only fragments.
    if (first.indexed === null || next.indexed === null) return first;
    const indexed = joinPackets(first.indexed, next.indexed);
    return indexed === null ? null : { ...first, indexed };
  },
  sentBytesPerSecond: soundAlone,
} as const satisfies Container<Fmp4Extra>;
