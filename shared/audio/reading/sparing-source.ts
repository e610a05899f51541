import type { ByteSource } from "./byte-source.ts";

/** How much of a source may be read, and how much of it at a time. */
export interface ReadAllowance {
  readonly maxReads: number;
  readonly maxBytes: number;
  /** A read fetches at least so much, since the next one is often close by. */
  readonly aheadBytes: number;
}

/** What was asked for would take more reading than was allowed. */
export class AllowanceSpent extends Error {
  override readonly name = "AllowanceSpent";
}

/** The beginning of a source that is not here yet: reading past it throws `AllowanceSpent`. */
export function headSource(head: Uint8Array, sizeBytes: number): ByteSource {
  return {
    sizeBytes,
    async read(offset, length) {
      if (offset + length > head.length) throw new AllowanceSpent();
      return head.slice(offset, offset + length);
    },
  };
}

/** A source that keeps what it has read, and throws `AllowanceSpent` rather than read more than it may. */
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
