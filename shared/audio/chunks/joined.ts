import { readWithin, type ByteSource } from "../reading/byte-source.ts";
import { indexOfBytes } from "../reading/bytes.ts";
import { SMALL_BYTES } from "./limits.ts";
import { slideOver } from "../reading/sliding-window.ts";
import type { Work } from "../reading/work.ts";

/** The number of places along a file at which its clock is read. If the clock goes back, another recording begins there. */
const LOOKS = 5;

/** The bytes that are read at a place to find its time. The first is enough for most sound, the second for most video. */
const LOOK_BYTES = 24 * 1024;
const MOST_LOOK_BYTES = 1024 * 1024;

/** How a file of this container begins. */
export interface Beginning {
  readonly mark: readonly number[];
  /** Where the file begins, given where its mark was found; null if the mark is there by chance. */
  readonly startOf: (bytes: Uint8Array, markAt: number, work: Work) => number | null;
}

/** How far `startOf` may look on either side of a mark. */
const MARGIN_BYTES = 64;

/** The work of looking around a mark. */
const MARK_ELEMENTS = 8;

/**
 * Find where the files of a joined source begin. A recorder in a web page writes such a source if it is stopped and
 * started again. Only a source whose clock goes back is read completely, in one request.
 * @param timeIn returns the first time in these bytes.
 */
export async function findStarts(
  source: ByteSource,
  {
    timeIn,
    endMs,
    beginning,
  }: { timeIn: (bytes: Uint8Array, base: number) => number | null; endMs: number; beginning: Beginning },
  work: Work,
): Promise<readonly number[]> {
  if (source.sizeBytes <= SMALL_BYTES) return readStarts(source, beginning, work); // in memory already
  let latestMs = 0;
  for (let look = 1; look <= LOOKS + 1; look += 1) {
    const offset = Math.floor((source.sizeBytes * look) / (LOOKS + 1));
    const timeMs = look > LOOKS ? endMs : await timeBehind(source, offset, timeIn);
    if (timeMs !== null && timeMs < latestMs) return readStarts(source, beginning, work);
    latestMs = timeMs ?? latestMs;
  }
  return [0];
}

async function timeBehind(
  source: ByteSource,
  offset: number,
  timeIn: (bytes: Uint8Array, base: number) => number | null,
): Promise<number | null> {
  for (const length of [LOOK_BYTES, Math.min(MOST_LOOK_BYTES, source.sizeBytes >> 6)]) {
    const timeMs = timeIn(await readWithin(source, offset, length), offset);
    if (timeMs !== null) return timeMs;
  }
  return null;
}

async function readStarts(source: ByteSource, { mark, startOf }: Beginning, work: Work): Promise<readonly number[]> {
  const starts = new Set([0]);
  const window = await slideOver(source, 0);
  for (;;) {
    const { base, bytes, isLast } = window;
    const find = (from: number) => indexOfBytes(bytes, mark, from, work);
    for (let at = find(0); at !== -1; at = find(at + 1)) {
      work.visit(MARK_ELEMENTS);
      if (!isLast && at > bytes.length - MARGIN_BYTES) break;
      const start = startOf(bytes, at, work);
      if (start === null) continue;
      work.keep();
      starts.add(base + start);
    }
    if (isLast) return [...starts];
    await window.advance(bytes.length - 2 * MARGIN_BYTES);
  }
}
