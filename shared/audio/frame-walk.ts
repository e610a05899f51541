import { concatBytes } from "./bytes.ts";
import { readWithin, type ByteSource } from "./byte-source.ts";
import { READ_BYTES } from "./limits.ts";
import { findFrame, type FrameHeader } from "./mpeg-frame.ts";

/** Where every frame lies: 8 bytes a frame, 4 MB for three hours. */
export interface FrameIndex {
  readonly offsets: readonly number[];
  readonly endOffset: number;
}

/** The longest header and frame of MP3 and ADTS fit well within this. */
const CARRY_BYTES = 16 * 1024;

/**
 * Step over frames that say only how long they are, to the end of the file. Nothing in MP3 with a variable bitrate
 * or in ADTS says what time a byte is at, so the file has to be read once to know.
 */
export async function walkFrames(
  source: ByteSource,
  start: number,
  parse: (bytes: Uint8Array, at: number) => FrameHeader | null,
): Promise<FrameIndex> {
  const offsets: number[] = [];
  let endOffset = start;
  let held: Uint8Array = new Uint8Array();
  let base = start;
  for (let next = start; next < source.sizeBytes;) {
    const piece = await readWithin(source, next, READ_BYTES);
    next += piece.length;
    held = concatBytes([held, piece]);
    const isLast = next >= source.sizeBytes;
    const stop = isLast ? held.length : held.length - CARRY_BYTES;
    let at = 0;
    while (at < stop) {
      let header = parse(held, at);
      if (header === null) {
        const found = findFrame(held, at, parse);
        if (found === null || found.at >= stop) {
          at = Math.max(at, stop);
          break;
        }
        at = found.at;
        header = found.header;
      }
      if (at + header.bytes > held.length) break; // the last frame was cut off
      offsets.push(base + at);
      at += header.bytes;
      endOffset = base + at;
    }
    const keepFrom = Math.min(held.length, Math.max(at, 0));
    base += keepFrom;
    held = held.slice(keepFrom);
  }
  return { offsets, endOffset };
}
