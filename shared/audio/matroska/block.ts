import { byteAt, concatBytes } from "../reading/bytes.ts";
import { ID, readElement, writeId, type Element } from "./ebml.ts";
import type { Work } from "../reading/work.ts";

/** The elements that a group with a block of audio may have. All other elements are for pictures. */
const KEPT: ReadonlySet<number> = new Set([
  ID.block,
  ID.blockDuration,
  ID.referenceBlock,
  ID.discardPadding,
  ID.crc32,
  ID.void,
]);
const DROPPED: ReadonlySet<number> = new Set([
  ID.blockAdditions,
  ID.referencePriority,
  ID.referenceVirtual,
  ID.codecState,
  ID.slices,
]);

/**
 * Return a group of blocks that a reader may get: with one block, and without elements that contain other elements. Null
 * for any other group, because a reader would read its contents as blocks that were not counted.
 */
export function wholeGroup(bytes: Uint8Array, { bodyAt, size }: Element, work: Work): Uint8Array | null {
  const kept: Uint8Array[] = [];
  let blocks = 0;
  const end = bodyAt + size;
  for (let at = bodyAt; at < end;) {
    work.visit();
    const element = readElement(bytes, at);
    const next = element === null ? Infinity : element.bodyAt + element.size;
    if (element === null || next > end) return null;
    if (element.id === ID.block) blocks += 1;
    if (KEPT.has(element.id)) kept.push(bytes.subarray(at, next));
    else if (!DROPPED.has(element.id)) return null;
    at = next;
  }
  if (blocks !== 1) return null;
  const body = concatBytes(kept);
  return concatBytes([writeId(ID.blockGroup), sizeOf(body.length), body]);
}

/** Write a size in eight bytes. */
function sizeOf(length: number): Uint8Array {
  const bytes = new Uint8Array(8);
  new DataView(bytes.buffer).setBigUint64(0, BigInt(length));
  bytes[0] = 1;
  return bytes;
}

/** Return the number of frames in a block: one, or the number in its lacing (RFC 9559, 10.3). 0 for any other element. */
export function countFrames(bytes: Uint8Array, element: Element, trackNumber: number): number {
  const block = blockOf(bytes, element);
  if (block === null) return 0;
  const flagsAt = block.bodyAt + (trackNumber < 127 ? 1 : 2) + 2;
  return byteAt(bytes, flagsAt) & LACING ? byteAt(bytes, flagsAt + 1) + 1 : 1;
}

const LACING = 0x06;

/** Return the block in a group, or the element itself if it is a block; null for any other element. */
export function blockOf(bytes: Uint8Array, element: Element): Element | null {
  const block = element.id === ID.blockGroup ? blockIn(bytes, element) : element;
  return block === null || (block.id !== ID.simpleBlock && block.id !== ID.block) ? null : block;
}

function blockIn(bytes: Uint8Array, { bodyAt, size }: Element): Element | null {
  for (let at = bodyAt; at < bodyAt + size;) {
    const element = readElement(bytes, at);
    if (element === null || element.id === ID.block) return element;
    at = element.bodyAt + element.size;
  }
  return null;
}
