// Time that moves only when nothing else can happen. Minutes of backoff, leases and the wait for midnight cost nothing.

export interface Clock {
  now(): number;
  /** Run a function at a time, after all earlier functions for the same time. Returns a function that cancels it. */
  at(timeMs: number, run: () => void | Promise<void>): () => void;
  after(delayMs: number, run: () => void | Promise<void>): () => void;
  /** Let the next thing happen. Returns whether there was one. */
  step(): Promise<boolean>;
}

interface Entry {
  readonly at: number;
  readonly order: number;
  run: (() => void | Promise<void>) | null;
}

const real = { Date, setTimeout: setTimeout.bind(globalThis), clearTimeout: clearTimeout.bind(globalThis) };

/**
 * How many turns of the microtask queue the product gets before the next thing happens. Between two doors, everything that it
 * awaits is in memory, so a fixed number keeps a run repeatable. Work that needs more turns only takes a little longer.
 */
const TURNS = 40;

/** Before time jumps this far, a macrotask makes sure that nothing in the isolate is still pending. */
const JUMP_MS = 200;

export function createClock(startMs: number): Clock {
  let nowMs = startMs;
  let order = 0;
  const heap: Entry[] = [];
  const clock: Clock = {
    now: () => nowMs,
    at(timeMs, run) {
      order += 1;
      const entry: Entry = { at: Math.max(timeMs, nowMs), order, run };
      push(heap, entry);
      return () => {
        entry.run = null;
      };
    },
    after: (delayMs, run) => clock.at(nowMs + delayMs, run),
    async step() {
      for (let turn = 0; turn < TURNS; turn += 1) await Promise.resolve();
      if ((heap[0]?.at ?? 0) - nowMs > JUMP_MS) await macrotask();
      let entry = pop(heap);
      while (entry?.run === null) entry = pop(heap);
      if (entry === undefined) return false;
      nowMs = entry.at;
      await entry.run?.();
      return true;
    },
  };
  return clock;
}

async function macrotask(): Promise<void> {
  await new Promise((resolve) => real.setTimeout(resolve, 0));
}

/** Milliseconds of the machine's own clock. In a Worker it moves only with I/O. */
export function wallMs(): number {
  return real.Date.now();
}

let current: Clock | null = null;

/** Set the clock that the product sees from now on; null restores the machine's. */
export function useClock(clock: Clock | null): void {
  current = clock;
}

class VirtualDate extends Date {
  constructor(...args: unknown[]) {
    if (args.length === 0) super(VirtualDate.now());
    else super(...(args as [number]));
  }

  static override now(): number {
    return current === null ? real.Date.now() : Math.floor(current.now());
  }
}

const callOffs = new Map<number, () => void>();
let timers = 1_000_000_000; // far from the ids that the runtime gives out

/** Control the isolate's time and random numbers. Called once, before anything else runs. */
export function takeOver(random: () => number): void {
  const virtual = {
    Date: VirtualDate,
    setTimeout(run: (...args: unknown[]) => void, delayMs = 0, ...args: unknown[]) {
      if (current === null) return real.setTimeout(run, delayMs, ...args);
      timers += 1;
      const id = timers;
      const callOff = current.after(delayMs, () => {
        callOffs.delete(id);
        run(...args);
      });
      callOffs.set(id, callOff);
      return id;
    },
    clearTimeout(id: number) {
      callOffs.get(id)?.();
      if (!callOffs.delete(id)) real.clearTimeout(id);
    },
  };
  Object.assign(globalThis, virtual);
  Math.random = random;
  crypto.randomUUID = () => {
    const hex = (digits: number) =>
      Math.floor(random() * 16 ** digits)
        .toString(16)
        .padStart(digits, "0");
    return `${hex(8)}-${hex(4)}-4${hex(3)}-8${hex(3)}-${hex(8)}${hex(4)}`;
  };
}

function isBefore(a: Entry, b: Entry): boolean {
  return a.at === b.at ? a.order < b.order : a.at < b.at;
}

function push(heap: Entry[], entry: Entry): void {
  let at = heap.length;
  heap.push(entry);
  while (at > 0) {
    const parent = (at - 1) >> 1;
    const above = heap[parent]!;
    if (!isBefore(entry, above)) break;
    heap[at] = above;
    at = parent;
  }
  heap[at] = entry;
}

function pop(heap: Entry[]): Entry | undefined {
  const top = heap[0];
  const last = heap.pop();
  if (top === undefined || last === undefined || top === last) return top;
  let at = 0;
  for (;;) {
    let child = 2 * at + 1;
    if (child >= heap.length) break;
    if (child + 1 < heap.length && isBefore(heap[child + 1]!, heap[child]!)) child += 1;
    if (!isBefore(heap[child]!, last)) break;
    heap[at] = heap[child]!;
    at = child;
  }
  heap[at] = last;
  return top;
}
