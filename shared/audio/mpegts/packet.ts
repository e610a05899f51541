import { byteAt } from "../reading/bytes.ts";
import type { Work } from "../reading/work.ts";

export const PACKET_BYTES = 188;
export const CLOCK_HZ = 90_000;
/** The clock has 33 bits: it starts again every 26.5 hours. */
export const CLOCK_WRAP = 2 ** 33;
export const SYNC = 0x47;

/** A packet of a stream in a stretch of the file. */
export interface Packet {
  readonly at: number;
  readonly pid: number;
  /** Whether a table or a PES packet begins in it. */
  readonly startsUnit: boolean;
  readonly payloadAt: number;
}

export interface Stamp {
  readonly offset: number;
  readonly ticks: number;
}

/** Whether a file begins with consecutive packets. */
export function isPackets(head: Uint8Array): boolean {
  return [0, 188, 376].every((at) => byteAt(head, at) === SYNC) && !hasTimesBetween(head);
}

/** Whether each packet follows a time of four bytes, as recorders of AVCHD write them. */
export function hasTimesBetween(head: Uint8Array): boolean {
  return [4, 196, 388].every((at) => byteAt(head, at) === SYNC);
}

/** Yield the complete packets. Bytes between them are skipped, because a recorder that loses bytes continues at any place. */
export function* packetsIn(bytes: Uint8Array, work: Work): Generator<Packet, void> {
  for (let at = nextSync(bytes, 0, work); at + PACKET_BYTES <= bytes.length;) {
    work.visit();
    if (bytes[at] !== SYNC) {
      at = nextSync(bytes, at, work);
      continue;
    }
    const startsUnit = (byteAt(bytes, at + 1) & 0x40) !== 0;
    const payloadAt = byteAt(bytes, at + 3) & 0x20 ? at + 5 + byteAt(bytes, at + 4) : at + 4;
    yield { at, pid: pidAt(bytes, at + 1), startsUnit, payloadAt };
    at += PACKET_BYTES;
  }
}

/** Find where packets begin again: three in a row, if there are enough bytes. */
export function nextSync(bytes: Uint8Array, from: number, work: Work): number {
  for (let at = bytes.indexOf(SYNC, from); at !== -1; at = bytes.indexOf(SYNC, at + 1)) {
    work.visit(1 / 4);
    if (syncsOrEnds(bytes, at + PACKET_BYTES) && syncsOrEnds(bytes, at + 2 * PACKET_BYTES)) return at;
  }
  return bytes.length;
}

function syncsOrEnds(bytes: Uint8Array, at: number): boolean {
  return at >= bytes.length || bytes[at] === SYNC;
}

export function pidAt(bytes: Uint8Array, at: number): number {
  return ((byteAt(bytes, at) & 0x1f) << 8) | byteAt(bytes, at + 1);
}

/** Return the places of the PTS and then the DTS of a PES packet. Empty if it has neither. */
export function stampPlaces(bytes: Uint8Array, { at, startsUnit, payloadAt: pes }: Packet): readonly number[] {
  if (!startsUnit) return [];
  if (byteAt(bytes, pes) !== 0 || byteAt(bytes, pes + 1) !== 0 || byteAt(bytes, pes + 2) !== 1) return [];
  const flags = byteAt(bytes, pes + 7) >> 6;
  const places = flags === 3 ? [pes + 9, pes + 14] : flags === 2 ? [pes + 9] : [];
  return places.filter((place) => place + 5 <= at + PACKET_BYTES);
}

export function readStamp(bytes: Uint8Array, at: number): number {
  const high = (byteAt(bytes, at) >> 1) & 7;
  const middle = ((byteAt(bytes, at + 1) << 8) | byteAt(bytes, at + 2)) >> 1;
  const low = ((byteAt(bytes, at + 3) << 8) | byteAt(bytes, at + 4)) >> 1;
  return high * 2 ** 30 + middle * 2 ** 15 + low;
}

export function writeStamp(bytes: Uint8Array, at: number, ticks: number): void {
  const high = Math.floor(ticks / 2 ** 30) & 7;
  const middle = (Math.floor(ticks / 2 ** 15) & 0x7fff) * 2 + 1;
  const low = (ticks & 0x7fff) * 2 + 1;
  bytes.set([(byteAt(bytes, at) & 0xf0) | (high << 1) | 1, middle >> 8, middle & 255, low >> 8, low & 255], at);
}

/** Return the times at which the audio's PES packets play. */
export function ptsIn(bytes: Uint8Array, base: number, pid: number, work: Work): readonly Stamp[] {
  const found: Stamp[] = [];
  for (const packet of packetsIn(bytes, work)) {
    if (packet.pid !== pid) continue;
    const [place] = stampPlaces(bytes, packet);
    if (place !== undefined) found.push({ offset: base + packet.at, ticks: readStamp(bytes, place) });
  }
  return found;
}

/** Return the times of a programme's clock, or of any clock. Everything that plays before such a time comes before it in the stream. */
export function pcrIn(bytes: Uint8Array, base: number, pid: number | null, work: Work): readonly Stamp[] {
  const found: Stamp[] = [];
  for (const { at, pid: of, payloadAt } of packetsIn(bytes, work)) {
    // An adaptation field of at least seven bytes, whose flags say that it has a clock.
    if ((pid !== null && of !== pid) || payloadAt < at + 12 || (byteAt(bytes, at + 5) & 0x10) === 0) continue;
    const high = byteAt(bytes, at + 6) * 2 ** 24 + (byteAt(bytes, at + 7) << 16);
    const low = (byteAt(bytes, at + 8) << 8) | byteAt(bytes, at + 9);
    found.push({ offset: base + at, ticks: (high + low) * 2 + (byteAt(bytes, at + 10) >> 7) });
  }
  return found;
}

/** Return the ticks from one time to another, the shorter way round the clock. */
export function ticksBetween(from: number, to: number): number {
  const ticks = to - from;
  if (ticks >= CLOCK_WRAP / 2) return ticks - CLOCK_WRAP;
  return ticks < -CLOCK_WRAP / 2 ? ticks + CLOCK_WRAP : ticks;
}
