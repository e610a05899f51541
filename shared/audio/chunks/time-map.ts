import { pointsOf, type Point } from "../reading/points.ts";
import type { Work } from "../reading/work.ts";

export interface TimeMap {
  readonly points: readonly Point[];
  add(points: readonly Point[]): void;
  /** The first known point at or after a time. */
  after(timeMs: number): Point | undefined;
  /** The last known point at or before a time, near it if the file lets it be found. */
  locate(timeMs: number): Promise<Point>;
}

const MAX_LOOKS = 6;

/** Find bytes by time without an index. It interpolates between known places, because the bitrate differs along a file. */
export function timeMap(
  start: Point,
  end: Point,
  { nearMs, look }: { readonly nearMs: number; readonly look: (offset: number) => Promise<readonly Point[]> },
  work: Work,
): TimeMap {
  /** Points that are directly followed by another known point. There is nothing left to find between them. */
  const isFollowed = new Set<number>();
  const known = pointsOf([start, end], work, () => isFollowed.clear());
  let spacingMs = nearMs / 2;
  const bytesPerMs = (end.offset - start.offset) / Math.max(1, end.timeMs - start.timeMs);

  function add(found: readonly Point[]): void {
    for (const [index, point] of found.entries()) {
      const next = found[index + 1];
      if (next === undefined) continue;
      isFollowed.add(point.offset);
      spacingMs = Math.max(spacingMs, next.timeMs - point.timeMs);
    }
    known.add(found.filter(({ offset }) => offset > start.offset && offset < end.offset));
  }

  return {
    get points() {
      return known.all;
    },
    add,
    after: (timeMs) => known.all[known.lastAt(timeMs - 1e-6) + 1],
    async locate(timeMs) {
      let backMs = 1.1 * spacingMs;
      for (let looks = 0; looks < MAX_LOOKS; looks++) {
        const at = known.lastAt(timeMs);
        const low = known.all[at] ?? start;
        const high = known.all[Math.max(0, at) + 1];
        const isThere = timeMs - low.timeMs <= nearMs || timeMs < (low.untilMs ?? 0) || isFollowed.has(low.offset);
        if (high === undefined || isThere) return low;
        const share = (timeMs - low.timeMs) / Math.max(1, high.timeMs - low.timeMs);
        // Each guess is earlier than the previous one, because a place after the time is not useful.
        const guess = Math.floor(low.offset + share * (high.offset - low.offset) - backMs * bytesPerMs);
        backMs = Math.max(2 * backMs, 1.1 * spacingMs);
        if (guess <= low.offset && low.offset !== start.offset) return low;
        add(await look(Math.max(start.offset, guess)));
        if (guess <= start.offset) break;
      }
      return known.all[known.lastAt(timeMs)] ?? start;
    },
  };
}
