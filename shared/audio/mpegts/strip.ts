import type { Lost } from "../chunks/chunk.ts";
import { byteAt, concatBytes } from "../reading/bytes.ts";
import {
  CLOCK_HZ,
  CLOCK_WRAP,
  nextSync,
  type Packet,
  PACKET_BYTES,
  packetsIn,
  readStamp,
  stampPlaces,
  writeStamp,
} from "./packet.ts";
import type { Strip } from "../chunks/spliced.ts";
import type { Work } from "../reading/work.ts";

/** Time zero on the clock of the kept packets. Sound that plays a little earlier still has a positive time. */
export const STRIPPED_ZERO_MS = 60_000;
const STRIPPED_ZERO = (STRIPPED_ZERO_MS / 1000) * CLOCK_HZ;

/** Return the ticks since time zero. They are negative a little before it. Far before it, the clock has started again. */
export function ticksSince(zeroTicks: number, ticks: number): number {
  const since = (ticks - zeroTicks + CLOCK_WRAP) % CLOCK_WRAP;
  return since >= CLOCK_WRAP - STRIPPED_ZERO ? since - CLOCK_WRAP : since;
}

export interface Stripping {
  readonly audioPid: number;
  readonly zeroTicks: number;
  readonly fromMs?: number;
}

/**
 * Keep only the audio's packets, on a clock that starts at time zero, so that it does not start again in between. Packets
 * before `fromMs` are left out, because a packet before a pause would seem to last through it.
 */
export function stripTs({ audioPid, zeroTicks, fromMs = -STRIPPED_ZERO_MS }: Stripping, work: Work): Strip {
  const fromTicks = (fromMs / 1000) * CLOCK_HZ;
  let isEarly = false;
  const times = lossesIn();
  let held: Uint8Array = new Uint8Array();
  return {
    push(piece) {
      const bytes = concatBytes([held, piece]);
      const kept: Uint8Array[] = [];
      let end = nextSync(bytes, 0, work);
      for (const packet of packetsIn(bytes, work)) {
        end = packet.at + PACKET_BYTES;
        if (packet.pid !== audioPid) continue;
        times.see(bytes, packet);
        for (const [index, place] of stampPlaces(bytes, packet).entries()) {
          const ticks = ticksSince(zeroTicks, readStamp(bytes, place));
          if (index === 0) {
            isEarly = ticks < fromTicks;
            times.begin(ticks);
          }
          writeStamp(bytes, place, ticks + STRIPPED_ZERO);
        }
        if (isEarly) continue;
        work.hold(PACKET_BYTES);
        kept.push(bytes.subarray(packet.at, packet.at + PACKET_BYTES));
      }
      // This is less than a packet, unless the bytes are not packets.
      held = bytes.slice(Math.max(end, bytes.length - 3 * PACKET_BYTES));
      return concatBytes(kept);
    },
    lost: times.lost,
  };
}

/** Find where packets of the audio are missing. Packets have consecutive numbers. */
function lossesIn() {
  const lost: Lost[] = [];
  let number: number | null = null;
  let unitTicks = 0;
  let isLosing = false;
  return {
    see(bytes: Uint8Array, { at }: Packet): void {
      const control = byteAt(bytes, at + 3);
      // A packet without payload repeats the previous number. Any packet may be sent twice.
      const own = control & 15;
      const hasPayload = (control & 0x10) !== 0;
      if (number !== null && own !== number && hasPayload && own !== ((number + 1) & 15)) isLosing = true;
      number = own;
    },
    begin(ticks: number): void {
      if (isLosing) lost.push({ startMs: msOf(unitTicks), endMs: msOf(ticks) });
      isLosing = false;
      unitTicks = ticks;
    },
    lost: () => (isLosing ? [...lost, { startMs: msOf(unitTicks), endMs: Infinity }] : lost),
  };
}

function msOf(ticks: number): number {
  return (ticks / CLOCK_HZ) * 1000;
}
