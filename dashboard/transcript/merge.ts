// What of a line can be changed, and how two people's changes of it come together.
import { type Segment, showSegment } from "./words.ts";

/** What can be changed of a segment. */
export interface Line {
  readonly text: string;
  readonly speaker: string | null;
}

export interface LineChange extends Line {
  readonly index: number;
}

/** Two people have changed the same line. */
export interface Conflict {
  readonly index: number;
  readonly startMs: number;
  readonly base: Line;
  readonly mine: Line;
  readonly theirs: Line;
}

/** What both have changed, together; null where both have changed the same words. Who speaks is the later one's to say. */
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

/** White space at the ends, or more of it between two words, is not kept. */
export function sameWords(left: Line, right: Line): boolean {
  const squeezed = ({ text }: Line) => text.replaceAll(/\s+/gu, "");
  return left.speaker === right.speaker && squeezed(left) === squeezed(right);
}
