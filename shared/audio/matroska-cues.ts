import { indexOfBytes } from "./bytes.ts";
import { readWithin, type ByteSource } from "./byte-source.ts";
import { CLUSTER_BYTES, ID, type Element, readElement, readUint } from "./ebml.ts";
import type { Point } from "./time-map.ts";

/** Of ten hours; larger is no index of a recording. */
const MAX_CUES_BYTES = 1024 * 1024;

/** A video's index has key frames only. Where they are further apart, what lies between is better looked for. */
const MAX_SPACING_MS = 6_000;

/** Where the file says that its index stands; null where it has none. */
export function findCues(bytes: Uint8Array, seekHead: Element, segmentAt: number): number | null {
  for (const seek of childrenOf(bytes, seekHead)) {
    if (seek.id !== ID.seek) continue;
    const inner = childrenOf(bytes, seek);
    const id = inner.find((child) => child.id === ID.seekId);
    const position = inner.find((child) => child.id === ID.seekPosition);
    if (id === undefined || position === undefined || readUint(bytes, id) !== ID.cues) continue;
    return segmentAt + readUint(bytes, position);
  }
  return null;
}

/** Where clusters begin, by the file's own index; none where it is not to be trusted. */
export async function readCues(
  source: ByteSource,
  { cuesAt, segmentAt, tickMs }: { cuesAt: number; segmentAt: number; tickMs: number },
): Promise<readonly Point[]> {
  const cues = readElement(await readWithin(source, cuesAt, 16), 0);
  if (cues === null || cues.id !== ID.cues || cues.size > MAX_CUES_BYTES) return [];
  const bytes = await readWithin(source, cuesAt, cues.bodyAt + cues.size);
  const points = new Map<number, Point>();
  for (const cue of childrenOf(bytes, cues)) {
    const inner = cue.id === ID.cuePoint ? childrenOf(bytes, cue) : [];
    const time = inner.find((child) => child.id === ID.cueTime);
    const places = inner.find((child) => child.id === ID.cueTrackPositions);
    const position = places && childrenOf(bytes, places).find((child) => child.id === ID.cueClusterPosition);
    if (time === undefined || position === undefined) continue;
    const offset = segmentAt + readUint(bytes, position);
    // A cluster may have several: it begins at the first.
    if (!points.has(offset)) points.set(offset, { offset, timeMs: readUint(bytes, time) * tickMs });
  }
  const sorted = [...points.values()].toSorted((left, right) => left.offset - right.offset);
  const last = sorted.at(-1);
  const spacings = sorted.map((point, index) => point.timeMs - (sorted[index - 1]?.timeMs ?? 0));
  if (last === undefined || spacings.some((spacing) => spacing < 0 || spacing > MAX_SPACING_MS)) return [];
  const isThere = indexOfBytes(await readWithin(source, last.offset, CLUSTER_BYTES.length), CLUSTER_BYTES, 0) === 0;
  return isThere ? sorted : [];
}

/** Elements that are whole. */
function childrenOf(bytes: Uint8Array, { bodyAt, size }: Element): readonly Element[] {
  const children: Element[] = [];
  const end = Math.min(bytes.length, bodyAt + size);
  for (let child = readElement(bytes, bodyAt); child !== null && child.bodyAt + child.size <= end;) {
    children.push(child);
    child = child.bodyAt + child.size < end ? readElement(bytes, child.bodyAt + child.size) : null;
  }
  return children;
}
