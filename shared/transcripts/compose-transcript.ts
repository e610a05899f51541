import { mergeChannels } from "./merge-channels.ts";
import type { HeardChunk } from "./merge-chunks.ts";
import { joinTexts } from "./place-words.ts";
import type { AudioTrack } from "../audio/chunks/audio-track.ts";
import type { Stretch, Transcript } from "./transcript.ts";

/** What one call to a model heard, with what a transcript tells about it. */
export interface ChunkRecord extends HeardChunk {
  /** Null where there was nothing to hear, and no model was asked. */
  readonly model: string | null;
  readonly engine: string | null;
  readonly language: string | null;
  /** Why the text is not to be trusted; null where nothing speaks against it. */
  readonly doubt: string | null;
  /** Parts of it that the file does not have. */
  readonly missing?: readonly Stretch[];
  /** Parts of it whose text is not to be trusted, each with its reason. */
  readonly doubtful?: readonly Stretch[];
}

/** What is known of the recording beside what was heard. */
export interface Recorded {
  readonly gaps: readonly Stretch[];
  readonly durationMs: number | null;
  readonly hasAllEnded: boolean;
  readonly tracks?: readonly AudioTrack[] | undefined;
  readonly track?: number | undefined;
}

/** One transcript out of what was heard so far. The same chunks give the same bytes, in whatever order they ended. */
export function composeTranscript(
  records: readonly ChunkRecord[],
  { gaps, durationMs, hasAllEnded, tracks, track }: Recorded,
): Transcript {
  const heard = records.toSorted((a, b) => a.ownStartMs - b.ownStartMs);
  const segments = [...mergeChannels(heard)];
  const allGaps = [...gaps, ...heard.flatMap(({ missing = [] }) => missing)].toSorted((a, b) => a.startMs - b.startMs);
  const first = heard.find(({ model }) => model !== null);
  return {
    model: first?.model ?? null,
    engine: first?.engine ?? null,
    language: mostFrequent(heard.flatMap(({ language }) => language ?? [])),
    durationMs,
    text: joinTexts(segments.map((segment) => segment.text)),
    segments,
    isComplete: hasAllEnded && allGaps.length === 0,
    gaps: allGaps,
    lowConfidence: heard.flatMap(({ ownStartMs, ownEndMs, doubt, doubtful = [] }) => [
      ...(doubt === null ? [] : [{ startMs: ownStartMs, endMs: ownEndMs, reason: doubt }]),
      ...doubtful,
    ]),
    ...(tracks !== undefined && { tracks: [...tracks] }),
    ...(track !== undefined && { track }),
  };
}

/** Of equals the one that came first in the source. */
function mostFrequent(languages: readonly string[]): string | null {
  const counts = new Map<string, number>();
  for (const language of languages) counts.set(language, (counts.get(language) ?? 0) + 1);
  const most = Math.max(0, ...counts.values());
  return [...counts].find(([, count]) => count === most)?.[0] ?? null;
}
