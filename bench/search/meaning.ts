// Vectors like an embedding model's: texts on one topic are near, all are a little alike, and no two are the same.
import { createRandom, type Random } from "../../local/seeded-random.ts";

const DIMENSIONS = 1024;

/** All vectors of a real model have a common direction, so the differences that decide a ranking are small. */
const COMMON_WEIGHT = 6;
const NOISE_WEIGHT = 1.5;

/** A word with this ending means the same as without it, so that a query can use words that no passage has. */
export const OTHER_WORD = "q";

const known = new Map<string, Float64Array>();

/** Return the meaning of a text, from its words. The same text gives the same vector in every process. */
export function meaningOf(text: string): number[] {
  const sum = new Float64Array(DIMENSIONS);
  for (const word of text.split(/[^a-z]+/)) {
    if (word !== "") add(sum, directionOf(word.endsWith(OTHER_WORD) ? word.slice(0, -1) : word), 1);
  }
  add(sum, directionOf(""), COMMON_WEIGHT);
  add(sum, randomDirection(text), NOISE_WEIGHT);
  return Array.from(sum);
}

function directionOf(word: string): Float64Array {
  const direction = known.get(word) ?? randomDirection(word);
  known.set(word, direction);
  return direction;
}

function randomDirection(name: string): Float64Array {
  const random = createRandom(hashOf(name), 1);
  return Float64Array.from({ length: DIMENSIONS }, () => gaussian(random));
}

function add(sum: Float64Array, direction: Float64Array, weight: number): void {
  for (const [index, value] of direction.entries()) sum[index] = (sum[index] ?? 0) + weight * value;
}

/** The Box–Muller method. */
function gaussian(random: Random): number {
  return Math.sqrt(-2 * Math.log(1 - random())) * Math.cos(2 * Math.PI * random());
}

function hashOf(text: string): number {
  let hash = 0x811c9dc5;
  for (const byte of new TextEncoder().encode(text)) hash = Math.imul(hash ^ byte, 0x01000193);
  return hash >>> 0;
}
