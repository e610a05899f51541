import { patiently } from "../../uploads/patient.ts";

/** The object was replaced or deleted while it was being read. Another attempt cannot bring that version back. */
export class SourceChanged extends Error {
  override readonly name = "SourceChanged";
  readonly code: "source_missing" | "source_replaced";

  constructor(code: "source_missing" | "source_replaced", key: string) {
    super(`The object '${key}' was ${code === "source_missing" ? "deleted" : "overwritten"} before it was read.`);
    this.code = code;
  }
}

/** Ranged reads of one version of an object. Reading throws SourceChanged if the object was replaced or deleted. */
export interface ByteSource {
  readonly sizeBytes: number;
  read(offset: number, lengthBytes: number): Promise<Uint8Array>;
  /** Open a stream of everything from an offset on, in one request. */
  open?(offset: number): Promise<ByteStream>;
}

export interface ByteStream {
  /** Fill a view with the next bytes, or with fewer at the end. The view's buffer is transferred, and returned with the bytes. */
  readInto(view: Uint8Array<ArrayBuffer>): Promise<Uint8Array<ArrayBuffer>>;
}

export interface ObjectVersion {
  readonly key: string;
  readonly etag: string;
  readonly sizeBytes: number;
}

export function r2Source(media: R2Bucket, { key, etag, sizeBytes }: ObjectVersion): ByteSource {
  async function get(offset: number, length: number): Promise<R2ObjectBody> {
    const object = await media.get(key, { range: { offset, length }, onlyIf: { etagMatches: etag } });
    if (object === null) throw new SourceChanged("source_missing", key);
    if (!("body" in object)) throw new SourceChanged("source_replaced", key);
    return object;
  }
  return {
    sizeBytes,
    async read(offset, length) {
      if (length === 0) return new Uint8Array();
      return patiently(
        async () => {
          const object = await get(offset, length);
          const bytes = new Uint8Array(await object.arrayBuffer());
          if (bytes.length !== length) throw new Error(`R2 gave ${bytes.length} of ${length} bytes of '${key}'.`);
          return bytes;
        },
        (error) => error instanceof SourceChanged,
      );
    },
    async open(offset) {
      const { body } = await get(offset, sizeBytes - offset);
      const reader = body.getReader({ mode: "byob" });
      return {
        async readInto(view) {
          const { value } = await reader.readAtLeast(view.length, view);
          return value ?? new Uint8Array();
        },
      };
    },
  };
}

/** Return a source that reads all bytes once, when they are first needed. It is for a source that fits in memory. */
export function readOnce(source: ByteSource): ByteSource {
  const { sizeBytes } = source;
  let all: Promise<Uint8Array> | undefined;
  return {
    sizeBytes,
    async read(offset, length) {
      all ??= source.read(0, sizeBytes);
      return (await all).slice(offset, offset + length);
    },
  };
}

/** Read up to `length` bytes: fewer where the object ends, none outside it. */
export async function readWithin(source: ByteSource, offset: number, length: number): Promise<Uint8Array> {
  const start = Math.min(Math.max(0, offset), source.sizeBytes);
  const end = Math.min(Math.max(start, offset + length), source.sizeBytes);
  return end > start ? source.read(start, end - start) : new Uint8Array();
}

/** A source in memory. Reading makes a copy. */
export function memorySource(bytes: Uint8Array): ByteSource {
  return { sizeBytes: bytes.length, read: async (offset, length) => bytes.slice(offset, offset + length) };
}
