import { indexOfBytes } from "../reading/bytes.ts";
import { readWithin, type ByteSource } from "../reading/byte-source.ts";
import { CLUSTER_BYTES, ID, childrenOf, type Element, isNumber, readElement, readUint } from "./ebml.ts";
import type { Point } from "../reading/points.ts";
import type { Work } from "../reading/work.ts";

/** The size of an index of ten hours. A larger one is not the index of a recording. */
const MAX_CUES_BYTES = 1024 * 1024;

/** The index of a video has key frames only. If they are further apart than this, a search finds places in between. */
const MAX_SPACING_MS = 6_000;

/** Return the offset of the index by the file's header; null if the header does not give it. */
export function findCues(bytes: Uint8Array, seekHead: Element, segmentAt: number, work: Work): number | null {
  for (const seek of childrenOf(bytes, seekHead, work)) {
    if (seek.id !== ID.seek) continue;
    const inner = childrenOf(bytes, seek, work).filter((child) => isNumber(bytes, child));
    const id = inner.find((child) => child.id === ID.seekId);
    const position = inner.find((child) => child.id === ID.seekPosition);
    if (id === undefined || position === undefined || readUint(bytes, id) !== ID.cues) continue;
    return segmentAt + readUint(bytes, position);
  }
  return null;
}

/** Read where clusters begin, by the file's own index. Empty if the index cannot be trusted. */
export async function readCues(
  source: ByteSource,
  { cuesAt, segmentAt, tickMs }: { cuesAt: number; segmentAt: number; tickMs: number },
  work: Work,
): Promise<readonly Point[]> {
  const cues = readElement(await readWithin(source, cuesAt, 16), 0);
  if (cues === null || cues.id !== ID.cues || cues.size > MAX_CUES_BYTES) return [];
  const bytes = await readWithin(source, cuesAt, cues.bodyAt + cues.size);
  const points = new Map<number, Point>();
  for (const cue of childrenOf(bytes, cues, work)) {
    const inner = cue.id === ID.cuePoint ? childrenOf(bytes, cue, work) : [];
    const time = inner.find((child) => child.id === ID.cueTime);
    const places = inner.find((child) => child.id === ID.cueTrackPositions);
    const position = places && childrenOf(bytes, places, work).find((child) => child.id === ID.cueClusterPosition);
    if (time === undefined || position === undefined) continue;
    if (!isNumber(bytes, time) || !isNumber(bytes, position)) return [];
    work.keep();
    const offset = segmentAt + readUint(bytes, position);
    // A cluster may have several cues. The first one gives its start.
    if (!points.has(offset)) points.set(offset, { offset, timeMs: readUint(bytes, time) * tickMs });
  }
  const sorted = [...points.values()].toSorted((left, right) => left.offset - right.offset);
  const last = sorted.at(-1);
  const spacings = sorted.map((point, index) => point.timeMs - (sorted[index - 1]?.timeMs ?? 0));
  if (last === undefined || spacings.some((spacing) => spacing < 0 || spacing > MAX_SPACING_MS)) return [];
  const isThere =
    indexOfBytes(await readWithin(source, last.offset, CLUSTER_BYTES.length), CLUSTER_BYTES, 0, work) === 0;
  return isThere ? sorted : [];
}
