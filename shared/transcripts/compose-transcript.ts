import { mergeChannels } from "./merge-channels.ts";
import type { HeardChunk } from "./merge-chunks.ts";
import { joinTexts } from "./join-words.ts";
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
  const language = mostHeard(heard);
  const segments = [...mergeChannels(heard.map((record) => inItsLanguage(record, language)))];
  const allGaps = [...gaps, ...heard.flatMap(({ missing = [] }) => missing)].toSorted((a, b) => a.startMs - b.startMs);
  const first = heard.find(({ model }) => model !== null);
  return {
    model: first?.model ?? null,
    engine: first?.engine ?? null,
    language,
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

/** The model detects a language in each call. If it is not the main language of the recording, the segments name it. */
function inItsLanguage(record: ChunkRecord, most: string | null): ChunkRecord {
  const { language, segments } = record;
  if (language === null || language === most) return record;
  return { ...record, segments: segments.map((segment) => ({ ...segment, language })) };
}

/** Return the main language of a recording, by the duration of its speech. If two are equal, return the earlier one. */
function mostHeard(heard: readonly ChunkRecord[]): string | null {
  const timesMs = new Map<string, number>();
  for (const { language, segments } of heard) {
    if (language === null) continue;
    const saidMs = segments.reduce((sum, { startMs, endMs }) => sum + Math.max(0, endMs - startMs), 0);
    timesMs.set(language, (timesMs.get(language) ?? 0) + saidMs);
  }
  const mostMs = Math.max(0, ...timesMs.values());
  return [...timesMs].find(([, saidMs]) => saidMs === mostMs)?.[0] ?? null;
}
