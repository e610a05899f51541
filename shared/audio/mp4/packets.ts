import * as z from "zod";

import { viewOf } from "../reading/bytes.ts";
import { readWithin, type ByteSource } from "../reading/byte-source.ts";
import { CHUNK_MAX_READS, READ_BYTES } from "../chunks/limits.ts";
import { isUnfinished, isUnwritten } from "../chunks/silence.ts";
import type { LostPacket, TimedPacket } from "./m4a.ts";
import type { SampleTables } from "./tables.ts";
import { ENTRY_BYTES, type Work } from "../reading/work.ts";

/** A chunk stores its piece of the index, so that no chunk reads the whole index again. */
export const IndexedPackets = z.object({
  /** Media time of the first packet, after the edit list. */
  firstTicks: z.number(),
  /** Durations as count, ticks, count, ticks, … */
  durations: z.array(z.number()).readonly(),
  /** Stretches of packets that lie together, as offset, bytes, packets, offset, bytes, packets, … */
  runs: z.array(z.number()).readonly(),
  /** Where the sizes of the packets are (4 bytes each); 0 if all packets have `size`. */
  sizesAt: z.number(),
  size: z.number(),
});
export type IndexedPackets = Readonly<z.infer<typeof IndexedPackets>>;

/** The memory of a packet with its times and its place. */
const PACKET_ENTRIES = 3;

/** The most bytes of a video that are read for the sound in it, as long as enough requests are left to read the parts separately. */
const SPANNED_BYTES = 64 * 1024 * 1024;

/** Requests for one chunk, of which cutting may make 500 (`cutLimits`): one for each third of a second of a minute. */
const MOST_READS = 200;

/** Return the piece of the index for the packets from `first` up to `end`. */
export function describePackets(
  tables: SampleTables,
  { startTicks, first, end }: { readonly startTicks: number; readonly first: number; readonly end: number },
  work: Work,
): IndexedPackets {
  const durations = tables.durations(first, end);
  const runs = tables.runs(first, end);
  work.hold(8 * (durations.length + runs.length));
  return {
    firstTicks: tables.ticksAt(first) - startTicks,
    durations,
    runs,
    sizesAt: tables.fixedSize === 0 ? tables.sizesOffset + first * 4 : 0,
    size: tables.fixedSize,
  };
}

/** Join the packets of two neighbouring chunks, which have some in common. Null if the second does not continue the first. */
export function joinPackets(first: IndexedPackets, next: IndexedPackets): IndexedPackets | null {
  const before = packetsBefore(first, next.firstTicks);
  const runs = runsBefore(first.runs, before, next.runs[0] ?? -1);
  if (before === null || runs === null || (first.sizesAt === 0) !== (next.sizesAt === 0)) return null;
  const sizesAt = first.sizesAt === 0 ? 0 : first.sizesAt + 4 * before;
  if (sizesAt !== next.sizesAt || first.size !== next.size) return null;
  return {
    ...first,
    durations: [...durationsOf(first.durations, before), ...next.durations],
    runs: [...runs, ...next.runs],
  };
}

/** Return the number of packets that begin before a time. Null if no packet begins or ends at it. */
function packetsBefore({ firstTicks, durations }: IndexedPackets, ticks: number): number | null {
  let at = firstTicks;
  let packets = 0;
  for (let index = 0; index + 1 < durations.length && at < ticks; index += 2) {
    const [count = 0, duration = 0] = durations.slice(index, index + 2);
    const taken = duration === 0 ? count : Math.min(count, (ticks - at) / duration);
    packets += taken;
    at += taken * duration;
  }
  return at === ticks && Number.isInteger(packets) ? packets : null;
}

function durationsOf(durations: readonly number[], packets: number): readonly number[] {
  const kept: number[] = [];
  let left = packets;
  for (let index = 0; index + 1 < durations.length && left > 0; index += 2) {
    const [count = 0, duration = 0] = durations.slice(index, index + 2);
    kept.push(Math.min(count, left), duration);
    left -= Math.min(count, left);
  }
  return kept;
}

/** Return the stretches of the first packets. Null if the last of them does not end at this offset. */
function runsBefore(runs: readonly number[], packets: number | null, endOffset: number): readonly number[] | null {
  const kept: number[] = [];
  let left = packets ?? 0;
  for (let index = 0; index + 2 < runs.length && left > 0; index += 3) {
    const [offset = 0, bytes = 0, count = 0] = runs.slice(index, index + 3);
    const taken = Math.min(count, left);
    left -= taken;
    const isWhole = taken === count;
    const isInside = endOffset > offset && endOffset < offset + bytes;
    if (!isWhole && !isInside) return null;
    kept.push(offset, isWhole ? bytes : endOffset - offset, taken);
  }
  return left === 0 ? kept : null;
}

/**
 * Read the packets of a chunk that the file has. Return them with the times of packets that it does not have, because they are after its
 * end or were never written.
 * @param mostReads the most reads for packets. Their sizes need one more.
 */
export async function readPackets(
  source: ByteSource,
  { firstTicks, durations, runs, sizesAt, size: fixedSize }: IndexedPackets,
  work: Work,
  mostReads?: number,
): Promise<{ readonly packets: readonly TimedPacket[]; readonly lost: readonly LostPacket[] }> {
  const stretches = await readRuns(source, runs, work, mostReads);
  const count = stretches.reduce((sum, stretch) => sum + stretch.samples, 0);
  work.keep(count * PACKET_ENTRIES);
  const sizes = sizesAt === 0 ? null : viewOf(await readWithin(source, sizesAt, count * 4));
  const packets: TimedPacket[] = [];
  const lost: LostPacket[] = [];
  let ticks = firstTicks;
  let sample = 0;
  let durationAt = 0;
  let left = durations[0] ?? 0;
  for (const { bytes, samples } of stretches) {
    for (let at = 0, index = 0; index < samples; index++, sample++) {
      const size = sizes === null ? fixedSize : sizes.getUint32(sample * 4);
      for (; left === 0 && durationAt + 2 < durations.length; left = durations[durationAt] ?? 0) durationAt += 2;
      const duration = durations[durationAt + 1] ?? 0;
      const data = bytes.subarray(at, at + size);
      // The file ends here because an upload or a copy was interrupted, or these bytes were never written.
      if (data.length < size || isUnwritten(data)) {
        const before = packets.at(-1);
        if (before !== undefined && before.ticks + before.duration === ticks && isUnfinished(before.data)) {
          packets.pop();
          lost.push(before);
        }
        lost.push({ duration, ticks });
      } else packets.push({ data, duration, ticks });
      ticks += duration;
      left -= 1;
      at += size;
    }
  }
  return { packets, lost };
}

interface Stretch {
  readonly offset: number;
  readonly length: number;
  readonly samples: number;
}

/** Read packets among video in few reads. The widest gaps are skipped. Smaller gaps are read and dropped. */
export async function readRuns(
  source: ByteSource,
  flat: readonly number[],
  work: Work,
  mostReads = CHUNK_MAX_READS - 2,
): Promise<readonly { bytes: Uint8Array; samples: number }[]> {
  const runs: Stretch[] = [];
  for (let at = 0; at + 2 < flat.length; at += 3) {
    runs.push({ offset: flat[at] ?? 0, length: flat[at + 1] ?? 0, samples: flat[at + 2] ?? 0 });
  }
  const gapBefore = (index: number) => {
    const [before, run] = [runs[index - 1], runs[index]];
    return before === undefined || run === undefined ? 0 : Math.abs(run.offset - before.offset - before.length);
  };
  const widest = runs.map((_, index) => index).toSorted((left, right) => gapBefore(right) - gapBefore(left));
  const breaks = new Set(widest.slice(0, mostReads - 1));
  let spannedBytes = runs.reduce(
    (sum, { length }, index) => sum + length + (breaks.has(index) ? 0 : gapBefore(index)),
    0,
  );
  // In camera video there are megabytes between two stretches. More requests are faster than reading them.
  for (const index of widest.slice(mostReads - 1, MOST_READS - 1)) {
    if (spannedBytes <= SPANNED_BYTES) break;
    breaks.add(index);
    spannedBytes -= gapBefore(index);
  }
  const read: { bytes: Uint8Array; samples: number }[] = [];
  for (let from = 0; from < runs.length;) {
    let to = from + 1;
    const base = runs[from]?.offset ?? 0;
    let end = base + (runs[from]?.length ?? 0);
    for (let next = runs[to]; next !== undefined && !breaks.has(to) && next.offset >= end; next = runs[to]) {
      if (next.offset + next.length - base > 2 * READ_BYTES) break; // bounded memory before few reads
      end = next.offset + next.length;
      to += 1;
    }
    // An index may claim more than the file has.
    const length = Math.max(0, Math.min(end, source.sizeBytes) - base);
    work.peak(length / ENTRY_BYTES);
    const bytes = await readWithin(source, base, length);
    for (const run of runs.slice(from, to)) {
      work.visit();
      work.hold(Math.min(run.length, length));
      // Make a copy, because a view would keep the video around it in memory.
      read.push({ bytes: bytes.slice(run.offset - base, run.offset - base + run.length), samples: run.samples });
    }
    from = to;
  }
  return read;
}
