import { asciiAt, byteAt, indexOfBytes, viewOf } from "../reading/bytes.ts";
import type { Work } from "../reading/work.ts";

export const CAPTURE = [0x4f, 0x67, 0x67, 0x53];
export const MAX_HEADER_BYTES = 27 + 255;
export const MAX_PAGE_BYTES = MAX_HEADER_BYTES + 255 * 255;

export interface OggPage {
  readonly at: number;
  readonly length: number;
  readonly serial: number;
  /** The count of samples at the end of the last packet that ends on the page; -1 if none ends there. */
  readonly granule: number;
  readonly isContinued: boolean;
  readonly isFirst: boolean;
  readonly bodyAt: number;
  /** Whether the last packet continues on the next page. */
  readonly isOpen: boolean;
}

/** Read a page's header (RFC 3533). Null if it is incomplete. */
export function parseOggPage(bytes: Uint8Array, at: number): OggPage | null {
  if (at + 27 > bytes.length || asciiAt(bytes, at, 4) !== "OggS" || bytes[at + 4] !== 0) return null;
  const view = viewOf(bytes);
  const segments = byteAt(bytes, at + 26);
  const bodyAt = at + 27 + segments;
  if (bodyAt > bytes.length) return null;
  let length = 27 + segments;
  for (let index = 0; index < segments; index++) length += byteAt(bytes, at + 27 + index);
  const flags = byteAt(bytes, at + 5);
  return {
    at,
    length,
    bodyAt,
    serial: view.getUint32(at + 14, true),
    granule: Number(view.getBigInt64(at + 6, true)),
    isContinued: (flags & 1) !== 0,
    isFirst: (flags & 2) !== 0,
    isOpen: segments > 0 && byteAt(bytes, bodyAt - 1) === 255,
  };
}

/** The work of reading a page's header, which takes some 100 ns. */
const PAGE_ELEMENTS = 2;

/** Return the last page in these bytes that `counts` accepts. */
export function lastPageIn(
  bytes: Uint8Array,
  work: Work,
  counts: (page: OggPage) => boolean,
  serial?: number,
): OggPage | undefined {
  let last: OggPage | undefined;
  for (const page of pagesIn(bytes, work, serial)) if (counts(page)) last = page;
  return last;
}

/** Yield the pages of one stream, or of all, that begin in these bytes. The last one may be cut off. */
export function* pagesIn(bytes: Uint8Array, work: Work, serial?: number): Generator<OggPage> {
  for (let at = indexOfBytes(bytes, CAPTURE, 0, work); at !== -1;) {
    work.visit(PAGE_ELEMENTS);
    const page = parseOggPage(bytes, at);
    const isWanted = page !== null && (serial === undefined || page.serial === serial);
    if (isWanted) yield page;
    at = indexOfBytes(bytes, CAPTURE, isWanted ? at + page.length : at + 4, work);
  }
}

/** Return the lengths of a page's segments. A packet ends with its first segment below 255. */
export function lacingOf(bytes: Uint8Array, { at, bodyAt }: OggPage): readonly number[] {
  return [...bytes.subarray(at + 27, bodyAt)];
}

/** Return the number of packets that end on a page. */
export function packetsOn(bytes: Uint8Array, page: OggPage): number {
  return lacingOf(bytes, page).filter((value) => value < 255).length;
}

/** Write a page from the middle of a stream, with number 0. */
export function writePage(
  {
    serial,
    granule,
    isContinued,
    lacing,
  }: Pick<OggPage, "serial" | "granule" | "isContinued"> & { readonly lacing: readonly number[] },
  body: Uint8Array,
): Uint8Array {
  const page = new Uint8Array(27 + lacing.length + body.length);
  const view = viewOf(page);
  page.set(CAPTURE);
  page[5] = isContinued ? 1 : 0;
  view.setBigInt64(6, BigInt(granule), true);
  view.setUint32(14, serial, true);
  page[26] = lacing.length;
  page.set(lacing, 27);
  page.set(body, 27 + lacing.length);
  writeCrc(page, { at: 0, length: page.length });
  return page;
}

/**
 * Return the headers of Opus with a pre-skip of 0. A decoder drops the pre-skip at the start of each file, so every
 * chunk of a recording would lose that sound, and its words would be too early.
 */
export function withoutPreSkip(head: Uint8Array): Uint8Array {
  const page = parseOggPage(head, 0);
  if (page === null || asciiAt(head, page.bodyAt, 8) !== "OpusHead") return head;
  const changed = head.slice();
  changed.fill(0, page.bodyAt + 10, page.bodyAt + 12);
  writeCrc(changed, page);
  return changed;
}

/** Add the framing bit at the end of a Vorbis comment header. mediabunny leaves it out, and libvorbis then refuses the file. */
export function fixVorbisComment(file: Uint8Array): Uint8Array {
  // The file is a chunk that was written here, so its length is limited.
  for (let page = parseOggPage(file, 0); page !== null; page = parseOggPage(file, page.at + page.length)) {
    if (page.isFirst || asciiAt(file, page.bodyAt + 1, 6) !== "vorbis" || file[page.bodyAt] !== 3) continue;
    const view = viewOf(file);
    let at = page.bodyAt + 7;
    at += 4 + view.getUint32(at, true);
    let comments = view.getUint32(at, true);
    at += 4;
    for (; comments > 0; comments--) at += 4 + view.getUint32(at, true);
    // The header may already end with the bit. Otherwise the page must have room for it.
    const packetEnd = page.bodyAt + firstPacketBytes(file, page);
    if (at < packetEnd) {
      if (byteAt(file, at) & 1) return file;
      const fixed = file.slice();
      fixed[at] = 1;
      writeCrc(fixed, page);
      return fixed;
    }
    return insertFramingBit(file, page, at);
  }
  return file;
}

function firstPacketBytes(file: Uint8Array, page: OggPage): number {
  let length = 0;
  for (let at = page.at + 27; at < page.bodyAt; at++) {
    length += byteAt(file, at);
    if (byteAt(file, at) < 255) break;
  }
  return length;
}

/** Lengthen the first packet by one byte: its last lacing value, which is below 255, grows by one. */
function insertFramingBit(file: Uint8Array, page: OggPage, at: number): Uint8Array {
  const fixed = new Uint8Array(file.length + 1);
  fixed.set(file.subarray(0, at));
  fixed[at] = 1;
  fixed.set(file.subarray(at), at + 1);
  for (let lacing = page.at + 27; lacing < page.bodyAt; lacing++) {
    const value = byteAt(fixed, lacing);
    if (value === 255) continue;
    if (value === 254) return file; // it would need another lacing value
    fixed[lacing] = value + 1;
    break;
  }
  writeCrc(fixed, { ...page, length: page.length + 1 });
  return fixed;
}

const CRC_TABLE = Uint32Array.from({ length: 256 }, (_, byte) => {
  let crc = byte << 24;
  for (let bit = 0; bit < 8; bit++) crc = crc & 0x80000000 ? (crc << 1) ^ 0x04c11db7 : crc << 1;
  return crc >>> 0;
});

function writeCrc(file: Uint8Array, page: Pick<OggPage, "at" | "length">): void {
  viewOf(file).setUint32(page.at + 22, crcOf(file, page), true);
}

/** A checksum of this many bytes is one element of work: a byte takes some 2 ns. */
const CHECKED_BYTES = 64;

/** Whether a page is whole and its checksum matches. Claimed pages may overlap, so the work is counted by their length. */
export function hasItsChecksum(bytes: Uint8Array, page: Pick<OggPage, "at" | "length">, work: Work): boolean {
  if (page.at + page.length > bytes.length) return false;
  work.visit(page.length / CHECKED_BYTES);
  return viewOf(bytes).getUint32(page.at + 22, true) === crcOf(bytes, page);
}

/** Return the checksum of a page. The field of the checksum itself counts as zero. */
function crcOf(bytes: Uint8Array, { at, length }: Pick<OggPage, "at" | "length">): number {
  let crc = 0;
  for (let index = 0; index < length; index++) {
    const byte = index >= 22 && index < 26 ? 0 : byteAt(bytes, at + index);
    crc = ((crc << 8) ^ (CRC_TABLE[(crc >>> 24) ^ byte] ?? 0)) >>> 0;
  }
  return crc;
}
