import { DamagedSource, type ChunkPlan } from "./chunk.ts";
import type { CallLimits } from "./call-limits.ts";
import type { Work } from "../reading/work.ts";
import {
  CHUNK_MIN_MS,
  MAX_DURATION_MS,
  OVERLAP_MS,
  PLANNED_SHARE,
  QUIET_OVERLAP_MS,
  QUIET_RATIO,
  QUIET_SEARCH_MS,
  QUIET_WINDOW_MS,
} from "./limits.ts";

/** How much sounds at a time: bytes of a packet, or amplitude. */
export interface Loudness {
  readonly timeMs: number;
  readonly weight: number;
}

interface Cut {
  readonly atMs: number;
  readonly overlapMs: number;
}

/** How loud the source is between two times; an empty list where that would cost too much to find out. */
export type Listen = (fromMs: number, toMs: number) => Promise<readonly Loudness[]> | readonly Loudness[];

/** The longest chunk that respects both limits, for output of this many bytes a second. */
export function longestChunkMs(outputBytesPerSecond: number, { maxMs, maxBytes }: CallLimits): number {
  const byBytes = ((PLANNED_SHARE * maxBytes) / Math.max(1, outputBytesPerSecond)) * 1000;
  return Math.max(CHUNK_MIN_MS, Math.min(maxMs, Math.floor(byBytes)));
}

/** Tile 0..durationMs in whole milliseconds, a call to a model for each. The same loudness gives the same cuts. */
export async function planCuts(
  exactMs: number,
  chunkMs: number,
  listen: Listen,
  work: Work,
): Promise<readonly ChunkPlan[]> {
  const durationMs = Math.round(exactMs);
  if (!(durationMs > 0 && durationMs <= MAX_DURATION_MS)) throw new DamagedSource(impossible(durationMs));
  // Before anything is listened to: so many there will be at least.
  const leastCalls = Math.ceil(durationMs / chunkMs);
  work.call(leastCalls);
  const cuts: Cut[] = [{ atMs: 0, overlapMs: 0 }];
  if (durationMs > chunkMs) {
    const overlapMs = Math.min(OVERLAP_MS, 2 * Math.floor(chunkMs / 6));
    const quietOverlapMs = Math.min(QUIET_OVERLAP_MS, overlapMs);
    // Overlap is half on each side of a cut, so this own part with both halves is the longest chunk.
    const longestOwnMs = chunkMs - overlapMs;
    const searchMs = Math.min(QUIET_SEARCH_MS, longestOwnMs / 4);
    let atMs = 0;
    while (durationMs - atMs > longestOwnMs) {
      const remainingMs = durationMs - atMs;
      // The last two share evenly: a tail of a second is where the model invents words.
      const latestMs = Math.round(atMs + (remainingMs < 1.5 * longestOwnMs ? remainingMs / 2 : longestOwnMs));
      const quietMs = findQuiet(await listen(latestMs - searchMs, latestMs));
      const cut = quietMs === null ? { atMs: latestMs, overlapMs } : { atMs: quietMs, overlapMs: quietOverlapMs };
      cuts.push(cut);
      atMs = cut.atMs;
    }
  }
  work.call(Math.max(0, cuts.length - leastCalls));
  return cuts.map((cut, index) => {
    const next = cuts[index + 1] ?? { atMs: durationMs, overlapMs: 0 };
    return {
      index,
      startMs: Math.max(0, cut.atMs - cut.overlapMs / 2),
      endMs: Math.min(durationMs, next.atMs + next.overlapMs / 2),
      ownStartMs: cut.atMs,
      ownEndMs: next.atMs,
    };
  });
}

function impossible(durationMs: number): string {
  if (!(durationMs > 0)) return "it says that it lasts no time.";
  const days = Math.round(durationMs / 86_400_000).toLocaleString("en");
  return `it says that it lasts ${days} days; at most ${MAX_DURATION_MS / 86_400_000} are taken.`;
}

/** The middle of the quietest window, if it is quiet by comparison; constant bitrate never is. */
export function findQuiet(loudness: readonly Loudness[]): number | null {
  const first = loudness[0];
  const last = loudness.at(-1);
  if (first === undefined || last === undefined || last.timeMs - first.timeMs < 4 * QUIET_WINDOW_MS) return null;
  const windows: { readonly centreMs: number; readonly weight: number }[] = [];
  let from = 0;
  let sum = 0;
  let count = 0;
  for (const packet of loudness) {
    sum += packet.weight;
    count += 1;
    for (
      let head = loudness[from];
      head !== undefined && packet.timeMs - head.timeMs > QUIET_WINDOW_MS;
      head = loudness[from]
    ) {
      sum -= head.weight;
      count -= 1;
      from += 1;
    }
    const head = loudness[from];
    if (head === undefined || packet.timeMs - first.timeMs < QUIET_WINDOW_MS) continue;
    windows.push({ centreMs: Math.round((head.timeMs + packet.timeMs) / 2), weight: sum / count });
  }
  const sorted = windows.toSorted((left, right) => left.weight - right.weight || left.centreMs - right.centreMs);
  const quietest = sorted[0];
  const median = sorted[sorted.length >> 1];
  if (quietest === undefined || median === undefined || quietest.weight >= QUIET_RATIO * median.weight) return null;
  // Of windows as quiet as the quietest (digital silence), the middle one.
  const equals = windows.filter((window) => window.weight <= quietest.weight * 1.05);
  return equals[equals.length >> 1]?.centreMs ?? quietest.centreMs;
}
