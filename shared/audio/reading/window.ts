import { readWithin, type ByteSource } from "./byte-source.ts";
import { READ_BYTES } from "../chunks/limits.ts";

/** A buffer that reads ahead, and answers small reads from memory. */
export interface Window {
  readonly sizeBytes: number;
  /** Bytes from `offset`: at least `length` unless the source ends. They are valid until the next call. */
  at(offset: number, length: number): Promise<Uint8Array>;
}

/** Return a window with two stretches of `stepBytes`, or of the requested length if it is more. It does not read ahead past `limit`. */
export function windowOn(source: ByteSource, stepBytes: number, limit = source.sizeBytes, growth = 1): Window {
  let step = stepBytes;
  let held: Uint8Array = new Uint8Array();
  let base = 0;
  // The previous stretch, for a step back from packets to the box that contains them.
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
