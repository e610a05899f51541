// The editable parts of a line, and the merge of two people's changes to it.
import { type Segment, showSegment } from "./words.ts";

/** The editable parts of a segment. */
export interface Line {
  readonly text: string;
  readonly speaker: string | null;
}

export interface LineChange extends Line {
  readonly index: number;
}

/** A line that two people have changed in different ways. */
export interface Conflict {
  readonly index: number;
  readonly startMs: number;
  readonly base: Line;
  readonly mine: Line;
  readonly theirs: Line;
}

/** Merge two changes of a line; null if both have changed its text. If both have changed the speaker, `mine` applies. */
export function mergeLines({ base, mine, theirs }: { base: Line; mine: Line; theirs: Line }): Line | null {
  const text = mergeValue(base.text, mine.text, theirs.text);
  if (text === undefined) return null;
  return { text, speaker: mine.speaker === base.speaker ? theirs.speaker : mine.speaker };
}

function mergeValue<Value>(base: Value, mine: Value, theirs: Value): Value | undefined {
  if (theirs === base || theirs === mine) return mine;
  return mine === base ? theirs : undefined;
}

export function lineOf(segment: Segment | undefined): Line {
  if (segment === undefined) return { text: "", speaker: null };
  return { text: showSegment(segment).text, speaker: segment.speaker ?? null };
}

export function same(left: Line, right: Line): boolean {
  return left.text === right.text && left.speaker === right.speaker;
}

/** Whether two lines differ only in white space, which the API does not keep. */
export function sameWords(left: Line, right: Line): boolean {
  const squeezed = ({ text }: Line) => text.replaceAll(/\s+/gu, "");
  return left.speaker === right.speaker && squeezed(left) === squeezed(right);
}
