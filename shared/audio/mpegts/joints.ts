import { readWithin, type ByteSource } from "../reading/byte-source.ts";
import { READ_BYTES } from "../chunks/limits.ts";
import { CLOCK_HZ, CLOCK_WRAP, PACKET_BYTES, packetsIn, pcrIn, ptsIn, ticksBetween, type Stamp } from "./packet.ts";
import type { Work } from "../reading/work.ts";

/** The clock that is read. */
export interface Clock {
  /** Null if there is one programme, because a joined file may have other numbers. */
  readonly clockPid: number | null;
  readonly audioPid: number;
}

const MAX_SAMPLES = 32;
const MIN_SAMPLES = 4;
/** The share of the file that may be read to look along it. */
const LOOK_SHARE = 0.05;
const MAX_DOUBTFUL_READS = 24;
const MAX_CERTAIN_READS = 256;
const MIN_WINDOW_BYTES = 20 * 188;
const MAX_WINDOW_BYTES = 64 * 1024;
/** Players treat a longer jump as a new clock. A clock goes back a little if streams of one file are interleaved. */
const JUMP_TICKS = 10 * CLOCK_HZ;
const BACK_TICKS = 2 * CLOCK_HZ;
/** A part is much shorter than one round of the clock, so that each of its times occurs once. */
const LONGEST_PART_TICKS = 0.9 * CLOCK_WRAP;

/**
 * Find where a new clock begins, because files were joined with `cat` or a recorder was started again. The clock is read at places
 * along the file. If it goes back, or ahead by far more than the bytes in between explain, the joint is searched there. A
 * file that is much shorter than the distance between two places can be missed.
 */
export async function findJoints(
  source: ByteSource,
  clock: Clock,
  head: Uint8Array,
  work: Work,
): Promise<readonly number[]> {
  const inHead = stampsIn(head, { base: 0, clock }, work);
  const [first] = inHead;
  if (first === undefined) return [0];
  const spacing = Math.ceil((2 * head.length) / inHead.length);
  const windowBytes = Math.min(MAX_WINDOW_BYTES, Math.max(MIN_WINDOW_BYTES, spacing));
  const looks = Math.floor((source.sizeBytes * LOOK_SHARE) / windowBytes);
  const look = lookAt(source, clock, windowBytes, work);
  const samples: Stamp[] = [first];
  const count = Math.min(MAX_SAMPLES, Math.max(MIN_SAMPLES, looks));
  for (let index = 1; index <= count; index++) {
    const offset = Math.floor((index * (source.sizeBytes - windowBytes)) / count);
    const stamp = offset <= first.offset ? undefined : await look(offset);
    if (stamp !== undefined) samples.push(stamp);
  }
  const place = placeIn(source, clock, work);
  const search = {
    look,
    place,
    windowBytes,
    ticksPerByte: usualPace(samples),
    readsLeft: Math.min(MAX_DOUBTFUL_READS, 8 + looks),
  };
  const starts = [0];
  let partTicks = 0;
  for (const [index, from] of samples.entries()) {
    const to = samples[index + 1];
    if (to === undefined) break;
    const joints = await jointsBetween(search, from, to);
    const ticks = Math.max(0, ticksBetween(from.ticks, to.ticks));
    if (joints.length > 0) partTicks = 0;
    else if (partTicks + ticks > LONGEST_PART_TICKS) {
      starts.push(from.offset);
      partTicks = ticks;
    } else partTicks += ticks;
    starts.push(...joints);
  }
  return starts;
}

interface Search {
  /** Finds the first stamp at or after a place. */
  look(offset: number): Promise<Stamp | undefined>;
  /** Finds where the new file begins, in a stretch that is short enough to be read. */
  place(from: Stamp, to: Stamp): Promise<number | null>;
  readonly ticksPerByte: number;
  readsLeft: number;
}

function lookAt(source: ByteSource, clock: Clock, windowBytes: number, work: Work): Search["look"] {
  return async (offset) => {
    let at = offset;
    for (const length of [windowBytes, 3 * windowBytes]) {
      const [stamp] = stampsIn(await readWithin(source, at, length), { base: at, clock }, work);
      if (stamp !== undefined) return stamp;
      at += length;
    }
    return undefined;
  };
}

function placeIn(source: ByteSource, clock: Clock, work: Work): Search["place"] {
  return async (from, to) => {
    const base = from.offset;
    const bytes = await readWithin(source, base, to.offset - base + PACKET_BYTES);
    const stamps = stampsIn(bytes, { base, clock }, work);
    const index = stamps.findIndex((stamp, at) => at > 0 && isJump(stamps[at - 1] ?? stamp, stamp));
    const [before, after] = [stamps[index - 1], stamps[index]];
    if (before === undefined || after === undefined) return null;
    // A file begins with its tables, and its first clock follows them at once.
    let place = after.offset;
    for (const { at, pid } of packetsIn(bytes, work)) {
      if (pid === 0 && base + at > before.offset && base + at < after.offset) place = base + at;
    }
    return place;
  };
}

async function jointsBetween(search: Search, from: Stamp, to: Stamp): Promise<readonly number[]> {
  const doubt = doubtOf(from, to, search.ticksPerByte);
  if (doubt === "none" || search.readsLeft <= (doubt === "certain" ? -MAX_CERTAIN_READS : 0)) return [];
  search.readsLeft -= 1;
  const length = to.offset - from.offset;
  const middle = length <= MAX_WINDOW_BYTES ? undefined : await search.look(from.offset + Math.floor(length / 2));
  if (middle === undefined || middle.offset >= to.offset) {
    const place =
      length > (doubt === "certain" ? READ_BYTES : 4 * MAX_WINDOW_BYTES) ? null : await search.place(from, to);
    return place === null ? [] : [place];
  }
  return [...(await jointsBetween(search, from, middle)), ...(await jointsBetween(search, middle, to))];
}

function isJump(from: Stamp, to: Stamp): boolean {
  const ticks = ticksBetween(from.ticks, to.ticks);
  return ticks < -BACK_TICKS || ticks > JUMP_TICKS;
}

/** The bitrate of video differs along a file, so a jump ahead is certain only between two neighbouring stamps. */
function doubtOf(from: Stamp, to: Stamp, ticksPerByte: number): "none" | "some" | "certain" {
  const ticks = ticksBetween(from.ticks, to.ticks);
  const usual = (to.offset - from.offset) * ticksPerByte;
  if (ticks < -BACK_TICKS) return "certain";
  return ticks > JUMP_TICKS + 1.5 * usual || ticks < 0.6 * usual - 2 * JUMP_TICKS ? "some" : "none";
}

function usualPace(samples: readonly Stamp[]): number {
  const paces = samples.flatMap((from, index) => {
    const to = samples[index + 1];
    const ticks = to === undefined ? 0 : ticksBetween(from.ticks, to.ticks);
    return to === undefined || ticks <= 0 ? [] : [ticks / (to.offset - from.offset)];
  });
  return paces.toSorted((left, right) => left - right)[paces.length >> 1] ?? 0;
}

function stampsIn(
  bytes: Uint8Array,
  { base, clock: { clockPid, audioPid } }: { readonly base: number; readonly clock: Clock },
  work: Work,
): readonly Stamp[] {
  const own = pcrIn(bytes, base, clockPid, work);
  return own.length > 0 ? own : ptsIn(bytes, base, audioPid, work);
}
