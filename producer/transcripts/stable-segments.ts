import { byChannel, mergeChannel } from "../../shared/transcripts/merge-channels.ts";
import type { HeardChunk } from "../../shared/transcripts/merge-chunks.ts";
import type { Segment } from "../../shared/transcripts/transcript.ts";

/** Times of a cut are rounded to packets, and joining two chunks may move a word whose time is a second off. */
const SLACK_MS = 2000;

/**
 * The segments that are final in a recording that is transcribed without a gap up to a point: the next chunk cannot change them.
 * Joining the next chunk reaches half an overlap into the last one, and the end of a segment depends on the start of the next.
 */
export function stableSegments(transcribed: readonly HeardChunk[]): readonly Segment[] {
  const last = transcribed.at(-1);
  if (last === undefined) return [];
  const halfOverlapMs = last.endMs - last.ownEndMs;
  const untilMs = last.ownEndMs - 2 * halfOverlapMs - SLACK_MS;
  const channels = byChannel(transcribed).map((own) => {
    const segments = mergeChannel(own);
    const firstOpen = segments.findIndex(({ endMs }, index) => {
      const next = segments[index + 1];
      return endMs > untilMs || next === undefined || next.startMs > untilMs;
    });
    const final = segments.slice(0, firstOpen < 0 ? segments.length : firstOpen);
    return { final, openMs: segments[firstOpen]?.startMs ?? Infinity };
  });
  // Segments are sent in the order of their times, so those of one channel wait for the others.
  const openMs = Math.min(...channels.map((channel) => channel.openMs));
  return channels
    .flatMap(({ final }) => (channels.length === 1 ? final : final.filter(({ startMs }) => startMs < openMs)))
    .toSorted((left, right) => left.startMs - right.startMs || (left.channel ?? 0) - (right.channel ?? 0));
}

/**
 * The same, piece by piece. Pass the chunks in the order of the source, a few at a time; each call returns the segments that have
 * become final since the last. Merging costs a millisecond a chunk, so only the last few chunks are merged again.
 */
export function stableReader(): (chunks: readonly HeardChunk[]) => readonly Segment[] {
  let transcribed: readonly HeardChunk[] = [];
  let last: Segment | undefined;
  return (chunks) => {
    transcribed = [...transcribed, ...chunks];
    const stable = stableSegments(transcribed);
    const known = last === undefined ? -1 : stable.findLastIndex((segment) => isSame(segment, last));
    // No stream is better than a wrong one. A client that connects again gets the segments from the start.
    if (last !== undefined && known < 0) throw new Error(`the segment at ${last.startMs} ms was not final`);
    last = stable.at(-1) ?? last;
    const lastStartMs = last?.startMs ?? 0;
    const before = transcribed.findLastIndex(({ endMs }) => endMs + SLACK_MS < lastStartMs);
    transcribed = transcribed.slice(Math.max(0, before - 1));
    return stable.slice(known + 1);
  };
}

function isSame(one: Segment, other: Segment | undefined): boolean {
  return (
    one.startMs === other?.startMs &&
    one.endMs === other.endMs &&
    one.text === other.text &&
    one.channel === other.channel
  );
}
