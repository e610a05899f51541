import { joinTexts } from "./join-words.ts";
import { textOfWords } from "./place-words.ts";
import type { Segment, Stretch, Transcript } from "./transcript.ts";

/**
 * Fill the gaps of an edited transcript with what has been transcribed since: a chunk that had been discarded was redriven, and
 * the original is now more complete. What people have written does not change.
 */
export function fillGaps(edited: Transcript, original: Transcript): Transcript {
  const filled = edited.gaps.filter((gap) => !original.gaps.some((other) => isSame(gap, other)));
  if (filled.length === 0) return edited;
  const language = edited.language ?? original.language;
  const found = filled
    .flatMap((gap) => within(original.segments, roomIn(edited.segments, gap)))
    .map((segment) => inLanguage(language, segment, original));
  const segments = [...edited.segments, ...found].toSorted((left, right) => left.startMs - right.startMs);
  return {
    ...edited,
    language,
    segments,
    text: joinTexts(segments.map(({ text }) => text)),
    gaps: [...original.gaps],
    isComplete: original.isComplete,
    lowConfidence: [
      ...edited.lowConfidence,
      ...original.lowConfidence.filter(
        (stretch) =>
          !edited.lowConfidence.some((other) => isSame(stretch, other)) && filled.some((gap) => meets(gap, stretch)),
      ),
    ].toSorted((left, right) => left.startMs - right.startMs),
  };
}

/** A segment names its language if it differs from the transcript's. A redrive may have changed the main language of the original. */
function inLanguage(most: string | null, { language, ...segment }: Segment, original: Transcript): Segment {
  const heard = language ?? original.language;
  return heard === null || heard === most ? segment : { ...segment, language: heard };
}

interface Room {
  readonly fromMs: number;
  readonly toMs: number;
}

/** Return the free part of a gap. The chunks on both sides overlap it a little, and have words there. */
function roomIn(segments: readonly Segment[], { startMs, endMs }: Stretch): Room {
  const middleMs = (startMs + endMs) / 2;
  let [fromMs, toMs] = [startMs, endMs];
  for (const segment of segments) {
    const times = segment.words.length > 0 ? segment.words : segment.text.trim() === "" ? [] : [segment];
    for (const time of times) {
      if (middle(time) <= middleMs) fromMs = Math.max(fromMs, Math.min(time.endMs, middleMs));
      else toMs = Math.min(toMs, Math.max(time.startMs, middleMs));
    }
  }
  return { fromMs, toMs };
}

/** Return the segments in a free part. A segment that crosses its edge is cut to the words inside. */
function within(segments: readonly Segment[], { fromMs, toMs }: Room): readonly Segment[] {
  const isInside = (time: { startMs: number; endMs: number }) => middle(time) > fromMs && middle(time) < toMs;
  return segments.flatMap((segment): readonly Segment[] => {
    if (segment.words.length === 0) return isInside(segment) ? [segment] : [];
    const from = segment.words.findIndex(isInside);
    const to = segment.words.findLastIndex(isInside) + 1;
    const words = segment.words.slice(Math.max(0, from), to);
    const [first, last] = [words[0], words.at(-1)];
    if (first === undefined || last === undefined) return [];
    if (words.length === segment.words.length) return [segment];
    return [{ ...segment, startMs: first.startMs, endMs: last.endMs, text: textOfWords(segment, from, to), words }];
  });
}

function middle({ startMs, endMs }: { readonly startMs: number; readonly endMs: number }): number {
  return (startMs + endMs) / 2;
}

function isSame(one: Stretch, other: Stretch): boolean {
  return one.startMs === other.startMs && one.endMs === other.endMs;
}

function meets(one: Stretch, other: Stretch): boolean {
  return one.startMs < other.endMs && one.endMs > other.startMs;
}
