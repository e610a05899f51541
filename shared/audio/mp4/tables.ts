import { viewOf } from "../reading/bytes.ts";
import { MAX_INDEX_BYTES } from "../chunks/limits.ts";
import { boxBody, boxesIn, type Box } from "./boxes.ts";
import type { Mp4Track } from "./track.ts";
import { pcmFrameBytes } from "../wav/pcm.ts";
import { partition } from "../reading/points.ts";
import type { Window } from "../reading/window.ts";
import type { Work } from "../reading/work.ts";

/** The sum of the sizes is kept for every 128th packet. */
const SUM_SAMPLES = 128;

/** The packets of a track, and their places. Only the audio track's tables are loaded: 2 MB for three hours. */
export interface SampleTables {
  readonly samples: number;
  readonly totalBytes: number;
  /** The number of runs of packets with the same duration. */
  readonly spans: number;
  /** The size of all packets; 0 if sizes differ. They are then at `sizesOffset`, 4 bytes each. */
  readonly fixedSize: number;
  readonly sizesOffset: number;
  sizeAt(sample: number): number;
  ticksAt(sample: number): number;
  /** Return the packet that sounds at a media time. */
  sampleAt(ticks: number): number;
  /** Return the packet after the last one that is completely within a file of this size; 0 if none is. */
  endWithin(sizeBytes: number): number;
  durations(first: number, end: number): readonly number[];
  runs(first: number, end: number): readonly number[];
}

export async function readTables(
  window: Window,
  track: Mp4Track,
  work: Work,
): Promise<SampleTables | "too_large" | null> {
  const boxes = new Map<string, Box>();
  for await (const box of boxesIn(window, track.stbl.bodyOffset, track.stbl.endOffset, work)) boxes.set(box.name, box);
  const [stts, stsc, stsz] = [boxes.get("stts"), boxes.get("stsc"), boxes.get("stsz")];
  const stco = boxes.get("stco") ?? boxes.get("co64");
  if (stts === undefined || stsc === undefined || stsz === undefined || stco === undefined) return null;
  const totalIndex = [stts, stsc, stsz, stco].reduce((sum, box) => sum + box.endOffset - box.bodyOffset, 0);
  if (totalIndex > MAX_INDEX_BYTES) return "too_large";
  work.hold(totalIndex);
  // Read them in the order of the file, so that one read can serve several.
  const bodies = new Map<Box, DataView>();
  for (const box of [stts, stsc, stsz, stco].toSorted((left, right) => left.offset - right.offset)) {
    bodies.set(box, viewOf(await boxBody(window, box)));
  }
  const [times, groups, sizes, offsets] = [bodies.get(stts), bodies.get(stsc), bodies.get(stsz), bodies.get(stco)];
  if (times === undefined || groups === undefined || sizes === undefined || offsets === undefined) return null;
  if (sizes.byteLength < 12 || offsets.byteLength < 8 || groups.byteLength < 8 || times.byteLength < 8) return null;

  const samples = sizes.getUint32(8);
  const fixedSize = fixedSizeOf(sizes.getUint32(4), track);
  if (fixedSize === 0 && sizes.byteLength < 12 + samples * 4) return null;
  const sizeAt = (sample: number) => (fixedSize === 0 ? sizes.getUint32(12 + sample * 4) : fixedSize);
  const bytesUpTo = fixedSize === 0 ? sumsOf(samples, sizeAt, work) : (sample: number) => sample * fixedSize;
  const bytesOf = (first: number, end: number) => bytesUpTo(end) - bytesUpTo(first);
  work.claim(bytesUpTo(samples));
  const spans = readSpans(times, samples, work);
  const places = readPlaces(groups, offsets, { isLong: stco.name === "co64", samples }, work);

  return {
    samples,
    totalBytes: bytesOf(0, samples),
    spans: spans.samples.length,
    fixedSize,
    sizesOffset: stsz.bodyOffset + 12,
    sizeAt,
    ticksAt(sample) {
      const span = lastAtMost(spans.samples, sample);
      return (spans.ticks[span] ?? 0) + (sample - (spans.samples[span] ?? 0)) * spans.delta(span);
    },
    sampleAt(ticks) {
      const span = lastAtMost(spans.ticks, ticks);
      const [first = 0, next = samples] = spans.samples.subarray(span, span + 2);
      const delta = spans.delta(span);
      const into = delta === 0 ? 0 : Math.floor((ticks - (spans.ticks[span] ?? 0)) / delta);
      return Math.max(0, Math.min(samples - 1, next - 1, first + into));
    },
    endWithin(sizeBytes) {
      // In almost every file, the last place ends within the file.
      let last = 0;
      for (let place = 1; place < places.offsets.length; place++)
        if ((places.offsets[place] ?? 0) > (places.offsets[last] ?? 0)) last = place;
      const endOf = (place: number) => places.samples[place + 1] ?? samples;
      const lengthOf = (place: number) => bytesOf(places.samples[place] ?? 0, endOf(place));
      if ((places.offsets[last] ?? 0) + lengthOf(last) <= sizeBytes) return endOf(places.samples.length - 1);
      for (let place = places.samples.length - 1; place >= 0; place--) {
        work.visit(SUM_SAMPLES / 32);
        const left = sizeBytes - (places.offsets[place] ?? 0);
        if (left <= 0) continue;
        const [from, end] = [places.samples[place] ?? 0, endOf(place)];
        const whole = partition(end - from, (index) => bytesOf(from, from + index + 1) <= left);
        if (whole > 0) return from + whole;
      }
      return 0;
    },
    durations(first, end) {
      const durations: number[] = [];
      for (let span = lastAtMost(spans.samples, first); span < spans.samples.length; span++) {
        work.visit();
        const [from = 0, next = samples] = spans.samples.subarray(span, span + 2);
        if (from >= end) break;
        durations.push(Math.min(end, next) - Math.max(first, from), spans.delta(span));
      }
      return durations;
    },
    runs(first, end) {
      const runs: number[] = [];
      let runEnd = -1;
      for (let place = lastAtMost(places.samples, first); place < places.samples.length; place++) {
        work.visit(SUM_SAMPLES / 32);
        const [placeStart = 0, next = samples] = places.samples.subarray(place, place + 2);
        if (placeStart >= end) break;
        const placeEnd = Math.min(end, next);
        const from = Math.max(first, placeStart);
        const offset = (places.offsets[place] ?? 0) + bytesOf(placeStart, from);
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

// Ten hours may have a million entries in each table. As arrays of numbers they fit in an isolate. As objects they would not.

/**
 * Return the size of all packets; 0 if each has its own. A packet of PCM is one or more frames. QuickTime also writes 1, or the size
 * of a single channel's sample, for a frame.
 */
function fixedSizeOf(said: number, { pcm }: Mp4Track): number {
  if (pcm === null || said === 0) return said;
  const frameBytes = pcmFrameBytes(pcm);
  return said % frameBytes === 0 ? said : frameBytes;
}

/** Read the runs of packets with the same duration: the first packet of each, and when it begins. */
function readSpans(times: DataView, samples: number, work: Work) {
  const entries = Math.floor((times.byteLength - 8) / 8);
  work.visit(entries);
  work.hold(entries * 16);
  const starts = new Uint32Array(entries);
  const ticks = new Float64Array(entries);
  const deltas = new Uint32Array(entries);
  let count = 0;
  for (let entry = 0, sample = 0, tick = 0; entry < entries && sample < samples; entry++) {
    const next = Math.min(samples, sample + times.getUint32(8 + entry * 8));
    if (next === sample) continue; // it has no packets
    const delta = times.getUint32(12 + entry * 8);
    starts[count] = sample;
    ticks[count] = tick;
    deltas[count] = delta;
    count += 1;
    tick += (next - sample) * delta;
    sample = next;
  }
  return {
    samples: starts.subarray(0, count),
    ticks: ticks.subarray(0, count),
    delta: (span: number) => deltas[span] ?? 0,
  };
}

/** Read the place and the first packet of each stored group of packets. */
function readPlaces(
  groups: DataView,
  offsets: DataView,
  { isLong, samples }: { readonly isLong: boolean; readonly samples: number },
  work: Work,
) {
  const entryBytes = isLong ? 8 : 4;
  const entries = Math.min(offsets.getUint32(4), Math.floor((offsets.byteLength - 8) / entryBytes));
  work.visit(entries);
  work.hold(entries * 12);
  const starts = new Uint32Array(entries);
  const places = new Float64Array(entries);
  let count = 0;
  for (let entry = 0, sample = 0, group = 8; entry < entries && sample < samples; entry++) {
    if (group + 12 > groups.byteLength) break;
    for (; group + 24 <= groups.byteLength && groups.getUint32(group + 12) <= entry + 1; group += 12) work.visit();
    const next = Math.min(samples, sample + groups.getUint32(group + 4));
    if (next === sample) continue; // it has no packets
    const at = 8 + entry * entryBytes;
    starts[count] = sample;
    places[count] = isLong ? Number(offsets.getBigUint64(at)) : offsets.getUint32(at);
    count += 1;
    sample = next;
  }
  return { samples: starts.subarray(0, count), offsets: places.subarray(0, count) };
}

/** Return a function that gives the sum of the sizes before a packet. Some sums are stored, and the others are computed from them. */
function sumsOf(samples: number, sizeAt: (sample: number) => number, work: Work): (sample: number) => number {
  work.visit(samples / 4);
  const known = new Float64Array(Math.floor(samples / SUM_SAMPLES) + 1);
  let sum = 0;
  for (let sample = 0; sample < samples; sample++) {
    if (sample % SUM_SAMPLES === 0) known[sample / SUM_SAMPLES] = sum;
    sum += sizeAt(sample);
  }
  const total = sum;
  return (sample) => {
    if (sample >= samples) return total;
    const from = sample - (sample % SUM_SAMPLES);
    let upTo = known[from / SUM_SAMPLES] ?? 0;
    for (let next = from; next < sample; next++) upTo += sizeAt(next);
    return upTo;
  };
}

/** Return the index of the last of ascending numbers that is not above `value`; 0 if all are above it. */
function lastAtMost(numbers: Uint32Array | Float64Array, value: number): number {
  let low = 0;
  let high = numbers.length;
  while (low < high) {
    const middle = (low + high) >> 1;
    if ((numbers[middle] ?? Infinity) <= value) low = middle + 1;
    else high = middle;
  }
  return Math.max(0, low - 1);
}
