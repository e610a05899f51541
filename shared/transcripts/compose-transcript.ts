import { mergeChannels } from "./merge-channels.ts";
import type { HeardChunk } from "./merge-chunks.ts";
import { joinTexts } from "./join-words.ts";
import type { AudioTrack } from "../audio/chunks/audio-track.ts";
import type { Stretch, Transcript } from "./transcript.ts";

/** The result of one call to a speech model, with what a transcript says about it. */
export interface ChunkRecord extends HeardChunk {
  /** Null if the chunk is silent and no model was asked. */
  readonly model: string | null;
  readonly engine: string | null;
  readonly language: string | null;
  /** Why the text is doubtful; null if it is not. */
  readonly doubt: string | null;
  /** Parts of the chunk that are missing in the file. */
  readonly missing?: readonly Stretch[];
  /** Parts of the chunk whose text is doubtful, each with its reason. */
  readonly doubtful?: readonly Stretch[];
}

/** What is known about the recording besides its words. */
export interface Recorded {
  readonly gaps: readonly Stretch[];
  readonly durationMs: number | null;
  readonly hasAllEnded: boolean;
  readonly tracks?: readonly AudioTrack[] | undefined;
  readonly track?: number | undefined;
}

/** Make one transcript of the chunks that have been transcribed. The same chunks give the same bytes, in whatever order they ended. */
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
