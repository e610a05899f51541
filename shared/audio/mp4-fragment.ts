import { asciiAt, viewOf } from "./bytes.ts";
import type { Work } from "./work.ts";

export interface Fragment {
  /** Media time of the first packet. */
  readonly startTicks: number;
  readonly ticks: number;
  readonly packets: readonly { readonly offset: number; readonly size: number; readonly duration: number }[];
}

/** Bits of the flags of `tfhd` and `trun` (ISO/IEC 14496-12, 8.8). */
const TFHD = { baseOffset: 1, description: 2, duration: 8, size: 16 } as const;
const TRUN = { dataOffset: 1, firstFlags: 4, duration: 0x100, size: 0x200, flags: 0x400, composition: 0x800 } as const;

/** One track's part of a fragment's header (`moof`); null if it has none. */
export function readFragment(
  moof: Uint8Array,
  moofOffset: number,
  { trackId, duration, size }: { readonly trackId: number; readonly duration: number; readonly size: number },
  work: Work,
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
    if (tfdt === undefined) return null;
    const startTicks = tfdt[0] === 1 ? Number(viewOf(tfdt).getBigUint64(4)) : viewOf(tfdt).getUint32(4);
    const packets = boxes.filter((box) => box.name === "trun").flatMap((box) => readRun(box.body, base, own, work));
    if (packets.length === 0) return null;
    return { startTicks, ticks: packets.reduce((sum, packet) => sum + packet.duration, 0), packets };
  }
  return null;
}

function readRun(
  trun: Uint8Array,
  base: number,
  own: { readonly duration: number; readonly size: number },
  work: Work,
) {
  const view = viewOf(trun);
  const flags = view.getUint32(0) & 0xffffff;
  const count = view.getUint32(4);
  let at = 8;
  let offset = base;
  if (flags & TRUN.dataOffset) {
    offset += view.getInt32(at);
    at += 4;
  }
  if (flags & TRUN.firstFlags) at += 4;
  const fields = [TRUN.duration, TRUN.size, TRUN.flags, TRUN.composition].filter((bit) => flags & bit).length;
  const packets: { readonly offset: number; readonly size: number; readonly duration: number }[] = [];
  // Where nothing is said of each packet, the box does not limit their number.
  work.visit(Math.min(count, fields === 0 ? count : Math.floor((trun.length - at) / (4 * fields))));
  for (let index = 0; index < count && at + fields * 4 <= trun.length; index++) {
    const duration = flags & TRUN.duration ? view.getUint32(at) : own.duration;
    const size = flags & TRUN.size ? view.getUint32(at + (flags & TRUN.duration ? 4 : 0)) : own.size;
    packets.push({ offset, size, duration });
    offset += size;
    at += fields * 4;
  }
  return packets;
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
