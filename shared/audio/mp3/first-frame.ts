import { readWithin, type ByteSource } from "../reading/byte-source.ts";
import { HEAD_BYTES } from "../chunks/limits.ts";
import { findFrame, type FrameHeader } from "./mpeg-frame.ts";
import { behindTags } from "../reading/tags.ts";
import { windowOn } from "../reading/window.ts";
import type { Work } from "../reading/work.ts";

/** What may lie in front of the first frame: the rest of what a recording was cut from, or zeros. */
export const JUNK_BYTES = 256 * 1024;

export interface FirstFrame<Header> {
  readonly offset: number;
  readonly header: Header;
  /** From the frame on. */
  readonly bytes: Uint8Array;
}

/** The first frame of a stream that has no header of its own: behind tags, and farther on if need be. */
export async function findFirstFrame<Header extends FrameHeader>(
  source: ByteSource,
  parse: (bytes: Uint8Array, at: number) => Header | null,
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

/** At the end of what was read nothing can follow a header, and it may be chance. */
function firstFollowed<Header extends FrameHeader>(
  bytes: Uint8Array,
  isAll: boolean,
  parse: (bytes: Uint8Array, at: number) => Header | null,
  work: Work,
): { readonly at: number; readonly header: Header } | null {
  const found = findFrame(bytes, 0, parse, work);
  return found !== null && (isAll || found.at + 2 * found.header.bytes < bytes.length) ? found : null;
}
