/**
 * Limits how many bytes of media are held at once. All tasks of an isolate share its 128 MB, whichever batch they came with:
 * ten long recordings would end the isolate, and with it every other task.
 */
export interface MemoryLimit {
  /** Run `work` when `bytes` are free, in the order of the calls. A call for more than the whole limit runs alone. */
  hold<T>(bytes: number, work: () => Promise<T>): Promise<T>;
}

/**
 * A consumer ends after fifteen minutes of wall time. If it was ended from outside, its `finally` never runs, so what it held
 * is free again after this time.
 */
const MAX_HELD_MS = 16 * 60_000;

/** How often a waiting task checks whether bytes are free that were never given back. */
const LOOK_EVERY_MS = 1000;

/**
 * A waiting task that has not checked for this long is removed from the line: its invocation has ended, and its timers with it.
 * Ten checks, because an isolate that cuts a recording may do nothing else for some seconds. A task that was only late loses
 * only its place: it goes to the end of the line at its next check.
 */
const UNSEEN_MS = 10 * LOOK_EVERY_MS;

interface Share {
  readonly bytes: number;
  readonly since: number;
  /** Whether the task that got the share has continued: a task whose invocation has ended never does. */
  isTaken: boolean;
}

interface Waiting {
  readonly bytes: number;
  readonly start: (share: Share) => void;
  lookedAt: number;
}

/**
 * @param now epoch milliseconds.
 * @param maxHeldMs after this time, bytes are free again that their holder has not given back.
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

  // First come, first served: a large call is not starved by small ones.
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
      // Another task got the share if this one was so late that its invocation seemed to have ended.
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
