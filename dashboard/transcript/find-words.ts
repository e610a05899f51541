// Finding in the lines of a transcript, and what they are once it is replaced.
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

/** Null where nothing is looked for. Letters with marks count as they are. */
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

/** The lines of these hits with something else in their place: what is written in front is not moved by what follows. */
export function replaced(edits: Edits, hits: readonly Hit[], by: string): readonly LineChange[] {
  return [...Map.groupBy(hits, ({ index }) => index)].map(([index, some]) => {
    const line = edits.line(index);
    let { text } = line;
    for (const { start, end } of some.toReversed()) text = text.slice(0, start) + by + text.slice(end);
    return { ...line, index, text };
  });
}
