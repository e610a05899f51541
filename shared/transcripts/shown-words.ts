import { separatorBetween } from "./join-words.ts";
import { placeWords } from "./place-words.ts";
import { isMostlyIdeographic } from "./scripts.ts";
import type { Segment, Word } from "./transcript.ts";

/** A word as the segment's text shows it, with the punctuation that touches it. */
export interface ShownWord extends Word {
  /** What separates it from the previous word in the text. */
  readonly separator: "" | " ";
}

/**
 * Return the words of a segment as a reader sees them. If the model gave no words, the text is split at white space, and each word
 * gets a share of the time by its characters.
 */
export function shownWords(segment: Segment): readonly ShownWord[] {
  const { text, words } = segment;
  if (words.length === 0) return untimedWords(segment);
  const places = placeWords(segment);
  const isIdeographicText = isMostlyIdeographic(text);
  return words.map((word, index) => {
    const place = places?.[index];
    const shown = place === undefined ? word.text.trim() : text.slice(place.start, place.end);
    const before = places?.[index - 1];
    const isJoined = place !== undefined && before !== undefined && before.end === place.start;
    const guessed = separatorBetween(words[index - 1]?.text.trim() ?? "", shown, isIdeographicText);
    return { ...word, text: shown, separator: place === undefined ? guessed : isJoined ? "" : " " };
  });
}

function untimedWords({ text, startMs, endMs }: Segment): readonly ShownWord[] {
  const words = text
    .trim()
    .split(/\s+/)
    .filter((word) => word !== "");
  return timed(words, { startMs, endMs }).map((word) => ({ ...word, separator: " " }));
}

/** Divide a time among words by their characters, in whole milliseconds, one after the other. */
export function timed(
  texts: readonly string[],
  { startMs, endMs }: { readonly startMs: number; readonly endMs: number },
): readonly Word[] {
  const chars = texts.reduce((sum, { length }) => sum + length, 0);
  const lengthMs = Math.max(0, endMs - startMs);
  const msAt = (done: number) => Math.round(startMs + (lengthMs * done) / Math.max(1, chars));
  let done = 0;
  return texts.map((text) => {
    const from = msAt(done);
    done += text.length;
    return { startMs: from, endMs: msAt(done), text };
  });
}
