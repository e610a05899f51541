import { normalizeWord } from "../../shared/transcripts/spoken-alike.ts";
import type { Result } from "./try-model.ts";

/**
 * How much of the largest model's result a model also gives, 0 to 1; null if the two cannot be compared. For words: 1 minus the
 * word error rate (edits of single words divided by the number of the largest model's words, NIST's measure), at least 0. For
 * labels: the number of common labels divided by the number that either gave. For texts that were written: the words in common, each as
 * often as both have it, divided by the mean number of words (ROUGE-1's F measure, Lin 2004).
 */
export function agreement(result: Result | null, largest: Result | null): number | null {
  if (result === null || largest === null) return null;
  if ("words" in result && "words" in largest) return 1 - Math.min(1, wordErrorRate(result.words, largest.words));
  if ("written" in result && "written" in largest) return wordsInCommon(result.written, largest.written);
  if ("labels" in result && "labels" in largest) return overlap(new Set(result.labels), new Set(largest.labels));
  return null;
}

/** Compares words without case and punctuation, which some models do not give. */
export function wordErrorRate(heard: readonly string[], spoken: readonly string[]): number {
  const left = heard.map(normalizeWord);
  const right = spoken.map(normalizeWord);
  if (right.length === 0) return left.length === 0 ? 0 : 1;
  let row = right.map((_, index) => index + 1);
  for (const [index, word] of left.entries()) {
    let [diagonal, above] = [index, index + 1];
    row = row.map((below, column) => {
      const cost = Math.min(below + 1, above + 1, diagonal + (word === right[column] ? 0 : 1));
      [diagonal, above] = [below, cost];
      return cost;
    });
  }
  return (row.at(-1) ?? 0) / right.length;
}

export function wordsInCommon(left: string, right: string): number {
  const wordsOf = (text: string) =>
    text
      .split(/\s+/)
      .map(normalizeWord)
      .filter((word) => word !== "");
  const [some, others] = [wordsOf(left), wordsOf(right)];
  if (some.length + others.length === 0) return 1;
  const counts = Map.groupBy(others, (word) => word);
  const common = [...Map.groupBy(some, (word) => word)].reduce(
    (sum, [word, times]) => sum + Math.min(times.length, counts.get(word)?.length ?? 0),
    0,
  );
  return (2 * common) / (some.length + others.length);
}

function overlap(left: ReadonlySet<string>, right: ReadonlySet<string>): number {
  const all = new Set([...left, ...right]);
  const common = [...left].filter((label) => right.has(label));
  return all.size === 0 ? 1 : common.length / all.size;
}
