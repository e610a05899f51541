import { concatBytes, textBytes } from "../reading/bytes.ts";
import { lacingOf, parseOggPage, writePage } from "./page.ts";
import type { Work } from "../reading/work.ts";

/** A comment header without vendor and comments. In Vorbis it ends with a bit. */
const NO_COMMENTS = {
  opus: concatBytes([textBytes("OpusTags"), new Uint8Array(8)]),
  vorbis: concatBytes([textBytes("\x03vorbis"), new Uint8Array(8), Uint8Array.of(1)]),
} as const;

/**
 * Return the headers of a stream without their comments. Comments may have pictures, and a reader copies all values of a repeated name
 * again for each repetition.
 * @param pages the complete pages of one stream with its two headers (Opus) or three (Vorbis).
 */
export function leanHead(codec: "opus" | "vorbis", pages: readonly Uint8Array[], work: Work): Uint8Array {
  const [first] = pages;
  const page = first === undefined ? null : parseOggPage(first, 0);
  if (first === undefined || page === null) return new Uint8Array();
  const [, , setup] = codec === "opus" ? [] : packetsOf(pages, work);
  const packets = setup === undefined ? [NO_COMMENTS[codec]] : [NO_COMMENTS[codec], setup];
  return concatBytes([first, ...writePages(page.serial, packets)]);
}

function packetsOf(pages: readonly Uint8Array[], work: Work): readonly Uint8Array[] {
  const packets: Uint8Array[] = [];
  let open: Uint8Array[] = [];
  for (const bytes of pages) {
    const page = parseOggPage(bytes, 0);
    let at = page?.bodyAt ?? 0;
    for (const length of page === null ? [] : lacingOf(bytes, page)) {
      work.visit();
      open.push(bytes.subarray(at, at + length));
      at += length;
      if (length === 255) continue;
      packets.push(concatBytes(open));
      open = [];
    }
  }
  return packets;
}

/** The most segments that a page can have. */
const PAGE_SEGMENTS = 255;

function writePages(serial: number, packets: readonly Uint8Array[]): readonly Uint8Array[] {
  const lacing = packets.flatMap(({ length }) => [
    ...Array.from({ length: Math.floor(length / 255) }, () => 255),
    length % 255,
  ]);
  const body = concatBytes(packets);
  const pages: Uint8Array[] = [];
  let at = 0;
  for (let from = 0; from < lacing.length; from += PAGE_SEGMENTS) {
    const some = lacing.slice(from, from + PAGE_SEGMENTS);
    const length = some.reduce((sum, value) => sum + value, 0);
    const isContinued = lacing[from - 1] === 255;
    const granule = some.some((value) => value < 255) ? 0 : -1;
    pages.push(writePage({ serial, granule, isContinued, lacing: some }, body.subarray(at, at + length)));
    at += length;
  }
  return pages;
}
