import { alignWords, EDGE_MS, MAX_APART_MS, type Overlap, type Step } from "./align-words.ts";
import { normalizeWord } from "./spoken-alike.ts";
import type { Word } from "./transcript.ts";

/** The merged words are those of the left side before `leftEnd`, then those of the right side from `rightStart`. */
export interface Cut {
  readonly leftEnd: number;
  readonly rightStart: number;
}

/**
 * Find where to change from the words of one chunk to those of the next: in the middle of the best run of words that both have.
 * Return null if they have no word in common.
 */
export function findCut(
  left: readonly Word[],
  right: readonly Word[],
  { overlap, seamMs }: { readonly overlap: Overlap; readonly seamMs: number },
): Cut | null {
  const steps = alignWords(left, right, overlap);
  const pairs = steps.flatMap((step, at): readonly Pair[] => {
    const leftWord = left[step.leftIndex];
    const rightWord = right[step.rightIndex];
    if (step.kind === "left_only" || step.kind === "right_only" || !leftWord || !rightWord) return [];
    const isSure = step.kind === "same" && !isAmbiguous(leftWord, right) && !isAmbiguous(rightWord, left);
    return [{ at, step, isSure, middleMs: (middle(leftWord) + middle(rightWord)) / 2 }];
  });
  const isMostlyAlone = steps.filter(isAlone).length > pairs.length;
  // One side has at most one word, at the edge. A similar word of the other side is more likely to be another word.
  const isAtEdge = ({ middleMs }: Pair) => middleMs < overlap.startMs + EDGE_MS || middleMs > overlap.endMs - EDGE_MS;
  if (isMostlyAlone && pairs.length === 1 && pairs.every(isAtEdge)) return null;
  const same = middleOfBestRun(pairs, seamMs);
  if (same !== undefined) {
    const { leftIndex, rightIndex } = same.step;
    return same.middleMs < seamMs
      ? { leftEnd: leftIndex + 1, rightStart: rightIndex + 1 }
      : { leftEnd: leftIndex, rightStart: rightIndex };
  }
  // If many words are on one side only, an unlike pair is rather two words, each on one side only.
  if (isMostlyAlone) return null;
  const alike = pairs.filter(({ step }) => step.kind === "alike");
  const nearest = nearestTo(seamMs, alike.length > 0 ? alike : pairs);
  return nearest === undefined ? null : cutAround(nearest, steps, { left, right, overlap, seamMs });
}

interface Pair {
  readonly at: number;
  readonly step: Step;
  readonly middleMs: number;
  /** Whether the word occurs only once on each side, within reach. */
  readonly isSure: boolean;
}

function middle({ startMs, endMs }: Word): number {
  return (startMs + endMs) / 2;
}

function isAmbiguous(word: Word, others: readonly Word[]): boolean {
  const text = normalizeWord(word.text);
  const within = (other: Word) => Math.abs(middle(other) - middle(word)) < MAX_APART_MS;
  return others.filter((other) => within(other) && normalizeWord(other.text) === text).length > 1;
}

// A repeated word says little about where the sides meet. Runs are ranked, and cut, by their unrepeated words first.
function middleOfBestRun(pairs: readonly Pair[], seamMs: number): Pair | undefined {
  const runs: Pair[][] = [];
  for (const pair of pairs) {
    if (pair.step.kind !== "same") continue;
    const run = runs.at(-1);
    if (run?.at(-1)?.at === pair.at - 1) run.push(pair);
    else runs.push([pair]);
  }
  let best: { readonly pair: Pair; readonly weight: number; readonly fromSeamMs: number } | undefined;
  for (const run of runs) {
    const sure = run.filter(({ isSure }) => isSure);
    const pair = middleOf(sure.length > 0 ? sure : run);
    if (pair === undefined) continue;
    const weight = sure.length + run.length / 100;
    const fromSeamMs = Math.abs(pair.middleMs - seamMs);
    if (best === undefined || weight > best.weight || (weight === best.weight && fromSeamMs < best.fromSeamMs)) {
      best = { pair, weight, fromSeamMs };
    }
  }
  return best?.pair;
}

function middleOf(pairs: readonly Pair[]): Pair | undefined {
  return pairs[Math.floor((pairs.length - 1) / 2)];
}

function nearestTo(seamMs: number, pairs: readonly Pair[]): Pair | undefined {
  const distance = ({ middleMs }: Pair) => Math.abs(middleMs - seamMs);
  return pairs.toSorted((a, b) => distance(a) - distance(b))[0];
}

/** A longer pause separates the words before it from those after it. */
const BESIDE_MS = 300;

/** A word this close to the end of its file was probably cut off. */
const CUT_OFF_MS = 100;

interface Sides {
  readonly left: readonly Word[];
  readonly right: readonly Word[];
  readonly overlap: Overlap;
  readonly seamMs: number;
}

/**
 * Choose one side's version of words that were spelled differently. "twenty five" and "25" are a pair and a single word, which must
 * be taken together. A version at the beginning or end of its file is not taken, because its word was cut off. Otherwise the version
 * with more words is taken, and if both have as many, that of the chunk whose own part it is.
 */
function cutAround(pair: Pair, steps: readonly Step[], { left, right, overlap, seamMs }: Sides): Cut {
  let from = pair.at;
  let to = pair.at + 1;
  while (isAlone(steps[from - 1]) && isBeside(steps[from - 1], 1, left, right)) from -= 1;
  while (isAlone(steps[to]) && isBeside(steps[to], -1, left, right)) to += 1;
  const block = steps.slice(from, to);
  const leftWords = block.filter(({ kind }) => kind !== "right_only").length;
  const rightWords = block.filter(({ kind }) => kind !== "left_only").length;
  const { leftIndex, rightIndex } = block[0] ?? pair.step;
  const leftEnd = leftIndex + leftWords;
  const isLeftCutOff = leftEnd === left.length && (left.at(-1)?.endMs ?? 0) > overlap.endMs - CUT_OFF_MS;
  const isRightCutOff = rightIndex === 0 && (right[0]?.startMs ?? Infinity) < overlap.startMs + CUT_OFF_MS;
  const hasMore = leftWords === rightWords ? pair.middleMs < seamMs : leftWords > rightWords;
  const isLeft = isLeftCutOff === isRightCutOff ? hasMore : isRightCutOff;
  return isLeft ? { leftEnd, rightStart: rightIndex + rightWords } : { leftEnd: leftIndex, rightStart: rightIndex };
}

/** Return whether a word that is on one side only follows that side's previous word (-1), or precedes its next word (1), without a pause. */
function isBeside(step: Step | undefined, by: 1 | -1, left: readonly Word[], right: readonly Word[]): boolean {
  if (step === undefined) return false;
  const isLeft = step.kind === "left_only";
  const words = isLeft ? left : right;
  const at = isLeft ? step.leftIndex : step.rightIndex;
  const [word, other] = [words[at], words[at + by]];
  if (word === undefined || other === undefined) return false;
  return (by === 1 ? other.startMs - word.endMs : word.startMs - other.endMs) < BESIDE_MS;
}

function isAlone(step: Step | undefined): boolean {
  return step !== undefined && step.isInside && (step.kind === "left_only" || step.kind === "right_only");
}
