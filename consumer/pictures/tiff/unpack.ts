// The compressions of TIFF that are read (TIFF 6.0, sections 9 and 13; for deflate see inflate.ts). Each unpacks piece by
// piece, so that a strip of a megabyte that unpacks to gigabytes is never in memory. A piece that is given is valid until the next.
import { damagedPicture } from "../unreadable-picture.ts";

export type Pieces = AsyncIterable<Uint8Array>;

/** How much is unpacked before it is passed on. It exceeds the longest string of LZW. */
const BLOCK_BYTES = 64 * 1024;

export async function* unpackBits(pieces: Pieces): AsyncGenerator<Uint8Array> {
  const block = new Uint8Array(BLOCK_BYTES);
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

export async function* unpackLzw(pieces: Pieces): AsyncGenerator<Uint8Array> {
  const block = new Uint8Array(BLOCK_BYTES);
  const before = new Uint16Array(1 << MOST_BITS);
  const last = new Uint8Array(1 << MOST_BITS);
  const first = new Uint8Array(1 << MOST_BITS);
  const lengths = new Uint16Array(1 << MOST_BITS);
  for (let code = 0; code < CLEAR; code++) {
    last[code] = code;
    first[code] = code;
    lengths[code] = 1;
  }
  let filled = 0;
  let free = FIRST_FREE;
  let width = 9;
  let previous = CLEAR;
  let held = 0;
  let heldBits = 0;
  for await (const piece of pieces) {
    for (const byte of piece) {
      held = (held << 8) | byte;
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
      for (let at = filled - 1, link = code; at >= filled - length; at--) {
        block[at] = last[link] ?? 0;
        link = before[link] ?? 0;
      }
      previous = code;
    }
  }
  yield block.subarray(0, filled);
}
