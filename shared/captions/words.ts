import { isUnspaced, placeWords, separatorBetween } from "../transcripts/place-words.ts";
import type { Segment } from "../transcripts/transcript.ts";

/** What a caption never breaks: a word with its punctuation, or one character of a script without spaces. */
export interface CaptionWord {
  readonly text: string;
  readonly startMs: number;
  readonly endMs: number;
  /** What the source has between the word before and this one. */
  readonly separator: "" | " ";
  /** In characters, without the separator. */
  readonly length: number;
}

type Piece = Omit<CaptionWord, "length">;

/** The words of a transcript in order, each no longer than a line. */
export function captionWords(segments: readonly Segment[], maxLineLength: number): readonly CaptionWord[] {
  const glued: Piece[] = [];
  let latestMs = 0;
  for (const segment of segments) {
    for (const piece of segment.words.length > 0 ? timedPieces(segment) : untimedPieces(segment)) {
      const previous = glued.at(-1);
      latestMs = Math.max(latestMs, piece.startMs);
      const timed = { ...piece, startMs: latestMs, endMs: Math.max(latestMs, piece.endMs) };
      if (previous !== undefined && isOneWord(previous, timed, maxLineLength)) {
        glued[glued.length - 1] = { ...previous, text: previous.text + timed.text, endMs: timed.endMs };
      } else glued.push(timed);
    }
  }
  return glued.flatMap((piece) => splitLong(piece, maxLineLength));
}

/** Words as they read on one line. */
export function lineText(words: readonly CaptionWord[]): string {
  return words.map(({ text, separator }, index) => (index === 0 ? text : separator + text)).join("");
}

function timedPieces(segment: Segment): readonly Piece[] {
  const places = placeWords(segment);
  const pieces: Piece[] = [];
  for (const [index, { startMs, endMs, text: wordText }] of segment.words.entries()) {
    const place = places?.[index];
    const text = oneLine(place === undefined ? wordText : segment.text.slice(place.start, place.end));
    if (text === "") continue;
    const before = places?.[index - 1];
    const isJoined = before !== undefined && place !== undefined && before.end === place.start;
    const separator = isJoined ? "" : before === undefined ? separatorBetween(wordBefore(segment, index), text) : " ";
    pieces.push({ text, startMs, endMs, separator });
  }
  return pieces;
}

// Nothing is known of what precedes a segment: a script without spaces has none there either.
function wordBefore({ words }: Segment, index: number): string {
  return words[index - 1]?.text ?? words[index]?.text ?? "";
}

/** Words of a segment that has only a text, timed by their share of its characters. */
function untimedPieces({ text, startMs, endMs }: Segment): readonly Piece[] {
  const pieces: Piece[] = [];
  const clean = oneLine(text);
  const msPerUnit = Math.max(0, endMs - startMs) / Math.max(1, clean.length);
  let separator: "" | " " = separatorBetween(clean, clean);
  let from = 0;
  for (const part of clean.split(/( )/)) {
    if (part === " ") separator = " ";
    else {
      let at = from;
      for (const piece of isUnspacedText(part) ? graphemes(part) : [part]) {
        const pieceStartMs = Math.round(startMs + at * msPerUnit);
        at += piece.length;
        pieces.push({ text: piece, startMs: pieceStartMs, endMs: Math.round(startMs + at * msPerUnit), separator });
        separator = "";
      }
    }
    from += part.length;
  }
  return pieces.filter((piece) => piece.text !== "");
}

// No break between "don" and "'t", nor before a full stop.
function isOneWord(previous: Piece, next: Piece, maxLineLength: number): boolean {
  if (next.separator === " " || lengthOf(previous.text) + lengthOf(next.text) > maxLineLength) return false;
  if (/^[\p{Pe}\p{Pf}\p{Po}]+$/u.test(next.text)) return true;
  return !isUnspaced(Array.from(previous.text).at(-1) ?? "") && !isUnspaced(Array.from(next.text)[0] ?? "");
}

function splitLong(piece: Piece, maxLineLength: number): readonly CaptionWord[] {
  const length = lengthOf(piece.text);
  if (length <= maxLineLength) return [{ ...piece, length }];
  const parts: string[] = [];
  for (const char of graphemes(piece.text).flatMap((cluster) =>
    lengthOf(cluster) > maxLineLength ? Array.from(cluster) : [cluster],
  )) {
    const last = parts.at(-1);
    if (last === undefined || lengthOf(last) + lengthOf(char) > maxLineLength) parts.push(char);
    else parts[parts.length - 1] = last + char;
  }
  let at = 0;
  return parts.map((text, index) => {
    const startMs = Math.round(piece.startMs + ((piece.endMs - piece.startMs) * at) / length);
    at += lengthOf(text);
    const endMs = Math.round(piece.startMs + ((piece.endMs - piece.startMs) * at) / length);
    return { text, startMs, endMs, separator: index === 0 ? piece.separator : "", length: lengthOf(text) };
  });
}

const CLUSTERS = new Intl.Segmenter("und", { granularity: "grapheme" });

function graphemes(text: string): readonly string[] {
  return Array.from(CLUSTERS.segment(text), ({ segment }) => segment);
}

function isUnspacedText(text: string): boolean {
  return Array.from(text).some(isUnspaced);
}

function lengthOf(text: string): number {
  return Array.from(text).length;
}

function oneLine(text: string): string {
  return text.replaceAll(/\s+/g, " ").trim();
}
