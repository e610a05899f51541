// Finds the words in the text of a segment, with their times. Words have the same indexes as in `PATCH …/transcript`.
import type { Transcript } from "../../client/index.ts";

export type Segment = Transcript["segments"][number];

/** A word in the text: `text.slice(start, end)`. */
export interface WordSpan {
  readonly start: number;
  readonly end: number;
  readonly startMs: number;
  readonly endMs: number;
}

export interface ShownSegment {
  readonly text: string;
  readonly words: readonly WordSpan[];
}

const UNSPACED =
  /[\p{Script=Han}\p{Script=Hiragana}\p{Script=Katakana}\p{Script=Thai}\p{Script=Lao}\p{Script=Khmer}\p{Script=Myanmar}\p{Script=Tibetan}\u3000-\u303F\u30FC\uFF00-\uFFEF]/u;
const IDEOGRAPHIC = /[\p{Script=Han}\p{Script=Hiragana}\p{Script=Katakana}\u3000-\u303F\u30FC\uFF00-\uFFEF]/u;
const LETTER = /[\p{L}\p{N}]/u;

/** Words that are only punctuation. There is no space before the first kind, and none after the second. */
const CLOSING_ALONE = /^[\p{Pe}\p{Pf}.,!?:;%…‼⁇⁈⁉،؛؟۔।॥།༎။၊።፣፤៕։]+$/u;
const OPENING_ALONE = /^[\p{Ps}\p{Pi}¿¡]+$/u;

/** Join texts as the API does: without a space if their script has none. */
export function joinTexts(texts: readonly string[]): string {
  const pieces = texts.map((text) => text.trim()).filter((text) => text !== "");
  return pieces.map((text, index) => separatorBetween(pieces[index - 1] ?? "", text, false) + text).join("");
}

/** The same rules as the API's (shared/transcripts/join-words.ts). */
function separatorBetween(before: string, after: string, isIdeographicText: boolean): "" | " " {
  if (before === "" || CLOSING_ALONE.test(after) || OPENING_ALONE.test(before)) return "";
  const [last = ""] = Array.from(before.slice(-2)).slice(-1);
  const [first = ""] = Array.from(after.slice(0, 2));
  if (UNSPACED.test(last) && UNSPACED.test(first)) return "";
  return isIdeographicText && (IDEOGRAPHIC.test(last) || IDEOGRAPHIC.test(first)) ? "" : " ";
}

function isMostlyIdeographic(text: string): boolean {
  const letters = text.match(/\p{L}/gu) ?? [];
  return letters.filter((letter) => IDEOGRAPHIC.test(letter)).length * 2 > letters.length;
}

/** Return the text of a segment with the places of its words. If the text does not contain the words (20 for twenty), show the words. */
export function showSegment(segment: Segment): ShownSegment {
  const { text, words } = segment;
  if (words.length === 0) return { text, words: timedByLength(text, segment) };
  const places = placeSpaced(segment) ?? placeWords(segment);
  if (places !== null) {
    return { text, words: places.map((place, index) => ({ ...place, ...timesOf(words[index]) })) };
  }
  let shown = "";
  const isIdeographicText = isMostlyIdeographic(text);
  const spans = words.map((word, index): WordSpan => {
    const said = word.text.trim();
    shown += separatorBetween(words[index - 1]?.text.trim() ?? "", said, isIdeographicText);
    const start = shown.length;
    shown += said;
    return { start, end: shown.length, ...timesOf(word) };
  });
  return { text: shown, words: spans };
}

/** Return only the text. It is needed for thousands of segments at once, and the places of the words for one. */
export function shownText(segment: Segment): string {
  const { text, words } = segment;
  return words.length === 0 || placeSpaced(segment) !== null ? text : showSegment(segment).text;
}

function timesOf(word: { readonly startMs: number; readonly endMs: number } | undefined) {
  return { startMs: word?.startMs ?? 0, endMs: word?.endMs ?? 0 };
}

/** Split a text at white space and divide the segment's time among the words by their length. */
export function timedByLength(
  text: string,
  { startMs, endMs }: { readonly startMs: number; readonly endMs: number },
): readonly WordSpan[] {
  const tokens = [...text.matchAll(/\S+/gu)];
  const chars = tokens.reduce((sum, [token]) => sum + token.length, 0);
  const msAt = (done: number) => Math.round(startMs + (Math.max(0, endMs - startMs) * done) / Math.max(1, chars));
  let done = 0;
  return tokens.map(({ 0: token, index }) => {
    const from = msAt(done);
    done += token.length;
    return { start: index, end: index + token.length, startMs: from, endMs: msAt(done) };
  });
}

/** Place the words in a text that is the words with single spaces between them, as in almost every segment; null if it is not. */
function placeSpaced({ text, words }: Segment): readonly { start: number; end: number }[] | null {
  const places: { start: number; end: number }[] = [];
  let from = 0;
  for (const word of words) {
    if (!text.startsWith(word.text, from) || word.text === "") return null;
    places.push({ start: from, end: from + word.text.length });
    from += word.text.length;
    if (from < text.length && text.charAt(from) !== " ") return null;
    from += 1;
  }
  return from - 1 === text.length ? places : null;
}

/** Place the words as the API does: punctuation belongs to the word that it touches. */
function placeWords({ text, words }: Segment): readonly { start: number; end: number }[] | null {
  const places: { start: number; end: number }[] = [];
  let from = 0;
  for (const word of words) {
    const wanted = word.text.trim();
    const start = text.indexOf(wanted, from);
    if (wanted === "" || start < 0 || LETTER.test(text.slice(from, start))) return null;
    from = start + wanted.length;
    places.push({ start, end: from });
  }
  if (LETTER.test(text.slice(from))) return null;
  for (const [index, place] of places.entries()) {
    const next = places[index + 1];
    const limit = next?.start ?? text.length;
    while (place.end < limit && !/\s/u.test(text.charAt(place.end))) place.end += 1;
    if (next === undefined) place.end = Math.max(place.end, text.trimEnd().length);
    else next.start -= text.slice(place.end, next.start).trimStart().length;
  }
  const first = places[0];
  if (first !== undefined) first.start = text.length - text.trimStart().length;
  return places;
}

/** Return the index of the last item that has begun at this time, or -1 before the first. The items are in the order of their time. */
export function lastBegun(items: readonly { readonly startMs: number }[], timeMs: number): number {
  let low = 0;
  let high = items.length;
  while (low < high) {
    const middle = (low + high) >> 1;
    if ((items[middle]?.startMs ?? Infinity) <= timeMs) low = middle + 1;
    else high = middle;
  }
  return low - 1;
}

/** Return the word at a character: the one that contains it, or the next one. */
export function wordAt(words: readonly WordSpan[], offset: number): WordSpan | undefined {
  return words.find(({ end }) => offset < end) ?? words.at(-1);
}
