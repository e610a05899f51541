import { CUTS_HELD_BYTES } from "../../shared/audio/chunks/limits.ts";
import { SOURCE_BYTES_IN_FLIGHT } from "../../shared/limits.ts";

/**
 * How many bytes of media may be held at once. Every task of an isolate shares its 128 MB, whichever batch it came with: ten
 * long recordings would end the isolate, and with it every neighbour.
 */
export interface MemoryLimit {
  /** Run `work` when `bytes` are free, in the order of asking. More than the whole limit runs alone. */
  hold<T>(bytes: number, work: () => Promise<T>): Promise<T>;
}

/** What the tasks of one isolate share. */
export interface IsolateMemory {
  /** For media that a model is working on. */
  readonly sources: MemoryLimit;
  /** For cutting media up. */
  readonly cuts: MemoryLimit;
}

/** Once an isolate: it may run several batches at once. */
export function isolateMemory(): IsolateMemory {
  return { sources: memoryLimit(SOURCE_BYTES_IN_FLIGHT), cuts: memoryLimit(CUTS_HELD_BYTES) };
}

/**
 * A consumer ends after fifteen minutes of wall time. What one held that was ended from outside is free again after this: its
 * `finally` never runs.
 */
const MAX_HELD_MS = 16 * 60_000;

/** How often a waiting task looks for itself whether bytes are free that nobody gave back. */
const LOOK_EVERY_MS = 1000;

interface Share {
  readonly bytes: number;
  readonly since: number;
}

/** @param now epoch milliseconds. */
export function memoryLimit(totalBytes: number, now: () => number = Date.now): MemoryLimit {
  const held = new Set<Share>();
  const waiting: { readonly bytes: number; readonly start: (share: Share) => void }[] = [];

  function freeBytes(): number {
    let free = totalBytes;
    for (const share of held) {
      if (now() - share.since > MAX_HELD_MS) held.delete(share);
      else free -= share.bytes;
    }
    return free;
  }

  // First come, first served: a large one is not starved by small ones.
  function admit(): void {
    for (let next = waiting[0]; next !== undefined && next.bytes <= freeBytes(); next = waiting[0]) {
      waiting.shift();
      const share = { bytes: next.bytes, since: now() };
      held.add(share);
      next.start(share);
    }
  }

  return {
    async hold(bytes, work) {
      const share = await new Promise<Share>((start) => {
        waiting.push({ bytes: Math.min(bytes, totalBytes), start });
        admit();
        const look = () => {
          if (!waiting.some((one) => one.start === start)) return;
          admit();
          setTimeout(look, LOOK_EVERY_MS);
        };
        setTimeout(look, LOOK_EVERY_MS);
      });
      try {
        return await work();
      } finally {
        held.delete(share);
        admit();
      }
    },
  };
}
