import { readWithin, type ByteSource } from "../reading/byte-source.ts";
import { indexOfBytes } from "../reading/bytes.ts";
import { SMALL_BYTES } from "./limits.ts";
import { slideOver } from "../reading/sliding-window.ts";
import type { Work } from "../reading/work.ts";

/** A recording that was laid behind another shows as a clock that goes back between some of so many places. */
const LOOKS = 5;

/** What is read at a place to learn its time: enough for most sound, and then for most video. */
const LOOK_BYTES = 24 * 1024;
const MOST_LOOK_BYTES = 1024 * 1024;

/** How a file of this container begins. */
export interface Beginning {
  readonly mark: readonly number[];
  /** Where it begins, by where its mark was found; null where the mark is chance. */
  readonly startOf: (bytes: Uint8Array, markAt: number, work: Work) => number | null;
}

/** What `startOf` may look at on either side of a mark. */
const MARGIN_BYTES = 64;

/** What looking around a mark costs. */
const MARK_ELEMENTS = 8;

/**
 * Where the files begin that a source was made of, as a page's recorder makes them that was stopped and started again.
 * Only where the clock goes back is all of it read, in one request.
 * @param timeIn the first time that stands in these bytes.
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
