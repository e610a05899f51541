import { readWithin } from "../../shared/audio/reading/byte-source.ts";
import { between, createRandom, pick, type Random } from "../../local/seeded-random.ts";
import { GENERATORS } from "../../test/structural/generators.ts";
import { extremesOf, type Fault, type Generator, type Skeleton, spoil } from "../../test/structural/shape.ts";
import { mutate } from "./mutate.ts";
import type { Recording } from "./recordings.ts";

/** One file to try. The same seed and number give the same file, as long as the recordings are the same. */
export interface Drawn {
  readonly container: string;
  readonly name: string;
  readonly bytes: Uint8Array;
}

export interface Deck {
  readonly seed: number;
  /** The size of the containers' quantity cases: the size for which the goals are set. */
  readonly quantityBytes: number;
  readonly only: string | null;
  readonly recordings: readonly Recording[];
}

/** Every third case is one of quantity. These take the most time. */
const QUANTITY_EVERY = 3;

export async function draw(deck: Deck, number: number): Promise<Drawn> {
  const random = createRandom(deck.seed, number);
  if (number % QUANTITY_EVERY === 0) return drawQuantity(deck, number / QUANTITY_EVERY);
  const generators = GENERATORS.filter(({ container }) => deck.only === null || container === deck.only);
  const generator = generators[number % generators.length];
  if (generator === undefined) throw new Error(`There is no generator for '${deck.only}'.`);
  const recordings = deck.recordings.filter(({ container }) => container === generator.container);
  const recording = recordings[Math.floor(random() * recordings.length)];
  if (recording !== undefined && random() < 0.4) {
    const { bytes, name } = mutate(random, recording.bytes, others(deck, random));
    return { container: generator.container, name: `${recording.name}, ${name}`, bytes };
  }
  const skeleton = generator.skeletons[between(random, 0, generator.skeletons.length - 1)];
  if (skeleton === undefined) throw new Error(`${generator.container} has no skeleton.`);
  const spoilt = combine(random, skeleton);
  if (random() < 0.6) return { container: generator.container, ...spoilt };
  const { bytes, name } = mutate(random, spoilt.bytes, others(deck, random));
  return { container: generator.container, name: `${spoilt.name}, ${name}`, bytes };
}

/** Return the containers' quantity cases in a shuffled order, so that none is missed and none comes twice in a round. */
async function drawQuantity({ seed, quantityBytes, only }: Deck, turn: number): Promise<Drawn> {
  const all = specials(quantityBytes).filter(({ generator }) => only === null || generator.container === only);
  const order = shuffled(createRandom(seed, -1), all.length);
  const { generator, index } = all[order[turn % all.length] ?? 0]!;
  const special = generator.special(quantityBytes)[index]!;
  const source = special.source();
  return {
    container: generator.container,
    name: special.name,
    bytes: await readWithin(source, 0, source.sizeBytes),
  };
}

let counted: { readonly quantityBytes: number; readonly list: readonly Special[] } | null = null;

interface Special {
  readonly generator: Generator;
  readonly index: number;
}

/** Refer to the cases by position: keeping all of them would keep their bytes. */
function specials(quantityBytes: number): readonly Special[] {
  if (counted?.quantityBytes !== quantityBytes) {
    const list = GENERATORS.flatMap((generator) =>
      Array.from({ length: generator.special(quantityBytes).length }, (_, index) => ({ generator, index })),
    );
    counted = { quantityBytes, list };
  }
  return counted.list;
}

function shuffled(random: Random, length: number): readonly number[] {
  const order = Array.from({ length }, (_, index) => index);
  for (let last = length - 1; last > 0; last--) {
    const other = between(random, 0, last);
    [order[last], order[other]] = [order[other]!, order[last]!];
  }
  return order;
}

function others({ recordings }: Deck, random: Random): Uint8Array {
  return recordings[Math.floor(random() * recordings.length)]?.bytes ?? new Uint8Array(4_096);
}

/** Set one to three numbers wrong at once: a value that one check accepts may be what another check relies on. */
function combine(random: Random, skeleton: Skeleton): { readonly name: string; readonly bytes: Uint8Array } {
  const { fields, bytes } = skeleton.piece;
  const faults = Array.from({ length: between(random, 1, 3) }, (): Fault => {
    const field = fields[between(random, 0, fields.length - 1)]!;
    const [first = 0n, ...rest] = extremesOf(field, bytes.length);
    const isExtreme = random() < 0.7;
    const drawn = BigInt(Math.floor(random() * 2 ** Math.min(52, between(random, 1, field.bits))));
    return { field, value: isExtreme ? pick(random, [first, ...rest]) : drawn };
  });
  const names = faults.map(({ field, value }) => `${field.name} is ${value}`);
  return { name: `${skeleton.name}: ${names.join(", ")}`, bytes: spoil(skeleton, faults) };
}
