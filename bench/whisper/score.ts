import type { Word } from "../../shared/transcripts/transcript.ts";
import { createRandom } from "../../local/seeded-random.ts";

/** The result for one word of the reference, or for a word that the reference does not have. */
export type Pair =
  | { readonly type: "same" | "other"; readonly reference: number; readonly found: number }
  | { readonly type: "lost"; readonly reference: number }
  | { readonly type: "added"; readonly found: number };

/** Return the words in the form in which they are compared: lower case and without punctuation; digits stay digits. */
export function plainWords(text: string): readonly string[] {
  return text
    .toLowerCase()
    .normalize("NFC")
    .replaceAll(/['’]/g, "")
    .split(/[^\p{L}\p{N}]+/u)
    .filter((word) => word !== "");
}

/** Find the cheapest alignment of the reference with the found words: every change costs 1 (Levenshtein over words). */
export function align(reference: readonly string[], found: readonly string[]): readonly Pair[] {
  const width = found.length + 1;
  const costs = new Uint32Array((reference.length + 1) * width);
  const at = (row: number, column: number) => costs[row * width + column] ?? 0;
  for (let row = 0; row <= reference.length; row += 1) {
    for (let column = 0; column <= found.length; column += 1) {
      if (row === 0 || column === 0) costs[row * width + column] = row + column;
      else {
        const change = at(row - 1, column - 1) + (reference[row - 1] === found[column - 1] ? 0 : 1);
        costs[row * width + column] = Math.min(change, at(row - 1, column) + 1, at(row, column - 1) + 1);
      }
    }
  }
  const pairs: Pair[] = [];
  let [row, column] = [reference.length, found.length];
  while (row > 0 || column > 0) {
    const isSame = row > 0 && column > 0 && reference[row - 1] === found[column - 1];
    if (row > 0 && column > 0 && at(row, column) === at(row - 1, column - 1) + (isSame ? 0 : 1)) {
      row -= 1;
      column -= 1;
      pairs.push({ type: isSame ? "same" : "other", reference: row, found: column });
    } else if (row > 0 && at(row, column) === at(row - 1, column) + 1) {
      row -= 1;
      pairs.push({ type: "lost", reference: row });
    } else {
      column -= 1;
      pairs.push({ type: "added", found: column });
    }
  }
  return pairs.toReversed();
}

export function errorsIn(pairs: readonly Pair[]): number {
  return pairs.filter(({ type }) => type !== "same").length;
}

/** Return timed words, each split as `plainWords` splits it. */
export function timedWords(words: readonly Word[]): readonly Word[] {
  return words.flatMap((word) => plainWords(word.text).map((text) => ({ ...word, text })));
}

/** A word within this distance of a seam counts as near it: the overlap, and half of it again. */
export const NEAR_SEAM_MS = 4_000;

/** Return the words of the single call that the pipeline lost near a seam, and how many words it doubled there. */
export function atSeams(
  whole: readonly Word[],
  piped: readonly Word[],
  seamsMs: readonly number[],
): { readonly lost: readonly Word[]; readonly doubled: number } {
  const isNear = (ms: number | undefined) =>
    ms !== undefined && seamsMs.some((seamMs) => Math.abs(seamMs - ms) < NEAR_SEAM_MS);
  const pairs = align(
    whole.map(({ text }) => text),
    piped.map(({ text }) => text),
  );
  const lost: Word[] = [];
  let doubled = 0;
  for (const pair of pairs) {
    const missing = pair.type === "lost" ? whole[pair.reference] : undefined;
    if (missing !== undefined && isNear(missing.startMs)) lost.push(missing);
    if (pair.type !== "added" || !isNear(piped[pair.found]?.startMs)) continue;
    // Doubled means repeated within three words. A word that the single call got wrong does not count.
    const around = [-3, -2, -1, 1, 2, 3].map((offset) => piped[pair.found + offset]?.text);
    if (around.includes(piped[pair.found]?.text)) doubled += 1;
  }
  return { lost, doubled };
}

/** Two answers place the same word at most this far apart. */
const SAME_WORD_MS = 1_000;

/** Return whether some words contain a word, at about its time. */
export function contains(words: readonly Word[], { text, startMs }: Word): boolean {
  return words.some((other) => other.text === text && Math.abs(other.startMs - startMs) < SAME_WORD_MS);
}

/** A word's time may be off by this much. A word further from every sentence was not said. */
const BESIDE_SENTENCE_MS = 500;

/** Return the words that are placed between the sentences, in pauses or music, and that nobody has said. */
export function betweenSentences(
  words: readonly Word[],
  pairs: readonly Pair[],
  sentences: readonly { readonly startMs: number; readonly endMs: number }[],
): readonly Word[] {
  return pairs.flatMap((pair) => {
    const word = pair.type === "added" || pair.type === "other" ? words[pair.found] : undefined;
    if (word === undefined) return [];
    const middleMs = (word.startMs + word.endMs) / 2;
    const isBeside = sentences.some(
      ({ startMs, endMs }) => middleMs > startMs - BESIDE_SENTENCE_MS && middleMs < endMs + BESIDE_SENTENCE_MS,
    );
    return isBeside ? [] : [word];
  });
}

/** Return how far apart two transcripts place the words that they share: in milliseconds, for the beginning of each word. */
export function timeDifferences(whole: readonly Word[], piped: readonly Word[]): readonly number[] {
  return align(
    whole.map(({ text }) => text),
    piped.map(({ text }) => text),
  ).flatMap((pair) => {
    if (pair.type !== "same") return [];
    const [one, other] = [whole[pair.reference], piped[pair.found]];
    return one === undefined || other === undefined ? [] : [Math.abs(one.startMs - other.startMs)];
  });
}

/** Return the middle 95 % of the mean over recordings that are drawn repeatedly, with replacement. */
export function bootstrap(
  recordings: readonly { readonly errors: number; readonly words: number }[],
): readonly [number, number] {
  const random = createRandom(7, 0);
  const means = Array.from({ length: 2_000 }, () => {
    let [errors, words] = [0, 0];
    for (let drawn = 0; drawn < recordings.length; drawn += 1) {
      const one = recordings[Math.floor(random() * recordings.length)];
      errors += one?.errors ?? 0;
      words += one?.words ?? 0;
    }
    return errors / words;
  }).toSorted((a, b) => a - b);
  return [means[50] ?? 0, means[1_949] ?? 0];
}
