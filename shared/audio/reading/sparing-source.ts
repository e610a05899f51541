import type { ByteSource } from "./byte-source.ts";

/** How much of a source may be read, in how many reads. */
export interface ReadAllowance {
  readonly maxReads: number;
  readonly maxBytes: number;
  /** The least bytes that a read fetches, because the next read is often close by. */
  readonly aheadBytes: number;
}

/** A read would exceed the allowance. */
export class AllowanceSpent extends Error {
  override readonly name = "AllowanceSpent";
}

/** Return a source that only has its beginning so far. Reading past it throws `AllowanceSpent`. */
export function headSource(head: Uint8Array, sizeBytes: number): ByteSource {
  return {
    sizeBytes,
    async read(offset, length) {
      if (offset + length > head.length) throw new AllowanceSpent();
      return head.slice(offset, offset + length);
    },
  };
}

/** Return a source that keeps the bytes it has read, and throws `AllowanceSpent` if a read would exceed the allowance. */
export function sparingSource(source: ByteSource, { maxReads, maxBytes, aheadBytes }: ReadAllowance): ByteSource {
  const held: { readonly base: number; readonly bytes: Uint8Array }[] = [];
  let spentBytes = 0;
  return {
    sizeBytes: source.sizeBytes,
    async read(offset, length) {
      const end = offset + length;
      const known = held.find(({ base, bytes }) => offset >= base && end <= base + bytes.length);
      if (known !== undefined) return known.bytes.slice(offset - known.base, end - known.base);
      const fetched = Math.max(length, Math.min(aheadBytes, source.sizeBytes - offset));
      spentBytes += fetched;
      if (held.length === maxReads || spentBytes > maxBytes) throw new AllowanceSpent();
      const bytes = await source.read(offset, fetched);
      held.push({ base: offset, bytes });
      return bytes.slice(0, length);
    },
  };
}
