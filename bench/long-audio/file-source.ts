import { open } from "node:fs/promises";

import type { ByteSource } from "../../shared/audio/reading/byte-source.ts";

export interface CountedSource extends ByteSource {
  readonly counts: { reads: number; bytes: number };
  close(): Promise<void>;
}

/** A file in place of an object in R2. It counts what is read. */
export async function fileSource(path: string): Promise<CountedSource> {
  const file = await open(path);
  const { size } = await file.stat();
  const counts = { reads: 0, bytes: 0 };
  return {
    sizeBytes: size,
    counts,
    async read(offset, lengthBytes) {
      if (offset < 0 || lengthBytes < 0 || offset + lengthBytes > size) {
        throw new RangeError(`read of ${lengthBytes} bytes at ${offset} of ${size}`);
      }
      counts.reads += 1;
      counts.bytes += lengthBytes;
      const bytes = new Uint8Array(lengthBytes);
      const { bytesRead } = await file.read(bytes, 0, lengthBytes, offset);
      if (bytesRead !== lengthBytes) throw new Error(`read ${bytesRead} of ${lengthBytes} bytes at ${offset}`);
      return bytes;
    },
    close: () => file.close(),
  };
}
