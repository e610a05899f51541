import { type ByteSource, readWithin } from "../../shared/audio/reading/byte-source.ts";
import { UnreadablePicture } from "./unreadable-picture.ts";

/** What one request reads, and all of the file that is in memory. */
const STRETCH_BYTES = 1024 * 1024;

/** How often the bytes of a file may be read. Headers and tables are read twice, and strips that share bytes more often. */
const READINGS = 2;
const BASE_BYTES = 8 * 1024 * 1024;

/** How many stretches beyond `READINGS` of the file may be requested: a directory and its tables may each span two. */
const BASE_REQUESTS = 32;

/**
 * A picture's file, of which one stretch is in memory. Every read and every request counts, so no offset in the file decides how long
 * reading takes, and strips that lie far apart do not fetch a stretch each.
 */
export interface PictureFile {
  readonly sizeBytes: number;
  /** Return bytes from an offset on: at least one and at most `length`, or none where the file ends. */
  readSome(offset: number, length: number): Promise<Uint8Array>;
  /** Return exactly these bytes; null if the file ends before. */
  readAll(offset: number, length: number): Promise<Uint8Array | null>;
}

/** @throws UnreadablePicture from its reads if they exceed the work for a file of this size. */
export function pictureFile(source: ByteSource): PictureFile {
  const { sizeBytes } = source;
  const mostBytes = BASE_BYTES + READINGS * sizeBytes;
  let requestsLeft = BASE_REQUESTS + READINGS * Math.ceil(sizeBytes / STRETCH_BYTES);
  let held: { readonly offset: number; readonly bytes: Uint8Array } = { offset: 0, bytes: new Uint8Array() };
  let readBytes = 0;

  async function readSome(offset: number, length: number): Promise<Uint8Array> {
    const isHeld = offset >= held.offset && offset < held.offset + held.bytes.length;
    if (!isHeld) {
      requestsLeft -= 1;
      if (requestsLeft < 0) throw new UnreadablePicture(TOO_MUCH_WORK);
      // Strips from the last to the first, as some writers store them, request each stretch once too.
      const from = offset - (offset % STRETCH_BYTES);
      held = { offset: from, bytes: await readWithin(source, from, STRETCH_BYTES) };
    }
    const bytes = held.bytes.subarray(offset - held.offset, offset - held.offset + length);
    readBytes += bytes.length + READ_COST_BYTES;
    if (!(readBytes <= mostBytes)) throw new UnreadablePicture(TOO_MUCH_WORK);
    return bytes;
  }

  return {
    sizeBytes,
    readSome,
    async readAll(offset, length) {
      if (!(offset + length <= sizeBytes)) return null;
      const bytes = new Uint8Array(length);
      for (let at = 0; at < length;) {
        const some = await readSome(offset + at, length - at);
        bytes.set(some, at);
        at += some.length;
      }
      return bytes;
    },
  };
}

/** A read of no bytes is work too. */
const READ_COST_BYTES = 16;

const TOO_MUCH_WORK =
  "The picture's parts overlap or are out of order, so that reading it takes more work than its size allows. It is damaged, or was made to cause work. Open it in a picture editor and save it again.";

/** Give a range of the file piece by piece. It ends early where the file does. */
export async function* piecesOf(
  file: PictureFile,
  { offset, length }: { readonly offset: number; readonly length: number },
): AsyncGenerator<Uint8Array> {
  for (let at = offset; at < offset + length;) {
    const bytes = await file.readSome(at, offset + length - at);
    if (bytes.length === 0) return;
    yield bytes;
    at += bytes.length;
  }
}

/** Cut pieces into whole rows. A piece has at least one; what is left at the end is less than a row. */
export async function* rowsOf(pieces: AsyncIterable<Uint8Array>, rowBytes: number): AsyncGenerator<Uint8Array> {
  let rest: Uint8Array = new Uint8Array();
  for await (const piece of pieces) {
    let from = 0;
    if (rest.length > 0) {
      const joined = new Uint8Array(Math.min(rowBytes, rest.length + piece.length));
      joined.set(rest);
      from = joined.length - rest.length;
      joined.set(piece.subarray(0, from), rest.length);
      rest = joined;
      if (rest.length < rowBytes) continue;
      yield rest;
    }
    const whole = Math.floor((piece.length - from) / rowBytes) * rowBytes;
    if (whole > 0) yield piece.subarray(from, from + whole);
    rest = piece.slice(from + whole);
  }
}
