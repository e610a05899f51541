import { viewOf } from "./bytes.ts";
import { MAX_INDEX_BYTES } from "./limits.ts";
import { boxBody, boxesIn, type Box } from "./mp4-boxes.ts";
import type { Mp4Track } from "./mp4-track.ts";
import { pcmFrameBytes } from "./pcm.ts";
import type { Window } from "./window.ts";

/** What and where the packets of one track are. Only the audio track's tables are loaded: 2 MB for three hours. */
export interface SampleTables {
  readonly samples: number;
  readonly totalBytes: number;
  /** 0 where sizes differ; they then stand at `sizesOffset`, 4 bytes each. */
  readonly fixedSize: number;
  readonly sizesOffset: number;
  sizeAt(sample: number): number;
  ticksAt(sample: number): number;
  /** The packet that sounds at a media time. */
  sampleAt(ticks: number): number;
  durations(first: number, end: number): readonly number[];
  runs(first: number, end: number): readonly number[];
}

export async function readTables(window: Window, track: Mp4Track): Promise<SampleTables | "too_large" | null> {
  const boxes = new Map<string, Box>();
  for await (const box of boxesIn(window, track.stbl.bodyOffset, track.stbl.endOffset)) boxes.set(box.name, box);
  const [stts, stsc, stsz] = [boxes.get("stts"), boxes.get("stsc"), boxes.get("stsz")];
  const stco = boxes.get("stco") ?? boxes.get("co64");
  if (stts === undefined || stsc === undefined || stsz === undefined || stco === undefined) return null;
  const totalIndex = [stts, stsc, stsz, stco].reduce((sum, box) => sum + box.endOffset - box.bodyOffset, 0);
  if (totalIndex > MAX_INDEX_BYTES) return "too_large";
  // In the order they lie in, so that one stretch of reading serves all.
  const bodies = new Map<Box, DataView>();
  for (const box of [stts, stsc, stsz, stco].toSorted((left, right) => left.offset - right.offset)) {
    bodies.set(box, viewOf(await boxBody(window, box)));
  }
  const [times, groups, sizes, offsets] = [bodies.get(stts), bodies.get(stsc), bodies.get(stsz), bodies.get(stco)];
  if (times === undefined || groups === undefined || sizes === undefined || offsets === undefined) return null;
  if (sizes.byteLength < 12 || offsets.byteLength < 8 || groups.byteLength < 8 || times.byteLength < 8) return null;

  const samples = sizes.getUint32(8);
  const fixedSize = track.pcm === null ? sizes.getUint32(4) : pcmFrameBytes(track.pcm);
  if (fixedSize === 0 && sizes.byteLength < 12 + samples * 4) return null;
  const sizeAt = (sample: number) => (fixedSize === 0 ? sizes.getUint32(12 + sample * 4) : fixedSize);
  const bytesOf = (first: number, end: number) => {
    if (fixedSize !== 0) return (end - first) * fixedSize;
    let bytes = 0;
    for (let sample = first; sample < end; sample++) bytes += sizeAt(sample);
    return bytes;
  };
  const spans = readSpans(times);
  const places = readPlaces(groups, offsets, stco.name === "co64", samples);

  return {
    samples,
    totalBytes: bytesOf(0, samples),
    fixedSize,
    sizesOffset: stsz.bodyOffset + 12,
    sizeAt,
    ticksAt(sample) {
      const span = lastBy(spans, (other) => other.sample <= sample);
      return span === undefined ? 0 : span.ticks + (sample - span.sample) * span.delta;
    },
    sampleAt(ticks) {
      const span = lastBy(spans, (other) => other.ticks <= ticks);
      if (span === undefined || span.delta === 0) return 0;
      return Math.min(
        samples - 1,
        span.sample + Math.min(span.count - 1, Math.floor((ticks - span.ticks) / span.delta)),
      );
    },
    durations(first, end) {
      return spans.flatMap((span) => {
        const count = Math.min(end, span.sample + span.count) - Math.max(first, span.sample);
        return count > 0 ? [count, span.delta] : [];
      });
    },
    runs(first, end) {
      const runs: number[] = [];
      let runEnd = -1;
      const firstPlace = lastIndexBy(places, (place) => place.sample <= first);
      for (const [index, place] of places.slice(Math.max(0, firstPlace)).entries()) {
        if (place.sample >= end) break;
        const placeEnd = Math.min(end, places[Math.max(0, firstPlace) + index + 1]?.sample ?? samples);
        const from = Math.max(first, place.sample);
        let offset = place.offset;
        offset += bytesOf(place.sample, from);
        const length = bytesOf(from, placeEnd);
        if (offset === runEnd) {
          runs[runs.length - 2] = (runs.at(-2) ?? 0) + length;
          runs[runs.length - 1] = (runs.at(-1) ?? 0) + placeEnd - from;
        } else runs.push(offset, length, placeEnd - from);
        runEnd = offset + length;
      }
      return runs;
    },
  };
}

function readSpans(times: DataView): readonly { sample: number; ticks: number; count: number; delta: number }[] {
  const spans: { sample: number; ticks: number; count: number; delta: number }[] = [];
  let sample = 0;
  let ticks = 0;
  for (let at = 8; at + 8 <= times.byteLength; at += 8) {
    const count = times.getUint32(at);
    const delta = times.getUint32(at + 4);
    if (count > 0) spans.push({ sample, ticks, count, delta });
    sample += count;
    ticks += count * delta;
  }
  return spans;
}

/** Where each stored group of packets lies and which packet is its first. */
function readPlaces(groups: DataView, offsets: DataView, isLong: boolean, samples: number) {
  const places: { readonly sample: number; readonly offset: number }[] = [];
  const count = offsets.getUint32(4);
  let sample = 0;
  let group = 8;
  for (let index = 0; index < count && sample < samples; index++) {
    const at = 8 + index * (isLong ? 8 : 4);
    if (at + (isLong ? 8 : 4) > offsets.byteLength || group + 12 > groups.byteLength) break;
    while (group + 24 <= groups.byteLength && groups.getUint32(group + 12) <= index + 1) group += 12;
    places.push({ sample, offset: isLong ? Number(offsets.getBigUint64(at)) : offsets.getUint32(at) });
    sample += groups.getUint32(group + 4);
  }
  return places;
}

/** Of sorted items, the last that satisfies; by bisection. */
function lastIndexBy<T>(items: readonly T[], satisfies: (item: T) => boolean): number {
  let low = 0;
  let high = items.length;
  while (low < high) {
    const middle = (low + high) >> 1;
    const item = items[middle];
    if (item !== undefined && satisfies(item)) low = middle + 1;
    else high = middle;
  }
  return low - 1;
}

function lastBy<T>(items: readonly T[], satisfies: (item: T) => boolean): T | undefined {
  return items[lastIndexBy(items, satisfies)];
}
