// Inflate (RFC 1950, 1951). workerd's own DecompressionStream unpacks all its input at once, even if its reader is slow: 300 kB became 300 MB of
// memory. It also gives nothing if a byte follows the end, which writers of TIFF add to strips of an odd length.
import { concatBytes } from "../../../shared/audio/reading/bytes.ts";
import { damagedPicture } from "../unreadable-picture.ts";
import type { CreateUnpack, Pieces } from "./unpack.ts";

const WINDOW_BYTES = 32 * 1024;
/** How much is unpacked before it is passed on. */
const BLOCK_BYTES = 64 * 1024;
const MAX_MATCH_BYTES = 258;

/** The longest header of a block has 570 bytes, and a match 6. */
const LEAST_BYTES = 1024;

const DEFLATE = 8;
const END_OF_BLOCK = 256;
const MAX_BITS = 15;

/** RFC 1951, 3.2.5. */
const LENGTHS = [
  3, 4, 5, 6, 7, 8, 9, 10, 11, 13, 15, 17, 19, 23, 27, 31, 35, 43, 51, 59, 67, 83, 99, 115, 131, 163, 195, 227, 258,
];
const LENGTH_BITS = [0, 0, 0, 0, 0, 0, 0, 0, 1, 1, 1, 1, 2, 2, 2, 2, 3, 3, 3, 3, 4, 4, 4, 4, 5, 5, 5, 5, 0];
const DISTANCE_BITS = Array.from({ length: 30 }, (_, code) => Math.max(0, (code >> 1) - 1));
const DISTANCES = DISTANCE_BITS.map((bits, code) => (code < 2 ? code + 1 : ((2 + (code & 1)) << bits) + 1));
/** RFC 1951, 3.2.7: the order of the lengths that describe the lengths. */
const ORDER = [16, 17, 18, 0, 8, 7, 9, 6, 10, 5, 11, 4, 12, 3, 13, 2, 14, 1, 15];

/** Canonical codes: how many there are of each length, and their symbols in order. */
interface Codes {
  readonly counts: Uint16Array;
  readonly symbols: Uint16Array;
}

interface Bits {
  /** Whether more must be fetched before `read`. */
  isShort(): boolean;
  fetch(): Promise<void>;
  read(count: number): number;
  symbol(codes: Codes): number;
  /** Skip to the next whole byte. */
  align(): void;
}

export const createInflate: CreateUnpack = () => {
  const out = new Uint8Array(WINDOW_BYTES + BLOCK_BYTES + MAX_MATCH_BYTES);
  return (pieces) => inflate(pieces, out);
};

/** Unpack data with a zlib header, in blocks. The checksum and any bytes after the end are ignored. */
async function* inflate(pieces: Pieces, out: Uint8Array): AsyncGenerator<Uint8Array> {
  const bits = bitsOf(pieces);
  let given = 0;
  let filled = 0;
  /** Make room, once what is new has been passed on. */
  const slide = () => {
    const kept = Math.min(filled, WINDOW_BYTES);
    out.copyWithin(0, filled - kept, filled);
    given = kept;
    filled = kept;
  };

  while (bits.isShort()) await bits.fetch();
  const [method, flags] = [bits.read(8), bits.read(8)];
  if ((method & 15) !== DEFLATE || (method * 256 + flags) % 31 !== 0 || (flags & 32) !== 0) throw damaged();
  for (let isLast = false; !isLast;) {
    while (bits.isShort()) await bits.fetch();
    isLast = bits.read(1) === 1;
    const type = bits.read(2);
    if (type === 0) {
      bits.align();
      const length = bits.read(16);
      if ((length ^ bits.read(16)) !== 0xffff) throw damaged();
      for (let copied = 0; copied < length; copied++) {
        while (bits.isShort()) await bits.fetch();
        if (filled >= WINDOW_BYTES + BLOCK_BYTES) {
          yield out.subarray(given, filled);
          slide();
        }
        out[filled++] = bits.read(8);
      }
      continue;
    }
    if (type === 3) throw damaged();
    const { literals, distances } = type === 1 ? FIXED : readCodes(bits);
    for (;;) {
      while (bits.isShort()) await bits.fetch();
      if (filled >= WINDOW_BYTES + BLOCK_BYTES) {
        yield out.subarray(given, filled);
        slide();
      }
      const symbol = bits.symbol(literals);
      if (symbol < END_OF_BLOCK) {
        out[filled++] = symbol;
        continue;
      }
      if (symbol === END_OF_BLOCK) break;
      const length = (LENGTHS[symbol - 257] ?? Infinity) + bits.read(LENGTH_BITS[symbol - 257] ?? 0);
      const code = bits.symbol(distances);
      const from = filled - (DISTANCES[code] ?? Infinity) - bits.read(DISTANCE_BITS[code] ?? 0);
      if (!(from >= 0 && length <= MAX_MATCH_BYTES)) throw damaged();
      // They may overlap: a match repeats what it has just written.
      for (let at = 0; at < length; at++) out[filled++] = out[from + at] ?? 0;
    }
  }
  yield out.subarray(given, filled);
}

function readCodes(bits: Bits): { literals: Codes; distances: Codes } {
  const literalCount = bits.read(5) + 257;
  const count = literalCount + bits.read(5) + 1;
  const orderCount = bits.read(4) + 4;
  const described = new Uint8Array(ORDER.length);
  for (const place of ORDER.slice(0, orderCount)) described[place] = bits.read(3);
  const codes = codesOf(described);
  const lengths = new Uint8Array(count);
  for (let at = 0; at < count;) {
    const symbol = bits.symbol(codes);
    if (symbol < 16) {
      lengths[at++] = symbol;
      continue;
    }
    if (symbol === 16 && at === 0) throw damaged();
    const repeated = symbol === 16 ? (lengths[at - 1] ?? 0) : 0;
    const times = symbol === 16 ? 3 + bits.read(2) : symbol === 17 ? 3 + bits.read(3) : 11 + bits.read(7);
    if (at + times > count) throw damaged();
    lengths.fill(repeated, at, at + times);
    at += times;
  }
  return { literals: codesOf(lengths.subarray(0, literalCount)), distances: codesOf(lengths.subarray(literalCount)) };
}

function codesOf(lengths: Uint8Array): Codes {
  const counts = new Uint16Array(MAX_BITS + 1);
  for (const length of lengths) counts[length] = (counts[length] ?? 0) + 1;
  counts[0] = 0;
  const places = new Uint16Array(MAX_BITS + 2);
  for (let length = 1; length <= MAX_BITS; length++) places[length + 1] = (places[length] ?? 0) + (counts[length] ?? 0);
  const symbols = new Uint16Array(lengths.length);
  for (const [symbol, length] of lengths.entries()) {
    if (length === 0) continue;
    const place = places[length] ?? 0;
    symbols[place] = symbol;
    places[length] = place + 1;
  }
  return { counts, symbols };
}

/** RFC 1951, 3.2.6. */
const FIXED = {
  literals: codesOf(
    Uint8Array.from({ length: 288 }, (_, code) => (code < 144 ? 8 : code < 256 ? 9 : code < 280 ? 7 : 8)),
  ),
  distances: codesOf(new Uint8Array(30).fill(5)),
};

function bitsOf(pieces: Pieces): Bits {
  const source = pieces[Symbol.asyncIterator]();
  let bytes: Uint8Array = new Uint8Array();
  let at = 0;
  let held = 0;
  let heldBits = 0;
  let isOver = false;

  function read(count: number): number {
    while (heldBits < count) {
      const byte = bytes[at++];
      if (byte === undefined) throw damaged();
      held |= byte << heldBits;
      heldBits += 8;
    }
    const value = held & ((1 << count) - 1);
    held >>>= count;
    heldBits -= count;
    return value;
  }

  return {
    isShort: () => !isOver && bytes.length - at < LEAST_BYTES,
    async fetch() {
      const { done = false, value } = await source.next();
      if (done) isOver = true;
      else bytes = concatBytes([bytes.subarray(at), value]);
      if (!done) at = 0;
    },
    read,
    symbol({ counts, symbols }) {
      for (let length = 1, code = 0, first = 0, index = 0; length <= MAX_BITS; length++) {
        code |= read(1);
        const count = counts[length] ?? 0;
        if (code - count < first) return symbols[index + code - first] ?? Infinity;
        index += count;
        first = (first + count) << 1;
        code <<= 1;
      }
      throw damaged();
    },
    align() {
      held = 0;
      heldBits = 0;
    },
  };
}

function damaged(): Error {
  return damagedPicture("TIFF", "its deflate data cannot be unpacked");
}
