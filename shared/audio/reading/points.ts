import type { Point } from "../chunks/time-map.ts";
import type { Work } from "./work.ts";

/** Places in the order of their offsets, each offset once. Found by time in a few steps, also where times go back. */
export interface Points {
  readonly all: readonly Point[];
  /** Places in order; those whose offset is known already are left out. */
  add(found: readonly Point[]): void;
  /** Where the last place stands that is at or before a time; -1 where none is. */
  lastAt(timeMs: number): number;
}

/**
 * A day of pages a second apart, and a week of what the looks for its chunks show. With more, every second one is dropped:
 * what lies between is looked for again.
 */
const MOST_POINTS = 100_000;

/** More cannot be passed as arguments at once. */
const SHORT_RUN = 1_000;

export function pointsOf(first: readonly Point[], work: Work, onDrop = () => {}): Points {
  let all: Point[] = [];
  /** The earliest time from each place on: it never falls, so it can be searched by halves. */
  let earliest: number[] = [];

  function add(found: readonly Point[]): void {
    for (let from = 0; from < found.length;) {
      // Those that go between two places that are known.
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
    // A tail is moved at some 10 GB a second. To make the list anew takes far longer, so it is for long runs alone.
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

  /** From the last place that is new to the first, and on for as long as that changes anything. */
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

/** How many of so many hold, where all that hold come first. */
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
