// The compressions of TIFF that are read (TIFF 6.0, sections 9 and 13; for deflate see inflate.ts). Each unpacks piece by
// piece, so that a strip of a megabyte that unpacks to gigabytes is never in memory. A piece that is given is valid until the next.
import { damagedPicture } from "../unreadable-picture.ts";

export type Pieces = AsyncIterable<Uint8Array>;

/** How much is unpacked before it is passed on. It exceeds the longest string of LZW. */
const BLOCK_BYTES = 64 * 1024;

/** Return the function that unpacks a strip. Strips share its memory, so one is unpacked at a time: a picture has thousands. */
export type CreateUnpack = () => (pieces: Pieces) => Pieces;

export const createUnpackBits: CreateUnpack = () => {
  const block = new Uint8Array(BLOCK_BYTES);
  return (pieces) => unpackBits(pieces, block);
};

async function* unpackBits(pieces: Pieces, block: Uint8Array): AsyncGenerator<Uint8Array> {
  let filled = 0;
  /** Bytes to copy, or how often to repeat the next one. */
  let literals = 0;
  let repeats = 0;
  for await (const piece of pieces) {
    for (const byte of piece) {
      if (filled + 128 > BLOCK_BYTES) {
        yield block.subarray(0, filled);
        filled = 0;
      }
      if (literals > 0) {
        block[filled++] = byte;
        literals -= 1;
      } else if (repeats > 0) {
        block.fill(byte, filled, filled + repeats);
        filled += repeats;
        repeats = 0;
      } else if (byte < 128) {
        literals = byte + 1;
      } else if (byte > 128) {
        repeats = 257 - byte;
      }
    }
  }
  yield block.subarray(0, filled);
}

const CLEAR = 256;
const END = 257;
const FIRST_FREE = 258;
const MOST_BITS = 12;

interface Strings {
  /** The code of the string without its last byte. */
  readonly before: Uint16Array;
  readonly last: Uint8Array;
  readonly first: Uint8Array;
  readonly lengths: Uint16Array;
}

export const createUnpackLzw: CreateUnpack = () => {
  const block = new Uint8Array(BLOCK_BYTES);
  const strings: Strings = {
    before: new Uint16Array(1 << MOST_BITS),
    last: new Uint8Array(1 << MOST_BITS),
    first: new Uint8Array(1 << MOST_BITS),
    lengths: new Uint16Array(1 << MOST_BITS),
  };
  for (let code = 0; code < CLEAR; code++) {
    strings.last[code] = code;
    strings.first[code] = code;
    strings.lengths[code] = 1;
  }
  return (pieces) => unpackLzw(pieces, block, strings);
};

async function* unpackLzw(
  pieces: Pieces,
  block: Uint8Array,
  { before, last, first, lengths }: Strings,
): AsyncGenerator<Uint8Array> {
  let filled = 0;
  let free = FIRST_FREE;
  let width = 9;
  let previous = CLEAR;
  let held = 0;
  let heldBits = 0;
  for await (const piece of pieces) {
    for (let at = 0; at < piece.length; at++) {
      held = (held << 8) | (piece[at] ?? 0);
      heldBits += 8;
      if (heldBits < width) continue;
      heldBits -= width;
      const code = held >>> heldBits;
      held &= (1 << heldBits) - 1;
      if (code === END) {
        yield block.subarray(0, filled);
        return;
      }
      if (code === CLEAR) {
        free = FIRST_FREE;
        width = 9;
        previous = CLEAR;
        continue;
      }
      const isKnown = code < CLEAR || (code >= FIRST_FREE && code < free);
      if (previous === CLEAR ? code > CLEAR : !isKnown && code !== free)
        throw damagedPicture("TIFF", "its LZW data has a code that it has not defined");
      if (previous !== CLEAR && free < 1 << MOST_BITS) {
        before[free] = previous;
        first[free] = first[previous] ?? 0;
        last[free] = first[isKnown ? code : previous] ?? 0;
        lengths[free] = (lengths[previous] ?? 0) + 1;
        free += 1;
        // One code early: TIFF 6.0, page 60.
        if (free === (1 << width) - 1 && width < MOST_BITS) width += 1;
      }
      const length = lengths[code] ?? 0;
      if (filled + length > BLOCK_BYTES) {
        yield block.subarray(0, filled);
        filled = 0;
      }
      filled += length;
      for (let to = filled - 1, link = code; to >= filled - length; to--) {
        block[to] = last[link] ?? 0;
        link = before[link] ?? 0;
      }
      previous = code;
    }
  }
  yield block.subarray(0, filled);
}
