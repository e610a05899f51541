import { DamagedSource } from "../chunks/chunk.ts";
import { ID, readElement } from "./ebml.ts";
import type { Work } from "../reading/work.ts";

/** The longest headers. Usual headers have a few kilobytes, and each chunk contains them. */
export const MAX_HEAD_BYTES = 1024 * 1024;

/** More tracks than any film has for sound, pictures and subtitles. */
const MAX_TRACKS = 500;

/** The most bytes that a file may remove from the front of every packet. Real files remove a few of a packet's header. */
const MAX_STRIPPED_BYTES = 1024;

/** The elements that contain others in the descriptions of tracks (RFC 9559, 5.1.2 and 5.1.4). */
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

/** Elements that a reader would follow, but that are not allowed here: a hundred thousand points of an index, for example. */
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
 * Check `Info` or `Tracks` before it is given to mediabunny, which has no limits.
 * @returns the number of its elements and tracks.
 * @throws DamagedSource
 */
export function checkHead(bytes: Uint8Array, start: number, end: number, work: Work): HeadCounts {
  const counts = { elements: 0, tracks: 0 };
  check(bytes, { start, end, depth: 0 }, counts, work);
  if (counts.tracks > MAX_TRACKS)
    throw new DamagedSource(`The file is damaged: it has more than ${MAX_TRACKS} tracks.`);
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
  if (depth > MAX_DEPTH)
    throw new DamagedSource(
      `The file is damaged: the descriptions of its tracks are nested more than ${MAX_DEPTH} deep.`,
    );
  for (let at = start; at < end;) {
    const element = readElement(bytes, at);
    if (element === null) return;
    work.visit();
    counts.elements += 1;
    const { id, bodyAt, size } = element;
    if (bodyAt + size > end) return;
    if (FOREIGN.has(id))
      throw new DamagedSource(
        `The file is damaged: the descriptions of its tracks hold an element 0x${id.toString(16)}.`,
      );
    if (id === ID.contentCompSettings && size > MAX_STRIPPED_BYTES)
      throw new DamagedSource(
        `The file is damaged: its header says that all packets begin with the same ${size} bytes; the limit is ${MAX_STRIPPED_BYTES}.`,
      );
    if (id === ID.trackEntry) counts.tracks += 1;
    if (MASTERS.has(id)) check(bytes, { start: bodyAt, end: bodyAt + size, depth: depth + 1 }, counts, work);
    at = bodyAt + size;
  }
}
