// Turns typed text into the edit operations of the API. Words that stay keep their times.
import type { EditOperation } from "../../client/index.ts";
import { type Segment, showSegment, type WordSpan } from "./words.ts";

/** More comparisons of words than this would take noticeable time, so all the words between the equal ends count as changed. */
const MOST_COMPARISONS = 250_000;
const MOST_WORDS_AN_OPERATION = 1000;

interface Token {
  readonly text: string;
  readonly start: number;
  readonly end: number;
}

/** A run of the segment's words, from `from` up to `to`, and the tokens of the new text that replace it. */
interface Hunk {
  readonly from: number;
  readonly to: number;
  readonly tokens: readonly Token[];
}

export function tokensOf(text: string): readonly Token[] {
  return [...text.matchAll(/\S+/gu)].map(({ 0: token, index }) => ({
    text: token,
    start: index,
    end: index + token.length,
  }));
}

/** Replace line breaks and other control characters with spaces. The API refuses them. */
export function plain(text: string): string {
  return text.replaceAll(/[\p{Cc}\p{Zl}\p{Zp}]+/gu, " ");
}

/** Return the operations that change this segment's text to the typed text. */
export function operationsOf(index: number, segment: Segment, typed: string): readonly EditOperation[] {
  return hunksOf(segment, typed).hunks.map(({ from, to, tokens }): EditOperation => {
    const words = tokens.map(({ text }) => ({ text })).slice(0, MOST_WORDS_AN_OPERATION);
    if (from === to) return { op: "insert", segment: index, word: from, words };
    if (words.length === 0) return { op: "remove", segment: index, word: from, count: to - from };
    return { op: "replace", segment: index, word: from, count: to - from, words };
  });
}

/** Return the words of a text that is being typed, with the times that they will have. */
export function typedWords(segment: Segment, typed: string): readonly WordSpan[] {
  const { hunks, shown, placed } = hunksOf(segment, typed);
  const words: WordSpan[] = [];
  let next = 0;
  const keep = (upTo: number) => {
    for (; next < upTo; next += 1) {
      const word = shown[next];
      const place = placed[next];
      if (word !== undefined && place != null) words.push({ ...word, ...place });
    }
  };
  for (const { from, to, tokens } of hunks) {
    keep(from);
    const startMs = shown[from]?.startMs ?? shown[from - 1]?.endMs ?? segment.startMs;
    const endMs = shown[to - 1]?.endMs ?? shown[to]?.startMs ?? segment.endMs;
    const each = Math.max(0, endMs - startMs) / Math.max(1, tokens.length);
    for (const [at, { start, end }] of tokens.entries())
      words.push({ start, end, startMs: startMs + at * each, endMs: startMs + (at + 1) * each });
    next = to;
  }
  keep(shown.length);
  return words;
}

function hunksOf(segment: Segment, typed: string) {
  const { text, words: shown } = showSegment(segment);
  const before = tokensOf(text);
  const after = tokensOf(plain(typed));
  const pairs = commonTokens(before, after);
  /** The place in the new text of each word that stayed. */
  const placed: ({ start: number; end: number } | null)[] = shown.map(({ start, end }) => {
    const first = before.findIndex((token) => token.end > start);
    let last = first;
    while (last + 1 < before.length && (before[last + 1]?.start ?? Infinity) < end) last += 1;
    const target = pairs[first];
    const from = before[first];
    if (target == null || from === undefined) return null;
    for (let at = first; at <= last; at += 1) if (pairs[at] !== target + at - first) return null;
    const place = after[target];
    const end2 = after[target + last - first];
    if (place === undefined || end2 === undefined) return null;
    const offset = place.start - from.start;
    return last === first ? { start: start + offset, end: end + offset } : { start: place.start, end: end2.end };
  });
  const hunks: Hunk[] = [];
  let from = 0;
  let seen = 0;
  const close = (to: number, upTo: number) => {
    const tokens = after.filter(({ start, end }) => start >= seen && end <= upTo);
    if (to > from || tokens.length > 0) hunks.push(narrowed({ from, to, tokens }, text, shown, placed));
  };
  for (const [index, place] of placed.entries()) {
    if (place === null) continue;
    if (place.start > seen || index > from) close(index, place.start);
    from = index + 1;
    seen = place.end;
  }
  close(shown.length, Infinity);
  return { hunks: hunks.filter(({ from: a, to, tokens }) => to > a || tokens.length > 0), shown, placed };
}

/** Narrow a hunk in a script without spaces: the unchanged words at both ends stay. */
function narrowed(
  { from, to, tokens }: Hunk,
  text: string,
  shown: readonly WordSpan[],
  placed: ({ start: number; end: number } | null)[],
): Hunk {
  const [token] = tokens;
  if (token === undefined || tokens.length !== 1 || to - from < 2) return { from, to, tokens };
  if (/\s/u.test(text.slice(shown[from]?.start, shown[to - 1]?.end))) return { from, to, tokens };
  let { start, end } = token;
  const rest = () => token.text.slice(start - token.start, end - token.start);
  const said = (index: number) => text.slice(shown[index]?.start, shown[index]?.end);
  while (to - from > 1 && rest().length > said(from).length && rest().startsWith(said(from))) {
    placed[from] = { start, end: start + said(from).length };
    start += said(from).length;
    from += 1;
  }
  while (to - from > 1 && rest().length > said(to - 1).length && rest().endsWith(said(to - 1))) {
    placed[to - 1] = { start: end - said(to - 1).length, end };
    end -= said(to - 1).length;
    to -= 1;
  }
  return { from, to, tokens: [{ text: rest(), start, end }] };
}

/** Return, for each token, the index of the equal token in the other text, in order; null if the token is gone. */
export function commonTokens(before: readonly Token[], after: readonly Token[]): readonly (number | null)[] {
  const pairs: (number | null)[] = Array.from({ length: before.length }, () => null);
  let head = 0;
  while (head < before.length && head < after.length && before[head]?.text === after[head]?.text) {
    pairs[head] = head;
    head += 1;
  }
  let tail = 0;
  const most = Math.min(before.length, after.length) - head;
  while (tail < most && before.at(-1 - tail)?.text === after.at(-1 - tail)?.text) {
    pairs[before.length - 1 - tail] = after.length - 1 - tail;
    tail += 1;
  }
  const rows = before.length - head - tail;
  const columns = after.length - head - tail;
  if (rows === 0 || columns === 0 || rows * columns > MOST_COMPARISONS) return pairs;
  const width = columns + 1;
  const lengths = new Uint32Array((rows + 1) * width);
  const lengthAt = (row: number, column: number) => lengths[row * width + column] ?? 0;
  for (let row = rows - 1; row >= 0; row -= 1) {
    for (let column = columns - 1; column >= 0; column -= 1) {
      lengths[row * width + column] =
        before[head + row]?.text === after[head + column]?.text
          ? lengthAt(row + 1, column + 1) + 1
          : Math.max(lengthAt(row + 1, column), lengthAt(row, column + 1));
    }
  }
  for (let row = 0, column = 0; row < rows && column < columns;) {
    if (before[head + row]?.text === after[head + column]?.text) {
      pairs[head + row] = head + column;
      row += 1;
      column += 1;
    } else if (lengthAt(row + 1, column) >= lengthAt(row, column + 1)) row += 1;
    else column += 1;
  }
  return pairs;
}
