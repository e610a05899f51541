/** The owner's latest passages: their count, and the lowest of their numbers. */
export interface Sample {
  readonly size: number;
  readonly oldest: number;
}

export interface WordMatches {
  /** For each query, the numbers of the passages that match it, the latest first. */
  readonly numbers: readonly (readonly number[])[];
  readonly sample: Sample;
}

/**
 * A hit below this share of the best score matches only words that most passages have.
 */
const LEAST_SHARE = 0.1;

export interface Scored {
  /** The numbers of passages, the best first, and among equal ones the latest first. */
  readonly passages: readonly number[];
  /** The indexes of the words, the rarest first. */
  readonly rarest: readonly number[];
}

/**
 * Score passages by their words. The weight of a word is its rarity among the owner's passages, as in BM25. How often a passage
 * repeats it does not count, because passages are short and of similar length.
 * @param words how many of the lists belong to one word each. A list after them has the passages with all the words.
 */
export function scoreWords({ numbers, sample }: WordMatches, words: number): Scored {
  const weights = numbers.slice(0, words).map((found) => {
    const has = found.filter((number) => number >= sample.oldest).length;
    return Math.log(1 + (sample.size - has + 0.5) / (has + 0.5));
  });
  const scores = new Map<number, number>();
  for (const [place, weight] of weights.entries()) {
    for (const number of numbers[place] ?? []) scores.set(number, (scores.get(number) ?? 0) + weight);
  }
  const all = weights.reduce((sum, weight) => sum + weight, 0);
  for (const number of numbers[words] ?? []) scores.set(number, all);
  const best = Math.max(0, ...scores.values());
  const passages = [...scores]
    .filter(([, score]) => score >= best * LEAST_SHARE)
    .toSorted(([a, scoreA], [b, scoreB]) => scoreB - scoreA || b - a)
    .map(([number]) => number);
  const rarest = weights.map((weight, place) => ({ weight, place })).toSorted((a, b) => b.weight - a.weight);
  return { passages, rarest: rarest.map(({ place }) => place) };
}
