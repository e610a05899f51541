import { readWithin, type ByteSource } from "./byte-source.ts";
import { READ_BYTES } from "../chunks/limits.ts";

/** Reads ahead, and answers small reads from what it holds. */
export interface Window {
  readonly sizeBytes: number;
  /** Bytes from `offset`: at least `length` unless the source ends. They are valid until the next call. */
  at(offset: number, length: number): Promise<Uint8Array>;
}

/** Holds two stretches of `stepBytes`, or of what was asked for where that is more. Reads nothing ahead past `limit`. */
export function windowOn(source: ByteSource, stepBytes: number, limit = source.sizeBytes, growth = 1): Window {
  let step = stepBytes;
  let held: Uint8Array = new Uint8Array();
  let base = 0;
  // The stretch before, for a step back from packets to the box that they lie in.
  let earlier = { base, held };
  return {
    sizeBytes: source.sizeBytes,
    async at(offset, length) {
      const end = Math.min(source.sizeBytes, offset + length);
      if (offset < base || end > base + held.length) {
        if (offset >= earlier.base && end <= earlier.base + earlier.held.length)
          return earlier.held.subarray(offset - earlier.base);
        earlier = { base, held };
        const ahead = Math.max(length, Math.min(step, limit - offset));
        held = await readWithin(source, offset, ahead);
        base = offset;
        step = Math.min(READ_BYTES, step * growth);
      }
      return held.subarray(offset - base);
    },
  };
}
