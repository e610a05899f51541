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
  // A frame that a piece cuts off is read again with the next: putting pieces together would hold them twice.
  for (let base = start; base < source.sizeBytes;) {
    const piece = await readWithin(source, base, READ_BYTES);
    const isLast = base + piece.length >= source.sizeBytes;
    const stop = isLast ? piece.length : piece.length - CARRY_BYTES;
    let at = 0;
    while (at < stop) {
      let header = parse(piece, at);
      if (header === null) {
        const found = findFrame(piece, at, parse);
        if (found === null || found.at >= stop) {
          at = Math.max(at, stop);
          break;
        }
        at = found.at;
        header = found.header;
      }
      if (at + header.bytes > piece.length) break; // the last frame was cut off
      offsets.push(base + at);
      at += header.bytes;
      endOffset = base + at;
    }
    if (isLast) break;
    base += at;
  }
  return { offsets, endOffset };
}
