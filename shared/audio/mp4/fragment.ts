import { asciiAt, viewOf } from "../reading/bytes.ts";
import type { Work } from "../reading/work.ts";

export interface Fragment {
  /** Media time of the first packet. */
  readonly startTicks: number;
  readonly ticks: number;
  /** Yields packets one by one, because a header of a few bytes may claim any number of them. */
  packets(): Iterable<FragmentPacket>;
  /** Yields all packets of a run as one. The packets of PCM are samples, tens of thousands in a second. */
  runs(): Iterable<FragmentPacket>;
}

export interface FragmentPacket {
  readonly offset: number;
  readonly size: number;
  readonly duration: number;
}

type Defaults = Pick<FragmentPacket, "size" | "duration">;

/** Bits of the flags of `tfhd` and `trun` (ISO/IEC 14496-12, 8.8). */
const TFHD = { baseOffset: 1, description: 2, duration: 8, size: 16 } as const;
const TRUN = { dataOffset: 1, firstFlags: 4, duration: 0x100, size: 0x200, flags: 0x400, composition: 0x800 } as const;

/**
 * Read a track's part of a fragment's header (`moof`). Null if the fragment does not have the track.
 * @param before the media time at which the previous fragment ends. It is the start of this one if its header does not give a time.
 */
export function readFragment(
  moof: Uint8Array,
  moofOffset: number,
  { trackId, duration, size }: { readonly trackId: number; readonly duration: number; readonly size: number },
  work: Work,
  before: number | null = null,
): Fragment | null {
  for (const traf of children(moof, work)) {
    if (traf.name !== "traf") continue;
    const boxes = [...children(traf.body, work)];
    const tfhd = boxes.find((box) => box.name === "tfhd")?.body;
    if (tfhd === undefined || tfhd.length < 8 || viewOf(tfhd).getUint32(4) !== trackId) continue;
    const head = viewOf(tfhd);
    const flags = head.getUint32(0) & 0xffffff;
    let at = 8;
    let base = moofOffset;
    const own = { duration, size };
    if (flags & TFHD.baseOffset) {
      base = Number(head.getBigUint64(at));
      at += 8;
    }
    if (flags & TFHD.description) at += 4;
    if (flags & TFHD.duration) {
      own.duration = head.getUint32(at);
      at += 4;
    }
    if (flags & TFHD.size) own.size = head.getUint32(at);
    const tfdt = boxes.find((box) => box.name === "tfdt")?.body;
    if (tfdt === undefined && before === null) return null;
    const startTicks = tfdt === undefined ? (before ?? 0) : readTime(tfdt);
    const runs = boxes.filter((box) => box.name === "trun").map((box) => readRun(box.body, base, own));
    if (runs.every((run) => run.count === 0)) return null;
    let ticks = 0;
    for (const run of runs) ticks += ticksOf(run, work);
    return { startTicks, ticks, packets: () => packetsOf(runs, work), runs: () => wholeRuns(runs, work) };
  }
  return null;
}

function readTime(tfdt: Uint8Array): number {
  return tfdt[0] === 1 ? Number(viewOf(tfdt).getBigUint64(4)) : viewOf(tfdt).getUint32(4);
}

function* wholeRuns(runs: readonly Run[], work: Work): Generator<FragmentPacket> {
  for (const run of runs) {
    const { offset, count, own, flags } = run;
    if (flags & TRUN.size) {
      let size = 0;
      for (const packet of packetsOf([run], work)) size += packet.size;
      yield { offset, size, duration: ticksOf(run, work) };
    } else yield { offset, size: count * own.size, duration: ticksOf(run, work) };
  }
}

interface Run {
  readonly view: DataView;
  readonly flags: number;
  readonly count: number;
  /** The place of the first packet's fields, and how many bytes the fields of a packet take. */
  readonly at: number;
  readonly stepBytes: number;
  readonly offset: number;
  readonly own: Defaults;
}

function readRun(trun: Uint8Array, base: number, own: Defaults): Run {
  const view = viewOf(trun);
  const flags = view.getUint32(0) & 0xffffff;
  let at = 8;
  let offset = base;
  if (flags & TRUN.dataOffset) {
    offset += view.getInt32(at);
    at += 4;
  }
  if (flags & TRUN.firstFlags) at += 4;
  const fields = [TRUN.duration, TRUN.size, TRUN.flags, TRUN.composition].filter((bit) => flags & bit).length;
  const stepBytes = 4 * fields;
  const claimed = view.getUint32(4);
  // Without fields for each packet, the size of the box does not limit their number.
  const count = fields === 0 ? claimed : Math.min(claimed, Math.max(0, Math.floor((trun.length - at) / stepBytes)));
  return { view, flags, count, at, stepBytes, offset, own };
}

function ticksOf(run: Run, work: Work): number {
  if (!(run.flags & TRUN.duration)) return run.count * run.own.duration;
  work.visit(run.count);
  let ticks = 0;
  for (let index = 0; index < run.count; index++) ticks += run.view.getUint32(run.at + index * run.stepBytes);
  return ticks;
}

function* packetsOf(runs: readonly Run[], work: Work): Generator<FragmentPacket> {
  for (const { view, flags, count, at, stepBytes, offset: start, own } of runs) {
    let offset = start;
    for (let index = 0; index < count; index++) {
      work.visit();
      const field = at + index * stepBytes;
      const duration = flags & TRUN.duration ? view.getUint32(field) : own.duration;
      const size = flags & TRUN.size ? view.getUint32(field + (flags & TRUN.duration ? 4 : 0)) : own.size;
      yield { offset, size, duration };
      offset += size;
    }
  }
}

function* children(body: Uint8Array, work: Work): Generator<{ readonly name: string; readonly body: Uint8Array }> {
  const view = viewOf(body);
  for (let at = 0; at + 8 <= body.length;) {
    const size = view.getUint32(at);
    work.visit();
    if (size < 8) return;
    yield { name: asciiAt(body, at + 4, 4), body: body.subarray(at + 8, at + size) };
    at += size;
  }
}
