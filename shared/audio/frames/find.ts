import { HEAD_BYTES } from "../chunks/limits.ts";
import { readWithin, type ByteSource } from "../reading/byte-source.ts";
import { behindTags } from "../reading/tags.ts";
import { windowOn } from "../reading/window.ts";
import type { Work } from "../reading/work.ts";

/** The fields of a frame's header that are needed to find the next frame and to count time. */
export interface FrameHeader {
  readonly bytes: number;
  readonly samples: number;
  readonly sampleRate: number;
  /** The same number for all frames that a decoder can read without a new set-up. */
  readonly format: number;
}

/** Parses the header of the frame that begins at a place; null if none begins. */
export type ParseFrame<Header extends FrameHeader = FrameHeader> = (bytes: Uint8Array, at: number) => Header | null;

/**
 * Find where a frame begins at or after `from`. One header may occur by chance, so two more must follow it (if the
 * bytes reach that far) and have the same sampling rate.
 */
export function findFrame<Header extends FrameHeader>(
  bytes: Uint8Array,
  from: number,
  parse: ParseFrame<Header>,
  work: Work,
): { readonly at: number; readonly header: Header } | null {
  for (let at = bytes.indexOf(0xff, from); at !== -1; at = bytes.indexOf(0xff, at + 1)) {
    const header = parse(bytes, at);
    work.visit(header === null ? 1 / 8 : 1);
    if (header === null) continue;
    let next = at + header.bytes;
    let follows = true;
    for (let count = 0; count < 2 && next + 7 <= bytes.length; count++) {
      const following = parse(bytes, next);
      if (following === null || following.sampleRate !== header.sampleRate) {
        follows = false;
        break;
      }
      next += following.bytes;
    }
    if (follows) return { at, header };
  }
  return null;
}

/** The most bytes before the first frame: the rest of the file that the recording was cut from, or zeros. */
export const JUNK_BYTES = 256 * 1024;

export interface FirstFrame<Header> {
  readonly offset: number;
  readonly header: Header;
  /** Bytes of the file from the frame on. */
  readonly bytes: Uint8Array;
}

/** Find the first frame of a file without a header: after tags, or further on after junk. */
export async function findFirstFrame<Header extends FrameHeader>(
  source: ByteSource,
  parse: ParseFrame<Header>,
  work: Work,
): Promise<FirstFrame<Header> | null> {
  const window = windowOn(source, HEAD_BYTES);
  const base = await behindTags(window);
  const near = await window.at(base, HEAD_BYTES);
  const found = firstFollowed(near, base + near.length >= source.sizeBytes, parse, work);
  if (found !== null) return { offset: base + found.at, header: found.header, bytes: near.subarray(found.at) };
  if (base + near.length >= source.sizeBytes) return null;
  const far = await readWithin(source, base, JUNK_BYTES);
  const later = firstFollowed(far, base + far.length >= source.sizeBytes, parse, work);
  return later === null ? null : { offset: base + later.at, header: later.header, bytes: far.subarray(later.at) };
}

/** Find the first header that other headers follow. One near the end of the bytes counts only if the file ends there. */
function firstFollowed<Header extends FrameHeader>(
  bytes: Uint8Array,
  isAll: boolean,
  parse: ParseFrame<Header>,
  work: Work,
): { readonly at: number; readonly header: Header } | null {
  const found = findFrame(bytes, 0, parse, work);
  return found !== null && (isAll || found.at + 2 * found.header.bytes < bytes.length) ? found : null;
}
