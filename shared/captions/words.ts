import { joinWords, separatorBetween, standsAlone } from "../transcripts/join-words.ts";
import { placeWords } from "../transcripts/place-words.ts";
import { isUnspaced } from "../transcripts/scripts.ts";
import type { Segment } from "../transcripts/transcript.ts";
import { atomsOf, firstOf, isBreakable, lastOf } from "./line-breaks.ts";
import { graphemes, widthOf } from "./width.ts";

/** A word with its punctuation, which no line break divides. */
export interface CaptionWord {
  readonly text: string;
  readonly startMs: number;
  readonly endMs: number;
  /** The separator between the previous word and this one in the source. */
  readonly separator: "" | " ";
  /** In columns, without the separator: see `widthOf`. */
  readonly length: number;
}

type Piece = Omit<CaptionWord, "length">;

/** Return the words of a transcript in order, each no longer than a line. */
export function captionWords(segments: readonly Segment[], maxLineLength: number): readonly CaptionWord[] {
  const glued: Piece[] = [];
  let latestMs = 0;
  for (const segment of segments) {
    for (const [index, piece] of piecesOf(segment).entries()) {
      const previous = glued.at(-1);
      latestMs = Math.max(latestMs, piece.startMs);
      const separator =
        index === 0 && previous !== undefined ? separatorBetween(previous.text, piece.text) : piece.separator;
      const timed = { ...piece, separator, startMs: latestMs, endMs: Math.max(latestMs, piece.endMs) };
      if (previous !== undefined && isOneWord(previous, timed, maxLineLength)) {
        const text = previous.text + separator + timed.text;
        glued[glued.length - 1] = { ...previous, text, endMs: Math.max(previous.endMs, timed.endMs) };
      } else glued.push(timed);
    }
  }
  return glued.flatMap((piece) => splitLong(piece, maxLineLength));
}

/** Return words as the text of one line. */
export function lineText(words: readonly CaptionWord[]): string {
  return words.map(({ text, separator }, index) => (index === 0 ? text : separator + text)).join("");
}

/** A part of a text to which the model gave times. */
interface Span {
  readonly start: number;
  readonly end: number;
  readonly startMs: number;
  readonly endMs: number;
}

/** Split the text of a segment into words. Their times come from the model's words, which may be parts of a word or several. */
function piecesOf(segment: Segment): readonly Piece[] {
  const { text, spans } = timedText(segment);
  let first = 0;
  return atomsOf(text).map(({ start, end, separator }) => {
    while (first < spans.length - 1 && (spans[first]?.end ?? 0) <= start) first += 1;
    let last = first;
    while (last < spans.length - 1 && (spans[last]?.end ?? 0) < end) last += 1;
    const startMs = timeAt(spans[first], start);
    return { text: text.slice(start, end), separator, startMs, endMs: Math.max(startMs, timeAt(spans[last], end)) };
  });
}

function timeAt(span: Span | undefined, at: number): number {
  if (span === undefined) return 0;
  const { start, end, startMs, endMs } = span;
  const share = Math.min(1, Math.max(0, (at - start) / Math.max(1, end - start)));
  return Math.round(startMs + Math.max(0, endMs - startMs) * share);
}

function timedText(segment: Segment): { readonly text: string; readonly spans: readonly Span[] } {
  const { startMs, endMs } = segment;
  const words = segment.words.filter((word) => word.text.trim() !== "");
  if (words.length === 0) {
    const text = oneLine(segment.text);
    return { text, spans: [{ start: 0, end: text.length, startMs, endMs }] };
  }
  let source = { text: segment.text, words };
  if (placeWords(source) === undefined) source = { text: joinWords(words.map((word) => word.text)), words };
  const places = placeWords(source) ?? [];
  let text = "";
  let reached = 0;
  const spans = words.map((word, index): Span => {
    const place = places[index];
    const shown = oneLine(place === undefined ? word.text : source.text.slice(place.start, place.end));
    const isJoined = place !== undefined && place.start === reached;
    if (text !== "" && shown !== "" && !isJoined) text += " ";
    reached = place?.end ?? reached;
    const start = text.length;
    text += shown;
    return { start, end: text.length, startMs: word.startMs, endMs: word.endMs };
  });
  return { text, spans };
}

/** Whether no line may break between two pieces: because of their marks, or because they are one word, such as "don" and "'t". */
function isOneWord(previous: Piece, next: Piece, maxLineLength: number): boolean {
  if (next.separator === " ") {
    // "Bonjour !": the mark stays with its word if a line has room for both.
    return standsAlone(previous.text, next.text) && widthOf(`${previous.text} ${next.text}`) <= maxLineLength;
  }
  if (!isBreakable(previous.text, next.text)) return true;
  return !isUnspaced(lastOf(previous.text)) && !isUnspaced(firstOf(next.text));
}

/** Split a word that is longer than a line into parts that fit, and divide its time among them. */
function splitLong(piece: Piece, maxLineLength: number): readonly CaptionWord[] {
  const length = widthOf(piece.text);
  if (length <= maxLineLength) return [{ ...piece, length }];
  const parts = partsOf(piece.text, maxLineLength);
  let at = 0;
  return parts.map(({ text, separator }, index) => {
    const width = widthOf(text);
    const startMs = Math.round(piece.startMs + ((piece.endMs - piece.startMs) * at) / length);
    at = Math.min(length, at + width + separator.length);
    const endMs = Math.round(piece.startMs + ((piece.endMs - piece.startMs) * at) / length);
    return { text, startMs, endMs, separator: index === 0 ? piece.separator : separator, length: width };
  });
}

interface Part {
  readonly text: string;
  readonly separator: "" | " ";
}

function partsOf(text: string, maxLineLength: number): readonly Part[] {
  const chars = graphemes(text).flatMap((cluster) =>
    widthOf(cluster) > maxLineLength ? Array.from(cluster) : [cluster],
  );
  const parts: Part[] = [];
  for (let from = 0; from < chars.length;) {
    let to = from;
    let part = "";
    while (to < chars.length && widthOf(part + (chars[to] ?? "")) <= maxLineLength) {
      part += chars[to] ?? "";
      to += 1;
    }
    if (to < chars.length) to = breakBefore(chars, from, Math.max(to, from + 1));
    const whole = chars.slice(from, to).join("");
    const isSpaced = whole.startsWith(" ") || (chars[from - 1] ?? "") === " ";
    if (whole.trim() !== "") parts.push({ text: whole.trim(), separator: isSpaced ? " " : "" });
    from = to;
  }
  return parts;
}

/** Return the last place up to `to` where a line may break, or `to` if there is none. */
function breakBefore(chars: readonly string[], from: number, to: number): number {
  for (let at = to; at > from; at -= 1) {
    if (isBreakable(chars[at - 1] ?? "", chars[at] ?? "")) return at;
  }
  return to;
}

function oneLine(text: string): string {
  return text.replaceAll(/\s+/g, " ").trim();
}
