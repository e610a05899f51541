/**
 * How many bytes of media may be held at once. Every task of an isolate shares its 128 MB, whichever batch it came with: ten
 * long recordings would end the isolate, and with it every neighbour.
 */
export interface MemoryLimit {
  /** Run `work` when `bytes` are free, in the order of asking. More than the whole limit runs alone. */
  hold<T>(bytes: number, work: () => Promise<T>): Promise<T>;
}

/**
 * A consumer ends after fifteen minutes of wall time. What one held that was ended from outside is free again after this: its
 * `finally` never runs.
 */
const MAX_HELD_MS = 16 * 60_000;

/** How often a waiting task looks for itself whether bytes are free that nobody gave back. */
const LOOK_EVERY_MS = 1000;

/**
 * A waiting task that has not looked for this long is taken out of the line: its invocation has ended, and its timers with it.
 * Ten looks, since an isolate that cuts a recording may do nothing else for some seconds. One that was only late loses no more
 * than its place: it goes to the end of the line at its next look.
 */
const UNSEEN_MS = 10 * LOOK_EVERY_MS;

interface Share {
  readonly bytes: number;
  readonly since: number;
  /** Whether the task that was given it has gone on: one whose invocation has ended never does. */
  isTaken: boolean;
}

interface Waiting {
  readonly bytes: number;
  readonly start: (share: Share) => void;
  lookedAt: number;
}

/**
 * @param now epoch milliseconds.
 * @param maxHeldMs after this, bytes are free again whose holder has not given them back.
 */
export function memoryLimit(
  totalBytes: number,
  now: () => number = Date.now,
  maxHeldMs: number = MAX_HELD_MS,
): MemoryLimit {
  const held = new Set<Share>();
  let line: readonly Waiting[] = [];

  function freeBytes(): number {
    let free = totalBytes;
    for (const share of held) {
      if (now() - share.since > (share.isTaken ? maxHeldMs : UNSEEN_MS)) held.delete(share);
      else free -= share.bytes;
    }
    return free;
  }

  // First come, first served: a large one is not starved by small ones.
  function admit(): void {
    line = line.filter(({ lookedAt }) => now() - lookedAt <= UNSEEN_MS);
    for (let next = line[0]; next !== undefined && next.bytes <= freeBytes(); next = line[0]) {
      line = line.slice(1);
      const share = { bytes: next.bytes, since: now(), isTaken: false };
      held.add(share);
      next.start(share);
    }
  }

  async function turn(bytes: number): Promise<Share> {
    let hasStarted = false;
    return new Promise<Share>((resolve) => {
      const start = (share: Share) => {
        hasStarted = true;
        resolve(share);
      };
      const waiting: Waiting = { bytes, start, lookedAt: now() };
      const look = () => {
        if (hasStarted) return;
        waiting.lookedAt = now();
        if (!line.includes(waiting)) line = [...line, waiting];
        admit();
        setTimeout(look, LOOK_EVERY_MS);
      };
      look();
    });
  }

  return {
    async hold(bytes, work) {
      const wanted = Math.min(bytes, totalBytes);
      let share = await turn(wanted);
      // It was given to somebody else if this task was so late that its invocation seemed to have ended.
      while (!held.has(share)) share = await turn(wanted);
      share.isTaken = true;
      try {
        return await work();
      } finally {
        held.delete(share);
        admit();
      }
    },
  };
}
