import { HEAD_BYTES, MAX_INDEX_BYTES, READ_BYTES } from "../chunks/limits.ts";
import { audioSpan } from "../chunks/packets.ts";
import { concatBytes, indexOfBytes } from "../reading/bytes.ts";
import { readWithin, type ByteSource } from "../reading/byte-source.ts";
import type { Point } from "../reading/points.ts";
import type { Work } from "../reading/work.ts";
import { CLUSTER_BYTES, ID, isNumber, readElement, readUint } from "./ebml.ts";
import type { Matroska } from "./start.ts";
import { stripMatroska } from "./strip.ts";

/** The bytes that are read to check whether the duration in the header is too short. */
const LOOK_FOR_END_BYTES = 1024 * 1024;

/** The bytes that are read if the header has no duration: half a minute of video of 12 Mbit/s without a key frame. */
const MOST_LOOKED_BYTES = 2 * MAX_INDEX_BYTES;

/** Stands for the block that the file does not have whole. */
const BROKEN_MS = 20;

/** The bytes of a cluster that are enough to read its time, even after a checksum. */
const CLUSTER_HEAD_BYTES = 64;

/** Find where clusters begin. The first child of a cluster, or the second after a checksum, is its time. */
export function clustersIn(
  bytes: Uint8Array,
  { base, tickMs, most = Infinity }: { readonly base: number; readonly tickMs: number; readonly most?: number },
  work: Work,
): readonly Point[] {
  const points: Point[] = [];
  const find = (from: number) => indexOfBytes(bytes, CLUSTER_BYTES, from, work);
  for (let at = find(0); at !== -1 && points.length < most; at = find(at + 4)) {
    work.visit();
    const cluster = readElement(bytes, at);
    if (cluster === null) continue;
    let child = readElement(bytes, cluster.bodyAt);
    if (child?.id === ID.crc32) child = readElement(bytes, child.bodyAt + child.size);
    if (child?.id !== ID.timestamp || !isNumber(bytes, child)) continue;
    points.push({ offset: base + at, timeMs: readUint(bytes, child) * tickMs });
    work.peak(points.length);
  }
  return points;
}

/**
 * Find the end of the last block. A live recording has no duration in its header, and joined files have that of the
 * first. If the segment is longer than the file, or damaged to its end, or the file ends within an element, the sound ends before the
 * duration in the header.
 * Otherwise the picture continues without sound. Null if there are no clusters.
 */
export async function readEnd(
  source: ByteSource,
  file: Matroska,
  work: Work,
): Promise<Pick<Matroska, "durationMs" | "soundMs" | "isBrokenOff"> | null> {
  const isCutOff = file.segmentEnd !== Infinity && file.segmentEnd > source.sizeBytes;
  const isSaid = file.durationMs > 0 && !isCutOff;
  let mostBytes = isSaid ? LOOK_FOR_END_BYTES : MOST_LOOKED_BYTES;
  let first = Math.max(file.headBytes, source.sizeBytes - mostBytes);
  // Search backwards, in pieces that fit in memory.
  for (let end = source.sizeBytes, length = HEAD_BYTES; end > first; length = Math.min(4 * length, READ_BYTES)) {
    const offset = Math.max(first, end - length);
    const bytes = await readWithin(source, offset, Math.min(source.sizeBytes, end + CLUSTER_HEAD_BYTES) - offset);
    const last = clustersIn(bytes, { base: offset, tickMs: file.tickMs }, work).at(-1);
    if (last !== undefined) {
      const { span, isLostToEnd, endsWithin } = await work.borrow(async () => {
        const strip = stripMatroska(file.trackNumber, file.tickMs, work);
        const kept = [file.head, strip.push(bytes.subarray(last.offset - offset))];
        for (let at = offset + bytes.length; at < source.sizeBytes; at += READ_BYTES) {
          kept.push(strip.push(await readWithin(source, at, READ_BYTES)));
        }
        const hasNoMore = strip.lost().some(({ endMs }) => endMs === Infinity);
        return {
          isLostToEnd: hasNoMore,
          endsWithin: strip.endsWithin(),
          span: await audioSpan(concatBytes(kept), work),
        };
      });
      const endMs = span?.endMs ?? last.timeMs;
      // After a segment with a known size there may be other bytes.
      const isBrokenOff = endsWithin && file.segmentEnd === Infinity;
      const durationMs = Math.max(file.durationMs, isBrokenOff ? endMs + BROKEN_MS : endMs);
      return { durationMs, soundMs: isCutOff || isLostToEnd || isBrokenOff ? endMs : durationMs, isBrokenOff };
    }
    end = offset;
    // The rest of an interrupted download may be zeros.
    if (mostBytes < MOST_LOOKED_BYTES && bytes.every((byte) => byte === 0)) {
      mostBytes = MOST_LOOKED_BYTES;
      first = Math.max(file.headBytes, source.sizeBytes - mostBytes);
    }
  }
  const hasNothing = first === file.headBytes;
  return hasNothing ? null : { durationMs: file.durationMs, soundMs: file.durationMs, isBrokenOff: false };
}
