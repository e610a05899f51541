/** A source of numbers from 0 up to, but not including, 1. */
export type Random = () => number;

/**
 * sfc32 of Chris Doty-Humphrey's PractRand (public domain): small, fast, 128 bits of state. `stream` separates things that
 * must not affect each other: one more model call must not change which message is dropped.
 */
export function createRandom(seed: number, stream: number): Random {
  let [a, b, c, counter] = [seed | 0, (seed / 2 ** 32) | 0, stream | 0, 1];
  function next(): number {
    const sum = (((a + b) | 0) + counter) | 0;
    counter = (counter + 1) | 0;
    a = b ^ (b >>> 9);
    b = (c + (c << 3)) | 0;
    c = (((c << 21) | (c >>> 11)) + sum) | 0;
    return (sum >>> 0) / 2 ** 32;
  }
  // PractRand discards the same number of rounds before the first output.
  for (let round = 0; round < 12; round += 1) next();
  return next;
}

export function between(random: Random, low: number, high: number): number {
  return low + Math.floor(random() * (high - low + 1));
}

export function pick<T>(random: Random, list: readonly [T, ...T[]]): T {
  return list[Math.floor(random() * list.length)] ?? list[0];
}

/** Pick a name with a probability in proportion to its weight. */
export function pickWeighted<Name extends string>(
  random: Random,
  weights: Readonly<Partial<Record<Name, number>>>,
): Name {
  const entries = Object.entries(weights) as [Name, number][];
  let at = random() * entries.reduce((sum, [, weight]) => sum + weight, 0);
  for (const [name, weight] of entries) {
    at -= weight;
    if (at < 0) return name;
  }
  throw new Error("no weights to pick by");
}
