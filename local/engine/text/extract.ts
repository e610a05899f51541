// Picks sentences of a text, in their original order: the central ones, or those that answer a question.
import type { Sentence } from "./sentences.ts";

const MOST_IN_SUMMARY = 5;
const MOST_IN_ANSWER = 3;
/** A shorter sentence says little, however frequent its words are. */
const FEWEST_STEMS = 4;
/** The share of the question's weight that the best sentence must carry, and how near to the best the others must be. */
const LEAST_SHARE = 0.2;
const NEAR_BEST = 0.7;

/**
 * SumBasic (Nenkova and Vanderwende, 2005): take the sentence with the most likely words, then let those words count less,
 * so that the next sentence says something else.
 */
export function summarise(sentences: readonly Sentence[], count: number | null): readonly Sentence[] {
  const wanted = count ?? Math.min(MOST_IN_SUMMARY, Math.ceil(sentences.length / 5));
  const telling = sentences.filter(({ stems }) => stems.length >= FEWEST_STEMS);
  const left = new Set(telling.length >= wanted ? telling : sentences);
  const all = sentences.flatMap(({ stems }) => stems);
  const likelihoods = new Map([...countStems(all)].map(([stem, times]) => [stem, times / all.length]));
  const likelihood = (stem: string) => likelihoods.get(stem) ?? 0;
  const chosen = new Set<Sentence>();
  for (const _ of sentences.slice(0, wanted)) {
    const best = highest(left, ({ stems }) => total(stems.map(likelihood)) / Math.max(stems.length, 1));
    if (best === undefined) break;
    chosen.add(best);
    left.delete(best);
    for (const stem of new Set(best.stems)) likelihoods.set(stem, likelihood(stem) ** 2);
  }
  return sentences.filter((sentence) => chosen.has(sentence));
}

/** Return the sentences that share most of the question's words, with more weight for rare words; none if too little is shared. */
export function findAnswer(sentences: readonly Sentence[], question: readonly string[]): readonly Sentence[] {
  const asked = new Set(question);
  const holding = countStems(sentences.flatMap(({ stems }) => [...new Set(stems)]));
  const weight = (stem: string) => Math.log(1 + sentences.length / (1 + (holding.get(stem) ?? 0)));
  const scored = sentences
    .map((sentence) => {
      const shared = new Set(sentence.stems.filter((stem) => asked.has(stem)));
      return { sentence, score: total([...shared].map(weight)) };
    })
    .filter(({ score }) => score > 0)
    // If two sentences share the same words, the shorter one is more relevant.
    .toSorted((a, b) => b.score - a.score || a.sentence.stems.length - b.sentence.stems.length);
  const best = scored[0]?.score ?? 0;
  if (best < LEAST_SHARE * total([...asked].map(weight))) return [];
  const near = scored.filter(({ score }) => score >= NEAR_BEST * best).slice(0, MOST_IN_ANSWER);
  const chosen = new Set(near.map(({ sentence }) => sentence));
  return sentences.filter((sentence) => chosen.has(sentence));
}

function countStems(stems: readonly string[]): Map<string, number> {
  const times = new Map<string, number>();
  for (const stem of stems) times.set(stem, (times.get(stem) ?? 0) + 1);
  return times;
}

function highest(sentences: Iterable<Sentence>, score: (sentence: Sentence) => number): Sentence | undefined {
  let best: { readonly sentence: Sentence; readonly score: number } | undefined;
  for (const sentence of sentences) {
    const candidate = { sentence, score: score(sentence) };
    if (best === undefined || candidate.score > best.score) best = candidate;
  }
  return best?.sentence;
}

function total(numbers: readonly number[]): number {
  return numbers.reduce((sum, number) => sum + number, 0);
}
