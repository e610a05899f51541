import { pointsOf } from "../reading/points.ts";
import type { Point } from "../chunks/time-map.ts";
import type { Work } from "../reading/work.ts";

/** Finds frames by time in FLAC, whose bytes per second vary from next to nothing (digital silence) to all there are. */
export interface FlacMap {
  /** A frame that begins at or before a time, near it in time or in bytes. */
  locate(timeMs: number): Promise<Point>;
}

const NEAR_MS = 1_000;
/** Sooner read through than looked into. */
const NEAR_BYTES = 48 * 1024;
const MAX_LOOKS = 14;

/**
 * @param known frames in order, the first of all among them.
 * @param end where the last of them ends.
 * @param look the first frame at or after an offset.
 */
export function flacMap(
  known: readonly Point[],
  end: Point,
  look: (offset: number) => Promise<Point | null>,
  work: Work,
): FlacMap {
  const points = pointsOf(known, work);
  const first = known[0] ?? { offset: 0, timeMs: 0 };
  return {
    async locate(timeMs) {
      const at = points.lastAt(timeMs);
      let low = points.all[at] ?? first;
      let high = points.all[Math.max(0, at) + 1] ?? end;
      // No frame begins between this and `high`.
      let highOffset = high.offset;
      for (let looks = 0; looks < MAX_LOOKS; looks++) {
        if (timeMs - low.timeMs <= NEAR_MS || highOffset - low.offset <= NEAR_BYTES) break;
        // By the bitrate in between first, early rather than late; where that was no help, by halves.
        const share = (timeMs - NEAR_MS / 2 - low.timeMs) / Math.max(1, high.timeMs - low.timeMs);
        const guess = Math.floor(low.offset + (highOffset - low.offset) * (looks % 2 === 0 ? share : 0.5));
        const found = await look(guess);
        if (found === null || found.timeMs <= low.timeMs || found.timeMs >= high.timeMs) {
          highOffset = guess;
          continue;
        }
        points.add([found]);
        if (found.timeMs <= timeMs) low = found;
        else {
          high = found;
          highOffset = guess;
        }
      }
      return low;
    },
  };
}
