import { addToLine, type Boundary, boundaryAfter, type LineFit } from "./breaks.ts";
import type { CaptionOptions } from "./options.ts";
import { type CaptionWord, lineText } from "./words.ts";

// In squared characters of imbalance: a comma is worth lines that differ by some eight characters from their mean.
const BREAK_COST: Readonly<Record<Boundary, number>> = { sentence: 0, clause: 20, pause: 100, none: 140, bound: 260 };

interface Split {
  readonly cost: number;
  readonly lines: readonly (readonly CaptionWord[])[];
}

/** Break words into as few lines as they need, of about the same length, after punctuation if that costs little balance. */
export function breakLines(words: readonly CaptionWord[], { maxLineLength }: CaptionOptions): readonly string[] {
  let fit: LineFit = { lines: 1, lineLength: 0 };
  for (const word of words) fit = addToLine(fit, word, maxLineLength);
  if (fit.lines === 1) return [lineText(words)];
  const meanLength = lengthOf(words) / fit.lines;
  // The cheapest split into the current number of lines, for every number of leading words.
  let splits = new Map<number, Split>([[0, { cost: 0, lines: [] }]]);
  for (let line = 1; line <= fit.lines; line += 1) {
    const longer = new Map<number, Split>();
    for (const [from, split] of splits) {
      let length = 0;
      for (let to = from; to < words.length; to += 1) {
        const word = words[to];
        if (word === undefined) break;
        length += word.length + (to > from ? word.separator.length : 0);
        if (length > maxLineLength) break;
        const cost = split.cost + (length - meanLength) ** 2 + BREAK_COST[boundaryAfter(word, words[to + 1])];
        const known = longer.get(to + 1);
        if (known !== undefined && known.cost <= cost) continue;
        longer.set(to + 1, { cost, lines: [...split.lines, words.slice(from, to + 1)] });
      }
    }
    splits = longer;
  }
  return (splits.get(words.length)?.lines ?? [words]).map(lineText);
}

function lengthOf(words: readonly CaptionWord[]): number {
  return words.reduce((sum, word, index) => sum + word.length + (index > 0 ? word.separator.length : 0), 0);
}
