import { type HeardChunk, mergeChunks } from "../../shared/transcripts/merge-chunks.ts";
import type { Segment } from "../../shared/transcripts/transcript.ts";

/** Times of a cut are rounded to packets, and a seam may move a word that is a second off. */
const SLACK_MS = 2000;

/**
 * Of a recording heard without a gap up to a point, the segments that will not change any more, whatever the chunk after
 * that point says: a seam reaches half an overlap into the last chunk, and a segment's end depends on the next one's start.
 */
export function stableSegments(heard: readonly HeardChunk[]): readonly Segment[] {
  const last = heard.at(-1);
  if (last === undefined) return [];
  const halfOverlapMs = last.endMs - last.ownEndMs;
  const untilMs = last.ownEndMs - 2 * halfOverlapMs - SLACK_MS;
  const segments = mergeChunks(heard);
  const firstOpen = segments.findIndex(({ endMs }, index) => {
    const next = segments[index + 1];
    return endMs > untilMs || next === undefined || next.startMs > untilMs;
  });
  return segments.slice(0, firstOpen < 0 ? segments.length : firstOpen);
}

/**
 * The same piece by piece: give it the chunks in the order of the source, a few at a time, and get the segments that have
 * become final since. Merging costs a millisecond a chunk, so only the last few are merged again.
 */
export function stableReader(): (chunks: readonly HeardChunk[]) => readonly Segment[] {
  let heard: readonly HeardChunk[] = [];
  let last: Segment | undefined;
  return (chunks) => {
    heard = [...heard, ...chunks];
    const stable = stableSegments(heard);
    const known = last === undefined ? -1 : stable.findLastIndex((segment) => isSame(segment, last));
    // Better no stream than a wrong one: a client that comes back is read to from the start.
    if (last !== undefined && known < 0) throw new Error(`the segment at ${last.startMs} ms was not final`);
    last = stable.at(-1) ?? last;
    const lastStartMs = last?.startMs ?? 0;
    const before = heard.findLastIndex(({ endMs }) => endMs + SLACK_MS < lastStartMs);
    heard = heard.slice(Math.max(0, before - 1));
    return stable.slice(known + 1);
  };
}

function isSame(one: Segment, other: Segment | undefined): boolean {
  return one.startMs === other?.startMs && one.endMs === other.endMs && one.text === other.text;
}
