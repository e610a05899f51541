// Find and replace in the lines of a transcript.
import type { Edits } from "./edits.ts";
import type { LineChange } from "./merge.ts";

export interface Hit {
  readonly index: number;
  readonly start: number;
  readonly end: number;
}

export interface Wanted {
  readonly text: string;
  readonly isCase: boolean;
  readonly isWhole: boolean;
}

/** Return the pattern to search for, or null if the text is empty. Letters with and without diacritics are different. */
export function patternOf({ text, isCase, isWhole }: Wanted): RegExp | null {
  if (text === "") return null;
  const plain = text.replaceAll(/[.*+?^${}()|[\]\\/]/gu, String.raw`\$&`);
  const edge = String.raw`[\p{L}\p{N}_]`;
  return new RegExp(isWhole ? `(?<!${edge})${plain}(?!${edge})` : plain, isCase ? "gu" : "giu");
}

export function find(edits: Edits, wanted: Wanted): readonly Hit[] {
  const pattern = patternOf(wanted);
  if (pattern === null) return [];
  return edits.segments().flatMap((_, index) =>
    [...edits.line(index).text.matchAll(pattern)].map(({ 0: found, index: start }) => ({
      index,
      start,
      end: start + found.length,
    })),
  );
}

/** Return the lines with these hits replaced. Replacing from the end keeps the places of the earlier hits valid. */
export function replaced(edits: Edits, hits: readonly Hit[], by: string): readonly LineChange[] {
  return [...Map.groupBy(hits, ({ index }) => index)].map(([index, some]) => {
    const line = edits.line(index);
    let { text } = line;
    for (const { start, end } of some.toReversed()) text = text.slice(0, start) + by + text.slice(end);
    return { ...line, index, text };
  });
}
