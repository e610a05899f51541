import { byteAt } from "./bytes.ts";

/** Read a number of at most 16 bits. */
export function bitsAt(bytes: Uint8Array, at: number, count: number): number {
  const first = at >> 3;
  const word = (byteAt(bytes, first) << 16) | (byteAt(bytes, first + 1) << 8) | byteAt(bytes, first + 2);
  return (word >> (24 - (at & 7) - count)) & ((1 << count) - 1);
}

/** Numbers read one after the other, the first bit of a byte first. Past the end they are zeros. */
export interface Bits {
  read(count: number): number;
  skip(count: number): void;
  align(): void;
  isPast(): boolean;
}

export function bitsOf(bytes: Uint8Array, start: number): Bits {
  let at = start;
  return {
    read(count) {
      const value = bitsAt(bytes, at, count);
      at += count;
      return value;
    },
    skip(count) {
      at += count;
    },
    align() {
      at = (at + 7) & ~7;
    },
    isPast: () => at > 8 * bytes.length,
  };
}
