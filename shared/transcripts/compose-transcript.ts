import { type HeardChunk, mergeChunks } from "./merge-chunks.ts";
import { joinTexts } from "./join-words.ts";
import type { Stretch, Transcript } from "./transcript.ts";

/** What one call to a model heard, with what a transcript tells about it. */
export interface ChunkRecord extends HeardChunk {
  /** Null where there was nothing to hear, and no model was asked. */
  readonly model: string | null;
  readonly engine: string | null;
  readonly language: string | null;
  /** Why the text is not to be trusted; null where nothing speaks against it. */
  readonly doubt: string | null;
}

/** One transcript out of what was heard so far. The same chunks give the same bytes, in whatever order they ended. */
export function composeTranscript(
  records: readonly ChunkRecord[],
  { gaps, durationMs, hasAllEnded }: { gaps: readonly Stretch[]; durationMs: number | null; hasAllEnded: boolean },
): Transcript {
  const heard = records.toSorted((a, b) => a.ownStartMs - b.ownStartMs);
  const language = mostHeard(heard);
  const segments = [...mergeChunks(heard.map((record) => inItsLanguage(record, language)))];
  const first = heard.find(({ model }) => model !== null);
  return {
    model: first?.model ?? null,
    engine: first?.engine ?? null,
    language,
    durationMs,
    text: joinTexts(segments.map((segment) => segment.text)),
    segments,
    isComplete: hasAllEnded && gaps.length === 0,
    gaps: [...gaps],
    lowConfidence: heard.flatMap(({ ownStartMs, ownEndMs, doubt }) =>
      doubt === null ? [] : [{ startMs: ownStartMs, endMs: ownEndMs, reason: doubt }],
    ),
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
