import { DamagedSource, type ChunkSpan } from "./chunk.ts";
import {
  CHUNK_MIN_MS,
  MAX_DURATION_MS,
  OVERLAP_MS,
  PLANNED_SHARE,
  QUIET_OVERLAP_MS,
  QUIET_RATIO,
  QUIET_SEARCH_MS,
  QUIET_WINDOW_MS,
  SPLIT_MIN_MS,
  type CallLimits,
} from "./limits.ts";
import { DAY_MS } from "../../durations.ts";
import type { Work } from "../reading/work.ts";

/** How loud the recording is at a time: the bytes of a packet, or the amplitude. */
export interface Loudness {
  readonly timeMs: number;
  readonly weight: number;
}

interface Cut {
  readonly atMs: number;
  readonly overlapMs: number;
}

/** Return how loud the source is between two times, or an empty list if it would cost too much to find out. */
export type Listen = (fromMs: number, toMs: number) => Promise<readonly Loudness[]> | readonly Loudness[];

/** The longest chunk that respects both limits, for output of this many bytes a second. */
export function longestChunkMs(outputBytesPerSecond: number, { maxMs, maxBytes }: CallLimits): number {
  const byBytes = ((PLANNED_SHARE * maxBytes) / Math.max(1, outputBytesPerSecond)) * 1000;
  return Math.max(CHUNK_MIN_MS, Math.min(maxMs, Math.floor(byBytes)));
}

/**
 * Cut 0..durationMs into chunks, in whole milliseconds. Each chunk is a call to a model. The same loudness gives the same
 * cuts.
 */
export async function planCuts(
  exactMs: number,
  chunkMs: number,
  listen: Listen,
  work: Work,
): Promise<readonly ChunkSpan[]> {
  const durationMs = Math.round(exactMs);
  if (!(durationMs > 0 && durationMs <= MAX_DURATION_MS)) throw new DamagedSource(impossibleDuration(durationMs));
  // Count the calls before any audio is read. There will be at least this many.
  const leastCalls = Math.ceil(durationMs / chunkMs);
  work.call(leastCalls);
  const cuts: Cut[] = [{ atMs: 0, overlapMs: 0 }];
  if (durationMs > chunkMs) {
    const overlapMs = Math.min(OVERLAP_MS, 2 * Math.floor(chunkMs / 6));
    const quietOverlapMs = Math.min(QUIET_OVERLAP_MS, overlapMs);
    // Half of the overlap is on each side of a cut, so this own part with both halves is the longest chunk.
    const longestOwnMs = chunkMs - overlapMs;
    const searchMs = Math.min(QUIET_SEARCH_MS, longestOwnMs / 4);
    let atMs = 0;
    while (durationMs - atMs > longestOwnMs) {
      const remainingMs = durationMs - atMs;
      // The last two chunks get the same length: in a last chunk of one second a model invents words.
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

/** Return the message for a file with an impossible duration. */
export function impossibleDuration(durationMs: number): string {
  if (!(durationMs > 0)) return "The file is damaged: its headers give no duration.";
  const days = Math.round(durationMs / DAY_MS).toLocaleString("en");
  return `The file is damaged: its headers say that it lasts ${days} days; the limit is ${MAX_DURATION_MS / DAY_MS} days.`;
}

/**
 * Halve a chunk that the model refused as too large (code 3006). The halves keep its range of bytes, and have times of
 * their own within it. Null if the chunk cannot be made smaller.
 */
export function splitChunk<Chunk extends ChunkSpan>(chunk: Chunk): readonly [Chunk, Chunk] | null {
  if (chunk.endMs - chunk.startMs < SPLIT_MIN_MS) return null;
  const middleMs = Math.round((chunk.ownStartMs + chunk.ownEndMs) / 2);
  const overlapMs = Math.min(OVERLAP_MS, (chunk.endMs - chunk.startMs) / 4);
  return [
    { ...chunk, endMs: Math.min(chunk.endMs, middleMs + overlapMs / 2), ownEndMs: middleMs },
    { ...chunk, startMs: Math.max(chunk.startMs, middleMs - overlapMs / 2), ownStartMs: middleMs },
  ];
}

/** Return the middle of the quietest window, if it is much quieter than the median. At a constant bitrate it never is. */
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
  // If several windows are as quiet as the quietest (digital silence), take the middle one.
  const equals = windows.filter((window) => window.weight <= quietest.weight * 1.05);
  return equals[equals.length >> 1]?.centreMs ?? quietest.centreMs;
}
