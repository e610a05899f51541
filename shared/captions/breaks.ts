import { endsClause, endsSentence } from "../transcripts/scripts.ts";
import type { CaptionOptions } from "./options.ts";
import type { CaptionWord } from "./words.ts";

/** What a reader sees at the end of a word. `bound`: the next word belongs to it, as Japanese particles and endings do. */
export type Boundary = "sentence" | "clause" | "pause" | "none" | "bound";

const PAUSE_MS = 300;
const LONG_PAUSE_MS = 1000;

export function boundaryAfter(word: CaptionWord, next: CaptionWord | undefined): Boundary {
  if (next === undefined) return "sentence";
  // "e.g. this" continues a sentence, because a sentence does not begin with a small letter.
  if (endsSentence(word.text)) return /^\p{Ll}/u.test(next.text) ? "clause" : "sentence";
  if (endsClause(word.text)) return "clause";
  if (next.startMs - word.endMs >= PAUSE_MS) return "pause";
  return next.separator === "" && /^\p{Script=Hiragana}/u.test(next.text) ? "bound" : "none";
}

/** Return the time that a text needs on the screen. */
export function wantedMs(chars: number, options: CaptionOptions): number {
  const readingMs = Math.ceil((chars * 1000) / options.maxCharsPerSecond);
  return Math.min(options.maxDurationMs, Math.max(options.minDurationMs, readingMs));
}

// Costs have no unit. Only their order and distances matter. A cue itself has a cost, because otherwise every cue would be one word.
const CUE_COST = 3;
const BREAK_COST: Readonly<Record<Boundary, number>> = { sentence: 0, clause: 2, pause: 4, none: 9, bound: 14 };
const SENTENCE_INSIDE_COST = 1.5;
const LONG_PAUSE_INSIDE_COST = 12;
const TOO_SHORT_COST = 10;

/** Group words into cues. Each cue fits its lines and its longest duration, and the total cost is the lowest. */
export function groupIntoCues(
  words: readonly CaptionWord[],
  options: CaptionOptions,
): readonly (readonly CaptionWord[])[] {
  const costs = new Float64Array(words.length + 1).fill(Infinity);
  const starts = new Uint32Array(words.length + 1);
  costs[0] = 0;
  const boundaries = words.map((word, index) => boundaryAfter(word, words[index + 1]));
  for (const [from, first] of words.entries()) {
    const base = costs[from] ?? Infinity;
    let insideCost = 0;
    let chars = 0;
    let fit: LineFit = { lines: 1, lineLength: 0 };
    for (let to = from; to < words.length; to += 1) {
      const word = words[to];
      if (word === undefined) break;
      fit = addToLine(fit, word, options.maxLineLength);
      const isTooLong = fit.lines > options.maxLines || word.endMs - first.startMs > options.maxDurationMs;
      if (isTooLong && to > from) break;
      chars += word.length + (to > from ? word.separator.length : 0);
      const next = words[to + 1];
      const boundary = boundaries[to] ?? "none";
      const shortfall = next === undefined ? 0 : shortfallOf(first, next, wantedMs(chars, options), options.minGapMs);
      const cost = base + CUE_COST + insideCost + BREAK_COST[boundary] + TOO_SHORT_COST * shortfall;
      if (cost < (costs[to + 1] ?? Infinity)) {
        costs[to + 1] = cost;
        starts[to + 1] = from;
      }
      if (boundary === "sentence") insideCost += SENTENCE_INSIDE_COST;
      if (next !== undefined && next.startMs - word.endMs >= LONG_PAUSE_MS) insideCost += LONG_PAUSE_INSIDE_COST;
    }
  }
  const groups: (readonly CaptionWord[])[] = [];
  for (let to = words.length; to > 0;) {
    const from = starts[to] ?? 0;
    groups.push(words.slice(from, to));
    to = from;
  }
  return groups.toReversed();
}

// The part of the wanted time that the next cue would take away.
function shortfallOf(first: CaptionWord, next: CaptionWord, wanted: number, minGapMs: number): number {
  const availableMs = Math.max(0, next.startMs - minGapMs - first.startMs);
  return wanted <= availableMs ? 0 : 1 - availableMs / wanted;
}

/** The state of filling words in line by line. */
export interface LineFit {
  readonly lines: number;
  readonly lineLength: number;
}

export function addToLine({ lines, lineLength }: LineFit, word: CaptionWord, maxLineLength: number): LineFit {
  if (lineLength === 0) return { lines, lineLength: word.length };
  const longer = lineLength + word.separator.length + word.length;
  return longer <= maxLineLength ? { lines, lineLength: longer } : { lines: lines + 1, lineLength: word.length };
}
