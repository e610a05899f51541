import type { Work } from "./work.ts";

/** A place where reading can begin, and the time of the audio there. */
export interface Point {
  readonly offset: number;
  readonly timeMs: number;
  /** The time until which nothing else begins, if the place itself stores it. */
  readonly untilMs?: number;
}

/** Places in the order of their offsets, with each offset once. A time is found in a few steps, even if times go back. */
export interface Points {
  readonly all: readonly Point[];
  /** Add places, which must be in order. Places with a known offset are left out. */
  add(found: readonly Point[]): void;
  /** Return the index of the last place that is at or before a time; -1 if none is. */
  lastAt(timeMs: number): number;
}

/**
 * Enough for a day of pages a second apart, and for all places found during the search for a week of chunks. With more,
 * every second place is dropped, and can be searched again.
 */
const MOST_POINTS = 100_000;

/** The most places that are passed as arguments at once. */
const SHORT_RUN = 1_000;

export function pointsOf(first: readonly Point[], work: Work, onDrop = () => {}): Points {
  let all: Point[] = [];
  /** The earliest time from each place on. It never decreases, so a binary search works. */
  let earliest: number[] = [];

  function add(found: readonly Point[]): void {
    for (let from = 0; from < found.length;) {
      // The found places that belong between the same two known places.
      const at = firstFrom(found[from]?.offset ?? 0);
      const until = all[at]?.offset ?? Infinity;
      const run: Point[] = [];
      let lastOffset = -1;
      for (let point = found[from]; point !== undefined; point = found[from]) {
        if (point.offset >= until || (run.length > 0 && point.offset < lastOffset)) break;
        if (point.offset !== lastOffset) run.push(point);
        lastOffset = point.offset;
        from += 1;
      }
      if (run.length === 0) from += 1; // known already
      else insert(at, run);
    }
  }

  function insert(at: number, run: readonly Point[]): void {
    work.keep(run.length);
    // Moving a tail runs at about 10 GB a second. Copying the list takes far longer, so it is done only for long runs.
    const isShort = run.length <= SHORT_RUN;
    work.visit(run.length + (isShort ? (all.length - at) / 256 : all.length / 16));
    if (isShort) {
      all.splice(at, 0, ...run);
      earliest.splice(at, 0, ...run.map(() => 0));
    } else {
      all = [...all.slice(0, at), ...run, ...all.slice(at)];
      earliest = [...earliest.slice(0, at), ...run.map(() => 0), ...earliest.slice(at)];
    }
    reckon(at + run.length - 1, at);
    if (all.length > MOST_POINTS) drop();
  }

  /** Recompute `earliest` from the last new place to the first, and on until nothing changes. */
  function reckon(from: number, sureTo: number): void {
    for (let index = from; index >= 0; index--) {
      const time = Math.min(all[index]?.timeMs ?? Infinity, earliest[index + 1] ?? Infinity);
      if (index < sureTo && time === earliest[index]) return;
      work.visit(1 / 8);
      earliest[index] = time;
    }
  }

  function drop(): void {
    all = all.filter((_, index) => index % 2 === 0 || index === all.length - 1);
    earliest = all.map(() => 0);
    work.keep(-MOST_POINTS / 2);
    reckon(all.length - 1, 0);
    onDrop();
  }

  function firstFrom(offset: number): number {
    return partition(all.length, (index) => (all[index]?.offset ?? Infinity) < offset);
  }

  add(first);
  return {
    get all() {
      return all;
    },
    add,
    lastAt: (timeMs) => partition(earliest.length, (index) => (earliest[index] ?? Infinity) <= timeMs) - 1,
  };
}

/** Return how many of `count` indexes hold, if all that hold come first. */
export function partition(count: number, holds: (index: number) => boolean): number {
  let low = 0;
  let high = count;
  while (low < high) {
    const middle = (low + high) >> 1;
    if (holds(middle)) low = middle + 1;
    else high = middle;
  }
  return low;
}
