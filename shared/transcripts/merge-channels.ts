import { type HeardChunk, mergeChunks } from "./merge-chunks.ts";
import type { Segment } from "./transcript.ts";

/** Merge chunks into segments. If each channel was transcribed separately, all their segments are sorted by time. */
export function mergeChannels(heard: readonly HeardChunk[]): readonly Segment[] {
  return byChannel(heard)
    .flatMap((own) => mergeChannel(own))
    .toSorted((left, right) => left.startMs - right.startMs || (left.channel ?? 0) - (right.channel ?? 0));
}

/** Return the chunks of each channel; one list if the channels were mixed. */
export function byChannel(heard: readonly HeardChunk[]): readonly (readonly HeardChunk[])[] {
  const channels = new Set(heard.flatMap(({ segments }) => segments.flatMap(({ channel }) => channel ?? [])));
  if (channels.size === 0) return [heard];
  return [...channels].map((channel) =>
    heard.map((chunk) => ({ ...chunk, segments: chunk.segments.filter((segment) => segment.channel === channel) })),
  );
}

/** Merge the chunks of one channel, which is a speaker of its own. */
export function mergeChannel(heard: readonly HeardChunk[]): readonly Segment[] {
  const channel = heard.flatMap(({ segments }) => segments)[0]?.channel;
  const merged = mergeChunks(heard);
  if (channel === undefined) return merged;
  return merged.map((segment) => ({
    ...segment,
    words: segment.words.map((word) => ({ ...word, channel })),
    speaker: `Channel ${channel + 1}`,
    channel,
  }));
}
