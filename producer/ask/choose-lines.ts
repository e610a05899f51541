import { clock } from "../../shared/transcripts/clock.ts";
import { foldForms, pairsOf, stretchesOf } from "../../shared/search/indexed-text.ts";
import { wordsIn } from "../../shared/transcripts/scripts.ts";
import { textParts } from "../../shared/transcripts/text-parts.ts";

/** A line of a transcript or a text. Times are those of the recording; null for a text. */
export interface TimedLine {
  readonly text: string;
  readonly startMs: number | null;
  readonly endMs: number | null;
}

/** A passage is about a minute of speech, which is enough to be understood on its own. */
const PASSAGE_BYTES = 1000;

/** How many letters of a word are compared: enough to distinguish words, and few enough to ignore their endings. */
const STEM_LETTERS = 5;

/** Passages of the same score are taken in steps of this share of the text, so that those that are taken lie far apart. */
const GOLDEN_RATIO = 0.618034;

export interface ChosenLines {
  readonly isWhole: boolean;
  /** Runs of lines that follow one another, in order. */
  readonly runs: readonly (readonly TimedLine[])[];
}

/**
 * Choose the lines that a model is given. If they do not all fit, as many passages as fit: first those that share most words with
 * the question, where rare words weigh more. If none shares a word, the passages are spread over the whole text. No model is asked.
 */
export function chooseLines(lines: readonly TimedLine[], question: string, maxBytes: number): ChosenLines {
  if (lines.reduce((sum, line) => sum + bytesOf(line), 0) <= maxBytes) return { isWhole: true, runs: [lines] };
  const passages = passagesOf(lines);
  const asked = new Set(stemsOf(question));
  const held = passages.map(({ text }) => new Set(stemsOf(text).filter((stem) => asked.has(stem))));
  const weight = (stem: string) => Math.log(1 + passages.length / held.filter((stems) => stems.has(stem)).length);
  const weights = new Map([...asked].map((stem) => [stem, weight(stem)]));
  const ranked = held
    .map((stems, index) => ({
      index,
      score: [...stems].reduce((sum, stem) => sum + (weights.get(stem) ?? 0), 0),
      turn: (index * GOLDEN_RATIO) % 1,
    }))
    .toSorted((a, b) => b.score - a.score || a.turn - b.turn);
  let leftBytes = maxBytes;
  const taken = new Set<number>();
  for (const { index } of ranked) {
    const { sizeBytes = 0 } = passages[index] ?? {};
    if (sizeBytes > leftBytes) continue;
    leftBytes -= sizeBytes;
    taken.add(index);
  }
  const runs: TimedLine[][] = [];
  for (const [index, passage] of passages.entries()) {
    if (!taken.has(index)) continue;
    if (taken.has(index - 1)) runs.at(-1)?.push(...passage.lines);
    else runs.push([...passage.lines]);
  }
  return { isWhole: false, runs };
}

interface Passage {
  readonly lines: TimedLine[];
  text: string;
  sizeBytes: number;
}

function passagesOf(lines: readonly TimedLine[]): readonly Passage[] {
  const passages: Passage[] = [];
  for (const line of lines.flatMap(shortLines)) {
    const last = passages.at(-1);
    const sizeBytes = bytesOf(line);
    if (last === undefined || last.sizeBytes + sizeBytes > PASSAGE_BYTES) {
      passages.push({ lines: [line], text: line.text, sizeBytes });
    } else {
      last.lines.push(line);
      last.text += ` ${line.text}`;
      last.sizeBytes += sizeBytes;
    }
  }
  return passages;
}

/** Cut a line that is longer than a passage into several. Their times are estimated from their shares of the letters. */
function shortLines(line: TimedLine): readonly TimedLine[] {
  const { text, startMs, endMs } = line;
  if (bytesOf(line) <= PASSAGE_BYTES) return [line];
  let done = 0;
  const timeOf = (chars: number) =>
    startMs === null || endMs === null ? null : Math.round(startMs + ((endMs - startMs) * chars) / text.length);
  return textParts([text], PASSAGE_BYTES / 2).map((part) => {
    const from = done;
    done += part.length + 1;
    return { text: part, startMs: timeOf(from), endMs: timeOf(Math.min(done, text.length)) };
  });
}

/** A line as the model gets it. */
export function stampedLine({ text, startMs }: TimedLine): string {
  return startMs === null ? text : `[${clock(startMs)}] ${text}`;
}

const encoder = new TextEncoder();

function bytesOf(line: TimedLine): number {
  return encoder.encode(stampedLine(line)).length + 1;
}

/** A dictionary finds the words of scripts without spaces. See `pairsOf` for the parts of long words. */
function stemsOf(text: string): readonly string[] {
  const words = foldForms(text.toLowerCase()).match(/[\p{L}\p{N}][\p{L}\p{N}\p{M}]*/gu) ?? [];
  return words.flatMap(stretchesOf).flatMap(({ text: stretch, isApart }) => {
    if (!isApart) return [stretch.slice(0, STEM_LETTERS)];
    return wordsIn(stretch).flatMap((word) => [word, ...pairsOf(word)]);
  });
}
