import { concatBytes } from "../../shared/audio/reading/bytes.ts";
import { between, pick, type Random } from "../../local/seeded-random.ts";

/** The size up to which repetition may enlarge a small file. */
const MOST_BYTES = 4 * 1024 * 1024;

type Mutation = (random: Random, bytes: Uint8Array, other: Uint8Array) => Uint8Array;

interface Range {
  readonly from: number;
  readonly to: number;
}

const MUTATIONS: Readonly<Record<string, Mutation>> = {
  "bits flipped": (random, bytes) => {
    const changed = bytes.slice();
    for (let left = between(random, 1, 30); left > 0; left--) {
      changed[between(random, 0, bytes.length - 1)]! ^= 1 << between(random, 0, 7);
    }
    return changed;
  },
  "bytes set to extremes": (random, bytes) => {
    const changed = bytes.slice();
    for (let left = between(random, 1, 4); left > 0; left--) {
      const { from } = drawRange(random, bytes);
      changed.fill(pick(random, [0, 0xff, 0x7f, 0x80, 1]), from, from + pick(random, [1, 2, 4, 8]));
    }
    return changed;
  },
  "cut off": (random, bytes) => bytes.slice(0, between(random, 1, bytes.length)),
  "a stretch taken out": (random, bytes) => {
    const { from, to } = drawRange(random, bytes);
    return concatBytes([bytes.subarray(0, from), bytes.subarray(to)]);
  },
  "a stretch repeated": (random, bytes) => {
    const { from, to } = drawRange(random, bytes);
    const times = between(random, 1, Math.max(1, Math.min(20_000, Math.floor(MOST_BYTES / (to - from)))));
    const repeated = Array.from({ length: times }, () => bytes.subarray(from, to));
    return concatBytes([bytes.subarray(0, to), ...repeated, bytes.subarray(to)]);
  },
  "a stretch moved": (random, bytes) => {
    const { from, to } = drawRange(random, bytes);
    const rest = concatBytes([bytes.subarray(0, from), bytes.subarray(to)]);
    const at = between(random, 0, rest.length);
    return concatBytes([rest.subarray(0, at), bytes.subarray(from, to), rest.subarray(at)]);
  },
  "another recording's stretch in it": (random, bytes, other) => {
    const { from, to } = drawRange(random, other);
    const at = between(random, 0, bytes.length);
    return concatBytes([bytes.subarray(0, at), other.subarray(from, to), bytes.subarray(at)]);
  },
  "joined to itself": (random, bytes) => {
    const most = Math.max(2, Math.min(200, Math.floor(MOST_BYTES / Math.max(1, bytes.length))));
    return concatBytes(Array.from({ length: between(random, 2, most) }, () => bytes));
  },
};

/** Change a file in one or two ways. */
export function mutate(
  random: Random,
  bytes: Uint8Array,
  other: Uint8Array,
): { readonly name: string; readonly bytes: Uint8Array } {
  let changed = bytes;
  const names: string[] = [];
  for (let left = between(random, 1, 2); left > 0 && changed.length > 0; left--) {
    const [first, ...rest] = Object.entries(MUTATIONS);
    if (first === undefined) break;
    const [name, mutation] = pick(random, [first, ...rest]);
    changed = mutation(random, changed, other);
    names.push(name);
  }
  return { name: names.join(", "), bytes: changed };
}

/** Draw a range. Short stretches are as frequent as long ones, and the headers at the start more frequent than the rest. */
function drawRange(random: Random, bytes: Uint8Array): Range {
  const most = random() < 0.4 ? Math.min(bytes.length, 2_000) : bytes.length;
  const from = between(random, 0, Math.max(0, most - 1));
  const length = Math.ceil(2 ** (random() * Math.log2(bytes.length - from + 1)));
  return { from, to: Math.min(bytes.length, from + Math.max(1, length)) };
}
