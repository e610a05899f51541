// Finds the fragments of a file: at a place, at its end, or all of them.
import { HEAD_BYTES } from "../chunks/limits.ts";
import { asciiAt, indexOfBytes, viewOf } from "../reading/bytes.ts";
import { readWithin, type ByteSource } from "../reading/byte-source.ts";
import type { Point } from "../reading/points.ts";
import { windowOn } from "../reading/window.ts";
import type { Work } from "../reading/work.ts";
import { boxBody, boxesIn, type Box } from "./boxes.ts";
import { MOOF } from "./fragments.ts";
import { readFragment, type Fragment } from "./fragment.ts";
import type { Mp4Track } from "./track.ts";

/** The memory of a fragment with its runs. */
const FRAGMENT_ENTRIES = 8;

/** The longest fragment of video. A search for the next fragment stops after this many bytes. */
const LOOK_BYTES = 8 * 1024 * 1024;

export function msOf(ticks: number, track: Mp4Track): number {
  return ((ticks - track.startTicks) / track.timescale) * 1000;
}

/** Return the places of the fragments in the first bytes from `offset` that have any. */
export async function look(
  source: ByteSource,
  track: Mp4Track,
  { offset, bytes }: { readonly offset: number; readonly bytes: number },
  work: Work,
): Promise<readonly Point[]> {
  for (let length = Math.ceil(bytes); length <= LOOK_BYTES; length *= 4) {
    const fragments = fragmentsIn(await readWithin(source, offset, length), { base: offset, track }, work);
    if (fragments.length > 0) {
      return fragments.map(({ box, fragment }) => placeOf(box, fragment, track));
    }
    if (offset + length >= source.sizeBytes) break;
  }
  return [];
}

/** Find the places of all fragments by the sizes of the boxes. This reads the header of each. */
export async function walkFragments(
  source: ByteSource,
  track: Mp4Track,
  work: Work,
  startTicks: number | null = null,
): Promise<{ readonly points: readonly Point[]; readonly last: Fragment | null }> {
  const window = windowOn(source, HEAD_BYTES / 4);
  const points: Point[] = [];
  let last: Fragment | null = null;
  let before = startTicks;
  for await (const box of boxesIn(window, track.moov.endOffset, source.sizeBytes, work)) {
    if (box.name !== "moof") continue;
    const fragment = readFragment(await boxBody(window, box), box.offset, defaultsOf(track), work, before);
    if (fragment === null) continue;
    work.keep();
    points.push(placeOf(box, fragment, track));
    last = fragment;
    if (before !== null) before = fragment.startTicks + fragment.ticks;
  }
  return { points, last };
}

export function placeOf({ offset }: Pick<Box, "offset">, { startTicks, ticks }: Fragment, track: Mp4Track): Point {
  return { offset, timeMs: msOf(startTicks, track), untilMs: msOf(startTicks + ticks, track) };
}

/** Whether any fragment follows the index. Only headers of boxes are read. */
export async function hasFragments(source: ByteSource, { moov }: Mp4Track, work: Work): Promise<boolean> {
  for await (const box of boxesIn(windowOn(source, 16), moov.endOffset, source.sizeBytes, work)) {
    if (box.name === "moof") return true;
  }
  return false;
}

export async function findLast(source: ByteSource, track: Mp4Track, work: Work): Promise<Fragment | null> {
  for (let length = HEAD_BYTES; ; length *= 4) {
    const offset = Math.max(track.moov.endOffset, source.sizeBytes - length);
    const fragment = fragmentsIn(await readWithin(source, offset, length), { base: offset, track }, work).at(
      -1,
    )?.fragment;
    if (fragment !== undefined) return fragment;
    if (offset === track.moov.endOffset || length >= LOOK_BYTES) return null;
  }
}

/** Return the audio track's fragments whose headers are complete in these bytes. */
export function fragmentsIn(
  bytes: Uint8Array,
  { base, track, most = Infinity }: { readonly base: number; readonly track: Mp4Track; readonly most?: number },
  work: Work,
) {
  const found: { readonly box: Pick<Box, "offset">; readonly fragment: Fragment }[] = [];
  const find = (from: number) => indexOfBytes(bytes, MOOF, from, work);
  for (let at = find(4); at !== -1 && found.length < most; at = find(at + 4)) {
    work.visit();
    const start = at - 4;
    const size = viewOf(bytes).getUint32(start);
    if (asciiAt(bytes, start + 12, 4) !== "mfhd" || start + size > bytes.length) continue;
    const fragment = readFragment(bytes.subarray(start + 8, start + size), base + start, defaultsOf(track), work);
    if (fragment === null) continue;
    found.push({ box: { offset: base + start }, fragment });
    work.peak(FRAGMENT_ENTRIES * found.length);
  }
  return found;
}

export function defaultsOf({ trackId, fragments }: Mp4Track) {
  return { trackId, duration: fragments?.duration ?? 0, size: fragments?.size ?? 0 };
}
