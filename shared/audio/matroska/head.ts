import { DamagedSource } from "../chunks/chunk.ts";
import { ID, readElement } from "./ebml.ts";
import type { Work } from "../reading/work.ts";

/** Headers of tracks are a few kilobytes, and each chunk carries them. */
export const MAX_HEAD_BYTES = 1024 * 1024;

/** Sound, pictures and subtitles in every language of the earth are fewer. */
const MAX_TRACKS = 500;

/** Bytes that were stripped from the front of every packet: a few, of the packet's own header. */
const MAX_STRIPPED_BYTES = 1024;

/** Elements that hold others, of those that describe tracks (RFC 9559, 5.1.2 and 5.1.4). */
const MASTERS: ReadonlySet<number> = new Set([
  ID.trackEntry,
  ID.video,
  ID.audio,
  ID.colour,
  ID.projection,
  ID.contentEncodings,
  ID.contentEncoding,
  ID.contentCompression,
  ID.contentEncryption,
]);
const MAX_DEPTH = 6;

/** What may not stand in there, though a reader would follow it: a hundred thousand points of an index, say. */
const FOREIGN: ReadonlySet<number> = new Set([
  ID.ebml,
  ID.segment,
  ID.seekHead,
  ID.seek,
  ID.info,
  ID.tracks,
  ID.cluster,
  ID.simpleBlock,
  ID.blockGroup,
  ID.block,
  ID.blockAdditions,
  ID.cues,
  ID.cuePoint,
  ID.tags,
  ID.chapters,
  ID.attachments,
]);

/**
 * Go through `Info` or `Tracks` before it is given to a reader that has no limits.
 * @returns how many elements it has, and how many tracks.
 * @throws DamagedSource
 */
export function checkHead(bytes: Uint8Array, start: number, end: number, work: Work): HeadCounts {
  const counts = { elements: 0, tracks: 0 };
  check(bytes, { start, end, depth: 0 }, counts, work);
  if (counts.tracks > MAX_TRACKS) throw new DamagedSource(`it has more than ${MAX_TRACKS} tracks.`);
  return counts;
}

export interface HeadCounts {
  readonly elements: number;
  readonly tracks: number;
}

function check(
  bytes: Uint8Array,
  { start, end, depth }: { readonly start: number; readonly end: number; readonly depth: number },
  counts: { elements: number; tracks: number },
  work: Work,
): void {
  if (depth > MAX_DEPTH) throw new DamagedSource("the descriptions of its tracks are nested too deep.");
  for (let at = start; at < end;) {
    const element = readElement(bytes, at);
    if (element === null) return;
    work.visit();
    counts.elements += 1;
    const { id, bodyAt, size } = element;
    if (bodyAt + size > end) return;
    if (FOREIGN.has(id))
      throw new DamagedSource(`the descriptions of its tracks hold an element 0x${id.toString(16)}.`);
    if (id === ID.contentCompSettings && size > MAX_STRIPPED_BYTES)
      throw new DamagedSource(`its packets are said to begin alike for ${size} bytes; at most ${MAX_STRIPPED_BYTES}.`);
    if (id === ID.trackEntry) counts.tracks += 1;
    if (MASTERS.has(id)) check(bytes, { start: bodyAt, end: bodyAt + size, depth: depth + 1 }, counts, work);
    at = bodyAt + size;
  }
}
