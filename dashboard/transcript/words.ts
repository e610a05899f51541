// Which characters of a segment's text are which word, and when they are said. Words are counted as `PATCH …/transcript` counts them.
import type { Transcript } from "../../client/index.ts";

export type Segment = Transcript["segments"][number];

/** A word as the text shows it: `text.slice(start, end)`. */
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
const LETTER = /[\p{L}\p{N}]/u;

/** Texts one after another, as the API joins them: without a space where their script has none. */
export function joinTexts(texts: readonly string[]): string {
  return texts.reduce((joined, text) => joined + separatorBetween(joined, text) + text, "");
}

function separatorBetween(before: string, after: string): "" | " " {
  if (before === "") return "";
  const [last = ""] = Array.from(before.slice(-2)).slice(-1);
  const [first = ""] = Array.from(after.slice(0, 2));
  return UNSPACED.test(last) && UNSPACED.test(first) ? "" : " ";
}

/** The text of a segment with its words placed in it. A text that does not hold the words (20 for twenty) is shown as the words. */
export function showSegment(segment: Segment): ShownSegment {
  const { text, words } = segment;
  if (words.length === 0) return { text, words: timedByLength(text, segment) };
  const places = placeSpaced(segment) ?? placeWords(segment);
  if (places !== null) {
    return { text, words: places.map((place, index) => ({ ...place, ...timesOf(words[index]) })) };
  }
  let shown = "";
  const spans = words.map((word): WordSpan => {
    const said = word.text.trim();
    shown += separatorBetween(shown, said);
    const start = shown.length;
    shown += said;
    return { start, end: shown.length, ...timesOf(word) };
  });
  return { text: shown, words: spans };
}

/** The text alone. Thousands of them are wanted at once, and where their words are only of one. */
export function shownText(segment: Segment): string {
  const { text, words } = segment;
  return words.length === 0 || placeSpaced(segment) !== null ? text : showSegment(segment).text;
}

function timesOf(word: { readonly startMs: number; readonly endMs: number } | undefined) {
  return { startMs: word?.startMs ?? 0, endMs: word?.endMs ?? 0 };
}

/** Words between white space share the segment's time by their length. */
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

/** As in nearly every segment: a text that is its words with single spaces between them. */
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

/** As the API places them: punctuation goes with the word that it touches. */
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

/** The last of these that has begun at this time; -1 before the first. They are in the order of their time. */
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

/** The word that a character belongs to: the one it is in, or the next one. */
export function wordAt(words: readonly WordSpan[], offset: number): WordSpan | undefined {
  return words.find(({ end }) => offset < end) ?? words.at(-1);
}
