// Feature hashing (Weinberger et al., 2009): each feature of a text adds to, or subtracts from, one place of the vector.
// The features are stems and, from WordNet, the meanings of the words. Nothing is learnt and nothing is random.
import { pairsOf } from "../../../shared/search/indexed-text.ts";
import { contentStems } from "../text/words.ts";
import { contentLemmas } from "./lemmas.ts";
import { loadWordNet, type WordNet } from "./wordnet.ts";

export const DIMENSIONS = 1024;

/** Relative to 1 for a word itself. Set by eye: sixteen pairs of paraphrases are too few to tune on. */
const WEIGHTS = {
  /** Two adjacent words say more about a text than either alone, but few paraphrases keep them together. */
  pair: 0.5,
  part: 0.7,
  meaning: 0.7,
  broaderMeaning: 0.4,
} as const;

let wordNet: WordNet | undefined;

/** Return a vector of length 1. The first call loads WordNet. */
export function embed(text: string): readonly number[] {
  const vector = new Float64Array(DIMENSIONS);
  for (const [feature, weight] of featuresOf(text)) {
    const hash = hashOf(feature);
    const place = hash % DIMENSIONS;
    // The sign comes from a bit that the place does not depend on, so collisions cancel out as often as they add up.
    vector[place] = (vector[place] ?? 0) + (hash >>> 31 === 0 ? weight : -weight);
  }
  const length = Math.hypot(...vector);
  return Array.from(vector, (value) => (length === 0 ? 0 : value / length));
}

function featuresOf(text: string): ReadonlyMap<string, number> {
  wordNet ??= loadWordNet();
  // Adding squares makes a word that occurs four times count twice, not four times.
  const squares = new Map<string, number>();
  const add = (feature: string, weight: number) => squares.set(feature, (squares.get(feature) ?? 0) + weight ** 2);
  const stems = contentStems(text);
  for (const [index, stem] of stems.entries()) {
    add(stem, 1);
    // A part of a long Chinese or Korean word is a word as well.
    for (const part of pairsOf(stem)) add(part, WEIGHTS.part);
    const next = stems[index + 1];
    if (next !== undefined) add(`${stem} ${next}`, WEIGHTS.pair);
  }
  for (const { lemma, pos } of contentLemmas(text)) {
    const { own, broader } = wordNet(lemma, pos);
    for (const synset of own) add(synset, WEIGHTS.meaning);
    for (const synset of broader) add(synset, WEIGHTS.broaderMeaning);
  }
  // "To be or not to be" has no word that carries meaning. Hash the whole text rather than nothing.
  if (squares.size === 0) add(text.trim().toLowerCase(), 1);
  return new Map([...squares].map(([feature, square]) => [feature, Math.sqrt(square)]));
}

/** FNV-1a over UTF-16 units, then mixed: its low bits without mixing spread short words badly. */
function hashOf(feature: string): number {
  let hash = 0x811c9dc5;
  for (let index = 0; index < feature.length; index += 1) {
    hash = Math.imul(hash ^ feature.charCodeAt(index), 0x01000193);
  }
  hash = Math.imul(hash ^ (hash >>> 16), 0x85ebca6b);
  return (hash ^ (hash >>> 13)) >>> 0;
}
