import type { ByteRange } from "../chunks/chunk.ts";
import { readWithin, type ByteSource, type ByteStream } from "./byte-source.ts";
import type { Work } from "./work.ts";

/** Read a range that stays in memory. */
export async function readHeld(source: ByteSource, { offset, length }: ByteRange, work: Work): Promise<Uint8Array> {
  const lengthBytes = Math.min(length, source.sizeBytes - offset);
  work.hold(lengthBytes);
  return readWithin(source, offset, lengthBytes);
}

/** A request costs as much as reading this many additional bytes. */
const READ_COST_BYTES = 16 * 1024;

/** Return a source whose reads are counted. A read in memory makes no request, so it only costs its bytes. */
export function countedSource(source: ByteSource, work: Work, { isInMemory = false } = {}): ByteSource {
  const leastBytes = isInMemory ? 0 : READ_COST_BYTES;
  const counted: ByteSource = {
    sizeBytes: source.sizeBytes,
    async read(offset, lengthBytes) {
      if (!isInMemory) work.request();
      work.read(Math.max(leastBytes, lengthBytes));
      return source.read(offset, lengthBytes);
    },
  };
  return source.open === undefined ? counted : { ...counted, open: async (offset) => openCounted(offset) };

  async function openCounted(offset: number): Promise<ByteStream> {
    if (!isInMemory) work.request();
    const stream = await source.open?.(offset);
    if (stream === undefined) throw new Error("The source cannot be opened.");
    return {
      async readInto(view) {
        work.read(view.length);
        return stream.readInto(view);
      },
    };
  }
}
