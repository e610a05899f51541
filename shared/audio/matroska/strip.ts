import { byteAt, concatBytes, indexOfBytes, viewOf } from "../reading/bytes.ts";
import type { Lost } from "../chunks/chunk.ts";
import { blockOf, countFrames, wholeGroup } from "./block.ts";
import { CLUSTER_BYTES, ID, isNumber, VOID_SIZE, readElement, readUint, writeId, type Element } from "./ebml.ts";
import type { Strip } from "../chunks/spliced.ts";
import { FETCHED_ELEMENT, type Work } from "../reading/work.ts";

/** The elements between clusters and in them (RFC 9559). Anything else is damage. */
const ORDERLY: ReadonlySet<number> = new Set([
  ID.ebml,
  ID.segment,
  ID.info,
  ID.tracks,
  ID.seekHead,
  ID.cues,
  ID.cluster,
  ID.timestamp,
  ID.simpleBlock,
  ID.blockGroup,
  ID.crc32,
  ID.void,
  ID.position,
  ID.previousSize,
  ID.silentTracks,
  ID.encryptedBlock,
  ID.tags,
  ID.chapters,
  ID.attachments,
]);

/** The work of a cluster, for which mediabunny needs some awaited steps. */
const CLUSTER_ELEMENTS = 2 * FETCHED_ELEMENT;

/** The memory of a cluster or a frame in mediabunny: an object with its times and its place. */
const READ_ENTRIES = 4;

/** The longest header of an element. */
const HEADER_BYTES = 12;

/** A block of audio lasts less than a second, and a second of eight uncompressed channels at 192 kHz is smaller than this. */
const MAX_BLOCK_BYTES = 4 * 1024 * 1024;

export interface MatroskaStrip extends Required<Strip> {
  /** Whether what was pushed ends within an element. */
  readonly endsWithin: () => boolean;
}

/** The first byte of a number with more bytes than an id may have (RFC 8794, 5): bytes that begin like this are not an element. */
const LEAST_ID = 0x10;

/**
 * Keep the times of clusters and the blocks of one track. The first piece must begin with a cluster. Other blocks are
 * skipped as they come, so at most one block is in memory. After damage it continues with the next cluster.
 */
export function stripMatroska(trackNumber: number, tickMs: number, work: Work): MatroskaStrip {
  let held: Uint8Array = new Uint8Array();
  let skipBytes = 0;
  let isLost = false;
  let hasCluster = false;
  let laced = 0;
  let clusterTicks = 0;
  let blockTicks = 0;
  /** The time of the last block before damage; null if there was no damage since then. */
  let lostFrom: number | null = null;
  const lost: Lost[] = [];

  function lose(): void {
    isLost = true;
    lostFrom ??= blockTicks * tickMs;
  }

  return {
    push(piece) {
      let bytes = piece;
      if (skipBytes > 0) {
        const skipped = Math.min(skipBytes, bytes.length);
        skipBytes -= skipped;
        bytes = bytes.subarray(skipped);
      }
      bytes = held.length > 0 ? concatBytes([held, bytes]) : bytes;
      const kept: Uint8Array[] = [];
      let at = 0;
      while (at < bytes.length) {
        if (isLost) {
          const found = indexOfBytes(bytes, CLUSTER_BYTES, at, work);
          isLost = found === -1;
          at = isLost ? Math.max(at, bytes.length - CLUSTER_BYTES.length + 1) : found;
          if (isLost) break;
        }
        work.visit();
        const element = readElement(bytes, at);
        if (element === null && at + HEADER_BYTES > bytes.length) break;
        if (element === null || !ORDERLY.has(element.id)) {
          lose();
          continue;
        }
        if (element.id === ID.cluster || element.id === ID.segment) {
          if (element.id === ID.cluster) {
            hasCluster = true;
            laced = 0;
            work.visit(CLUSTER_ELEMENTS);
            work.keep(READ_ENTRIES);
            kept.push(writeId(ID.cluster), VOID_SIZE);
          }
          at = element.bodyAt;
          continue;
        }
        const end = element.bodyAt + element.size;
        // A reader would search without end for the cluster of a block that comes before all clusters.
        const wanted = hasCluster ? isWanted(bytes, element, trackNumber) : false;
        if (wanted === null) break;
        if (!wanted) {
          skipBytes = Math.max(0, end - bytes.length);
          at = Math.min(end, bytes.length);
          continue;
        }
        if (element.size > MAX_BLOCK_BYTES) {
          lose();
          at += CLUSTER_BYTES.length;
          continue;
        }
        if (end > bytes.length) break;
        const whole = element.id === ID.blockGroup ? wholeGroup(bytes, element, work) : bytes.subarray(at, end);
        if (whole === null || (element.id === ID.timestamp && !isNumber(bytes, element))) {
          lose();
          at += CLUSTER_BYTES.length;
          continue;
        }
        work.hold(whole.length);
        keepBehind(kept, whole);
        const frames = countFrames(bytes, element, trackNumber);
        work.keep(READ_ENTRIES * frames);
        // mediabunny inserts each frame of a laced block into a list, so the work is the square of the number of frames.
        if (frames > 1) {
          laced += frames;
          work.visit((frames * laced) / 256);
        }
        if (element.id === ID.timestamp) clusterTicks = readUint(bytes, element);
        const block = element.id === ID.timestamp ? null : blockOf(bytes, element);
        if (block !== null && block.size > 4) {
          blockTicks = clusterTicks + viewOf(bytes).getInt16(block.bodyAt + (trackNumber < 127 ? 1 : 2));
          if (lostFrom !== null) lost.push({ startMs: lostFrom, endMs: blockTicks * tickMs });
          lostFrom = null;
        }
        at = end;
      }
      held = bytes.slice(at);
      return concatBytes(kept);
    },
    endsWithin: () => !isLost && (skipBytes > 0 || byteAt(held, 0) >= LEAST_ID),
    reachedMs: () => blockTicks * tickMs,
    lost: () => (lostFrom === null ? lost : [...lost, { startMs: lostFrom, endMs: Infinity }]),
  };
}

/** Add a piece, and join it with the last one if they are neighbours: a view takes more memory than the smallest block. */
function keepBehind(kept: Uint8Array[], piece: Uint8Array): void {
  const last = kept.at(-1);
  if (last?.buffer !== piece.buffer || last.byteOffset + last.length !== piece.byteOffset) kept.push(piece);
  else kept[kept.length - 1] = new Uint8Array(piece.buffer, last.byteOffset, last.length + piece.length);
}

/** Whether an element is kept. Null if more of its bytes are needed to decide. */
function isWanted(bytes: Uint8Array, element: Element, trackNumber: number): boolean | null {
  if (element.id === ID.timestamp) return true;
  if (element.id !== ID.simpleBlock && element.id !== ID.blockGroup) return false;
  let at = element.bodyAt;
  if (element.id === ID.blockGroup) {
    const block = readElement(bytes, at);
    if (block === null) return null;
    if (block.id !== ID.block) return true; // the block comes later in the group
    at = block.bodyAt;
  }
  if (at + 8 > bytes.length) return null;
  const width = Math.clz32(byteAt(bytes, at)) - 23;
  let number = byteAt(bytes, at) & (0xff >> width);
  for (let index = 1; index < width; index++) number = number * 256 + byteAt(bytes, at + index);
  return number === trackNumber;
}
