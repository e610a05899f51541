// Feature hashing (Weinberger et al., 2009): a text's stems, each added to or taken from one of the vector's places.
// What is alike in words is near; what is alike in meaning alone is not. Nothing is learnt and nothing is random.
import { contentStems } from "../text/words.ts";

export const DIMENSIONS = 1024;

/** Two words that stand together say more about a text than each, but fewer paraphrases keep them together. */
const PAIR_WEIGHT = 0.5;

/** @returns a vector of length 1. */
export function embed(text: string): readonly number[] {
  const vector = new Float64Array(DIMENSIONS);
  for (const [feature, weight] of featuresOf(text)) {
    const hash = hashOf(feature);
    const place = hash % DIMENSIONS;
    // A bit that the place does not depend on: collisions then cancel out as often as they add up.
    vector[place] = (vector[place] ?? 0) + (hash >>> 31 === 0 ? weight : -weight);
  }
  const length = Math.hypot(...vector);
  return Array.from(vector, (value) => (length === 0 ? 0 : value / length));
}

function featuresOf(text: string): ReadonlyMap<string, number> {
  const stems = contentStems(text);
  // "To be or not to be" is all stop words: better its letters than nothing.
  const words = stems.length > 0 ? stems : [text.trim().toLowerCase()];
  const features = new Map<string, number>();
  const add = (feature: string, weight: number) => features.set(feature, (features.get(feature) ?? 0) + weight);
  for (const [index, word] of words.entries()) {
    add(word, 1);
    const next = words[index + 1];
    if (next !== undefined) add(`${word} ${next}`, PAIR_WEIGHT);
  }
  // A word said ten times is not ten times what the text is about.
  return new Map([...features].map(([feature, weight]) => [feature, Math.sqrt(weight)]));
}

/** FNV-1a over UTF-16 units, then mixed: its low bits alone spread short words badly. */
function hashOf(feature: string): number {
  let hash = 0x811c9dc5;
  for (let index = 0; index < feature.length; index += 1) {
    hash = Math.imul(hash ^ feature.charCodeAt(index), 0x01000193);
  }
  hash = Math.imul(hash ^ (hash >>> 16), 0x85ebca6b);
  return (hash ^ (hash >>> 13)) >>> 0;
}
