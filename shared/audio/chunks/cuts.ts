import { DamagedSource, type ChunkSpan } from "./chunk.ts";
import {
  CHUNK_MIN_MS,
  EQUALLY_QUIET,
  MAX_DURATION_MS,
  OVERLAP_MS,
  PLANNED_SHARE,
  QUIET_LOUD_RATIO,
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
  /** How long before the cut the later chunk begins, and how long after it the earlier one ends. */
  readonly leadMs: number;
  readonly tailMs: number;
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
  const cuts: Cut[] = [{ atMs: 0, leadMs: 0, tailMs: 0 }];
  if (durationMs > chunkMs) {
    const overlapMs = Math.min(OVERLAP_MS, 2 * Math.floor(chunkMs / 6));
    const quietOverlapMs = Math.min(QUIET_OVERLAP_MS, overlapMs);
    // A chunk that began a second earlier would begin within a word. Whisper then writes other words, or leaves out the next sentence.
    const quietLeadMs = Math.min(QUIET_WINDOW_MS, quietOverlapMs) / 2;
    // Half of the overlap is on each side of a cut, so this own part with both halves is the longest chunk.
    const longestOwnMs = chunkMs - overlapMs;
    const searchMs = Math.min(QUIET_SEARCH_MS, longestOwnMs / 4);
    let atMs = 0;
    while (durationMs - atMs > longestOwnMs) {
      const remainingMs = durationMs - atMs;
      // The last two chunks get the same length: in a last chunk of one second a model invents words.
      const latestMs = Math.round(atMs + (remainingMs < 1.5 * longestOwnMs ? remainingMs / 2 : longestOwnMs));
      const quietMs = findQuiet(await listen(latestMs - searchMs, latestMs));
      atMs = quietMs ?? latestMs;
      cuts.push(
        quietMs === null
          ? { atMs, leadMs: overlapMs / 2, tailMs: overlapMs / 2 }
          : { atMs, leadMs: quietLeadMs, tailMs: quietOverlapMs - quietLeadMs },
      );
    }
  }
  work.call(Math.max(0, cuts.length - leastCalls));
  return cuts.map((cut, index) => {
    const next = cuts[index + 1] ?? { atMs: durationMs, tailMs: 0 };
    return {
      index,
      startMs: Math.max(0, cut.atMs - cut.leadMs),
      endMs: Math.min(durationMs, next.atMs + next.tailMs),
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

/**
 * Return the middle of the longest of the quietest pauses, or null if there is none. A pause is much quieter than the median, or
 * than the loud parts: where the pauses take more than half of the time, the median is as quiet as they are. At a constant
 * bitrate nothing is.
 */
export function findQuiet(loudness: readonly Loudness[]): number | null {
  const windows = windowsOf(loudness);
  const weights = windows.map(({ weight }) => weight).toSorted((a, b) => a - b);
  const quietest = weights[0];
  const median = weights[weights.length >> 1];
  const loud = weights[Math.floor(0.9 * weights.length)];
  if (quietest === undefined || median === undefined || loud === undefined) return null;
  const limit = Math.max(QUIET_RATIO * median, QUIET_LOUD_RATIO * loud);
  if (quietest >= limit) return null;
  let longest: readonly number[] = [];
  let pause: number[] = [];
  for (const { centreMs, weight } of windows) {
    if (weight > quietest + EQUALLY_QUIET * limit) pause = [];
    else pause.push(centreMs);
    if (pause.length >= longest.length) longest = pause;
  }
  return longest[longest.length >> 1] ?? null;
}

/** The average loudness of each stretch as long as a pause, in order of time. */
function windowsOf(loudness: readonly Loudness[]): readonly { readonly centreMs: number; readonly weight: number }[] {
  const first = loudness[0];
  const last = loudness.at(-1);
  if (first === undefined || last === undefined || last.timeMs - first.timeMs < 4 * QUIET_WINDOW_MS) return [];
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
  return windows;
}
