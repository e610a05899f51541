import { joinWords } from "./join-words.ts";
import type { Segment } from "./transcript.ts";

/** A word as the segment's text shows it: `text.slice(start, end)`, with the punctuation that touches it. */
export interface Place {
  readonly start: number;
  readonly end: number;
}

/**
 * Return the place of each word in its segment's text, in order; undefined if the text does not contain the words. Some models write
 * "20" in the text and "twenty" among the words.
 */
export function placeWords({ text, words }: Pick<Segment, "text" | "words">): readonly Place[] | undefined {
  const places: { start: number; end: number }[] = [];
  let from = 0;
  for (const word of words) {
    const wanted = word.text.trim();
    const start = text.indexOf(wanted, from);
    // Only punctuation may be between two words. Letters there are a word without times, or the wrong word was found.
    if (wanted === "" || start < 0 || /[\p{L}\p{N}]/u.test(text.slice(from, start))) return undefined;
    from = start + wanted.length;
    places.push({ start, end: from });
  }
  if (/[\p{L}\p{N}]/u.test(text.slice(from))) return undefined;
  spreadMarks(text, places);
  return places;
}

// Punctuation outside of words goes to the word that it touches, the previous one first. The rest goes to the next word.
function spreadMarks(text: string, places: { start: number; end: number }[]): void {
  for (const [index, place] of places.entries()) {
    const next = places[index + 1];
    const limit = next?.start ?? text.length;
    while (place.end < limit && !/\s/.test(text.charAt(place.end))) place.end += 1;
    if (next === undefined) place.end = text.trimEnd().length;
    else next.start -= text.slice(place.end, next.start).trimStart().length;
  }
  const first = places[0];
  if (first !== undefined) first.start = text.length - text.trimStart().length;
}

/** Return the text of consecutive words of a segment, as the segment has it. */
export function textOfWords(segment: Segment, from: number, to: number): string {
  if (from === 0 && to === segment.words.length) return segment.text;
  const places = placeWords(segment);
  const first = places?.[from];
  const last = places?.[to - 1];
  if (first !== undefined && last !== undefined) return segment.text.slice(first.start, last.end);
  return joinWords(segment.words.slice(from, to).map((word) => word.text));
}
