import { pointsOf, type Point } from "../reading/points.ts";
import type { Work } from "../reading/work.ts";

/** Finds frames by time in FLAC. Its bitrate varies between almost zero (digital silence) and that of PCM. */
export interface FlacMap {
  /** A frame that begins at or before a time, near it in time or in bytes. */
  locate(timeMs: number): Promise<Point>;
}

const NEAR_MS = 1_000;
/** Reading this many bytes takes no longer than another look. */
const NEAR_BYTES = 48 * 1024;
const MAX_LOOKS = 14;

/**
 * @param known frames in order; the first frame of the file is one of them.
 * @param end where the last frame of the file ends.
 * @param look finds the first frame at or after an offset.
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
        // The first guess uses the bitrate in between, and is early rather than late. Every second guess halves the range.
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
