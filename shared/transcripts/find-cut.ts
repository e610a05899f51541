import { alignWords, EDGE_MS, MAX_APART_MS, type Overlap, type Step } from "./align-words.ts";
import { normalizeWord } from "./spoken-alike.ts";
import type { Word } from "./transcript.ts";

/** The left side gives its words before `leftEnd`, the right side those from `rightStart`. */
export interface Cut {
  readonly leftEnd: number;
  readonly rightStart: number;
}

/**
 * Where to pass from the words of one chunk to those of the next: in the middle of the best run of words that both
 * heard alike. Null where they have no word in common.
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
  // One side heard nothing but, at most, a word at the edge: its like on the other side is more likely another word.
  const isAtEdge = ({ middleMs }: Pair) => middleMs < overlap.startMs + EDGE_MS || middleMs > overlap.endMs - EDGE_MS;
  if (isMostlyAlone && pairs.length === 1 && pairs.every(isAtEdge)) return null;
  const same = middleOfBestRun(pairs, seamMs);
  if (same !== undefined) {
    const { leftIndex, rightIndex } = same.step;
    return same.middleMs < seamMs
      ? { leftEnd: leftIndex + 1, rightStart: rightIndex + 1 }
      : { leftEnd: leftIndex, rightStart: rightIndex };
  }
  // Beside many words that one side alone heard, a pair that is not the same word is two words heard by one side each.
  if (isMostlyAlone) return null;
  const alike = pairs.filter(({ step }) => step.kind === "alike");
  const nearest = nearestTo(seamMs, alike.length > 0 ? alike : pairs);
  return nearest === undefined ? null : cutAround(nearest, steps, { left, right, overlap, seamMs });
}

interface Pair {
  readonly at: number;
  readonly step: Step;
  readonly middleMs: number;
  /** Whether the word is found once only on either side, within reach. */
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

// A repeated word says little about where the sides meet: runs count, and are cut, by their unrepeated words first.
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

/** A longer pause separates what was said before from what was said behind it. */
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
 * One side's version of words that were spelled differently: "twenty five" against "25" is a pair and a word alone, to
 * be taken together. A version that begins or ends with its file is not taken, because its word was cut off. Else the version
 * with more words, else that of the side whose part it is.
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

/** Whether no pause separates a word that one side alone heard from that side's next word (1), or the one before (-1). */
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
