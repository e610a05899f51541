import { joinTexts } from "./join-words.ts";
import { textOfWords } from "./place-words.ts";
import type { Segment, Stretch, Transcript } from "./transcript.ts";

/**
 * An edited transcript with what has been transcribed since in the place of its gaps: a chunk that had been given up on was
 * redriven, and the original is now a more complete one. What people have written stays as it is.
 */
export function fillGaps(edited: Transcript, original: Transcript): Transcript {
  const filled = edited.gaps.filter((gap) => !original.gaps.some((other) => isSame(gap, other)));
  if (filled.length === 0) return edited;
  const found = filled.flatMap((gap) => within(original.segments, roomIn(edited.segments, gap)));
  const segments = [...edited.segments, ...found].toSorted((left, right) => left.startMs - right.startMs);
  return {
    ...edited,
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

interface Room {
  readonly fromMs: number;
  readonly toMs: number;
}

/** Neighbouring chunks have heard a little of the gap as well, each from its side. What is between them is free. */
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

/** The segments whose words lie in a room; of one that lies across its edge, those words. */
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
