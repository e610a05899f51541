// The segments as lines of the reader, and the doubtful places, which a person should check.
import type { Transcript } from "../../client/index.ts";
import { typedWords } from "./differences.ts";
import type { Edits } from "./edits.ts";
import type { ShownLine } from "./reader-rows.ts";
import { type Segment, shownText, showSegment, type WordSpan } from "./words.ts";

/** A gap, or a part of which the model was not sure. */
export interface Doubt {
  readonly startMs: number;
  readonly endMs: number;
  readonly isGap: boolean;
  readonly says: string;
}

type Stretch = Transcript["gaps"][number];

/** The line of each segment, so that an unchanged line is not drawn again. */
const known = new WeakMap<Segment, ShownLine>();

/** @param only the index of the only line to return. If it is left out, all lines are returned. */
export function linesOf(
  segments: readonly Segment[],
  edits: Edits | null,
  unsure: readonly Stretch[],
  only?: number,
): readonly ShownLine[] {
  const from = only ?? 0;
  return segments.slice(from, only === undefined ? undefined : only + 1).map((segment, at) => {
    const index = from + at;
    return edits?.isChanged(index) === true ? changedLine(segment, edits, index, unsure) : storedLine(segment, unsure);
  });
}

function storedLine(segment: Segment, unsure: readonly Stretch[]): ShownLine {
  const before = known.get(segment);
  if (before !== undefined) return before;
  let words: readonly WordSpan[] | null = null;
  const line: ShownLine = {
    startMs: segment.startMs,
    text: shownText(segment),
    speaker: segment.speaker ?? null,
    words: () => (words ??= showSegment(segment).words),
    doubt: doubtIn(segment, unsure),
  };
  known.set(segment, line);
  return line;
}

function changedLine(segment: Segment, edits: Edits, index: number, unsure: readonly Stretch[]): ShownLine {
  const { text, speaker } = edits.line(index);
  let words: readonly WordSpan[] | null = null;
  return {
    startMs: segment.startMs,
    text,
    speaker,
    words: () => (words ??= typedWords(segment, text)),
    doubt: doubtIn(segment, unsure),
  };
}

function doubtIn({ startMs, endMs }: Segment, unsure: readonly Stretch[]): string | null {
  const middleMs = (startMs + endMs) / 2;
  return unsure.find((one) => one.startMs <= middleMs && middleMs < one.endMs)?.reason ?? null;
}

/** Return the doubtful places in the order of the recording. */
export function doubtsOf(transcript: Transcript | undefined): readonly Doubt[] {
  if (transcript === undefined) return [];
  const { gaps, lowConfidence } = transcript;
  return [
    ...gaps.map(({ startMs, endMs, reason }) => ({
      startMs,
      endMs,
      isGap: true,
      says: `this part was not transcribed (${reason})`,
    })),
    ...lowConfidence.map(({ startMs, endMs, reason }) => ({ startMs, endMs, isGap: false, says: reason })),
  ].toSorted((left, right) => left.startMs - right.startMs);
}
