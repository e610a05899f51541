import { type Likeness, likeness, normalizeWord } from "./spoken-alike.ts";
import type { Word } from "./transcript.ts";

/** The time that both chunks contain. */
export interface Overlap {
  readonly startMs: number;
  readonly endMs: number;
}

/** One step of an alignment: a word of each side that are the same word, or a word that only one side has. */
export interface Step {
  readonly leftIndex: number;
  readonly rightIndex: number;
  readonly kind: Likeness | "left_only" | "right_only";
  /** Whether the word is well inside the overlap, so that the other side should have it too. */
  readonly isInside: boolean;
}

/** Two words further apart than this are never the same word, even if they are spelled alike. */
export const MAX_APART_MS = 1000;

/** Word times are off by up to this: a word this near the edge of a chunk may not have been in its audio. */
export const EDGE_MS = 400;

// Costs are roughly negative log-likelihoods. Both times are off by up to 400 ms, so their difference has a standard deviation of
// about 350 ms, and their mean one of about 150 ms.
const APART_DEVIATION_MS = 350;
const MEAN_DEVIATION_MS = 150;
const ONE_SIDED_COST = 4;
// Unlike words are paired only if two one-sided words would be less likely: well inside the overlap, and close in time.
const LIKENESS_COST: Readonly<Record<Likeness, number>> = { same: 0, alike: 1, unlike: 7 };

/**
 * Return the most likely alignment of the words of two chunks; each chunk keeps its order. A word outside the overlap may stay
 * alone at no cost. This and the times distinguish one "no" of "no no no no" from the next.
 */
export function alignWords(left: readonly Word[], right: readonly Word[], overlap: Overlap): readonly Step[] {
  const leftWords = left.map(toHeard);
  const rightWords = right.map(toHeard);
  const leftCosts = leftWords.map(({ middleMs }) => oneSidedCost(middleMs - overlap.startMs));
  const rightCosts = rightWords.map(({ middleMs }) => oneSidedCost(overlap.endMs - middleMs));
  const width = right.length + 1;
  const costs = new Float64Array((left.length + 1) * width);
  const kinds: Step["kind"][] = [];
  for (let row = 0; row <= left.length; row += 1) {
    for (let column = 0; column < width; column += 1) {
      if (row === 0 && column === 0) continue;
      const leftWord = leftWords[row - 1];
      const rightWord = rightWords[column - 1];
      let cost = Infinity;
      let kind: Step["kind"] = "left_only";
      // The edge explains a missing word only before the right side's first word and after the left side's last word.
      if (leftWord !== undefined) {
        const aloneCost = column === 0 ? (leftCosts[row - 1] ?? 0) : ONE_SIDED_COST;
        cost = (costs[(row - 1) * width + column] ?? 0) + aloneCost;
      }
      if (rightWord !== undefined) {
        const aloneCost = row === left.length ? (rightCosts[column - 1] ?? 0) : ONE_SIDED_COST;
        const alone = (costs[row * width + column - 1] ?? 0) + aloneCost;
        if (alone < cost) [cost, kind] = [alone, "right_only"];
      }
      if (leftWord !== undefined && rightWord !== undefined) {
        const like = likeness(leftWord.text, rightWord.text);
        const paired = (costs[(row - 1) * width + column - 1] ?? 0) + pairCost(leftWord, rightWord, like, overlap);
        if (paired <= cost) [cost, kind] = [paired, like];
      }
      costs[row * width + column] = cost;
      kinds[row * width + column] = kind;
    }
  }
  const isInside = (kind: Step["kind"], leftIndex: number, rightIndex: number) => {
    if (kind === "left_only") return rightIndex > 0 || (leftCosts[leftIndex] ?? 0) > 0.75 * ONE_SIDED_COST;
    if (kind === "right_only") return leftIndex < left.length || (rightCosts[rightIndex] ?? 0) > 0.75 * ONE_SIDED_COST;
    return true;
  };
  return traceBack(kinds, left.length, right.length).map((step) => ({
    ...step,
    isInside: isInside(step.kind, step.leftIndex, step.rightIndex),
  }));
}

interface HeardWord {
  readonly text: string;
  readonly middleMs: number;
}

function toHeard(word: Word): HeardWord {
  return { text: normalizeWord(word.text), middleMs: (word.startMs + word.endMs) / 2 };
}

// A word that seems to be this deep inside may really be outside the overlap, in audio that the other chunk does not have.
function oneSidedCost(depthMs: number): number {
  const outsideShare = Math.min(1, Math.max(0, (EDGE_MS - depthMs) / (2 * EDGE_MS)));
  return Math.min(ONE_SIDED_COST, -Math.log(outsideShare));
}

function pairCost(left: HeardWord, right: HeardWord, like: Likeness, { startMs, endMs }: Overlap): number {
  const apartMs = left.middleMs - right.middleMs;
  if (Math.abs(apartMs) >= MAX_APART_MS) return Infinity;
  const meanMs = (left.middleMs + right.middleMs) / 2;
  const outsideMs = Math.max(0, startMs - meanMs, meanMs - endMs);
  return LIKENESS_COST[like] + (apartMs / APART_DEVIATION_MS) ** 2 / 2 + (outsideMs / MEAN_DEVIATION_MS) ** 2 / 2;
}

function traceBack(
  kinds: readonly Step["kind"][],
  leftLength: number,
  rightLength: number,
): readonly Omit<Step, "isInside">[] {
  const steps: Omit<Step, "isInside">[] = [];
  let leftIndex = leftLength;
  let rightIndex = rightLength;
  while (leftIndex > 0 || rightIndex > 0) {
    const kind = kinds[leftIndex * (rightLength + 1) + rightIndex] ?? "left_only";
    if (kind !== "right_only") leftIndex -= 1;
    if (kind !== "left_only") rightIndex -= 1;
    steps.push({ leftIndex, rightIndex, kind });
  }
  return steps.toReversed();
}
