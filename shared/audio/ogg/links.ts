import { readWithin, type ByteSource } from "../reading/byte-source.ts";
import { DamagedSource } from "../chunks/chunk.ts";
import { HEAD_BYTES } from "../chunks/limits.ts";
import {
  hasItsChecksum,
  MAX_HEADER_BYTES,
  MAX_PAGE_BYTES,
  lastPageIn,
  pagesIn,
  parseOggPage,
  type OggPage,
} from "./page.ts";
import type { Work } from "../reading/work.ts";

const PROBE_BYTES = 8 * 1024;
const SCAN_BYTES = 16 * 1024;
/** The most links of a chain. Each link has to be searched, and needs a call. */
const MAX_LINKS = 1_000;

/** A page by its place in the source. */
type Place = Pick<OggPage, "at" | "length" | "serial" | "granule" | "isFirst">;

/** A link, with the latest known time of each of its streams. */
interface Link {
  readonly clocks: Map<number, number>;
  readonly bodyAt: number;
}

/**
 * Find where the links of a chained file begin (RFC 3533, section 4). `cat` writes such files, and recorders of web radio
 * begin a link at every song. Links differ in the serial numbers of their streams, which are read from pages along the file.
 */
export async function findLinks(source: ByteSource, work: Work): Promise<readonly number[]> {
  const starts = [0];
  const last = await lastPage(source, work);
  if (last === null) return starts;
  for (let start: number | null = 0; start !== null;) {
    start = await findNextLink(source, { start, last }, work);
    if (start !== null) starts.push(start);
    if (starts.length > MAX_LINKS)
      throw new DamagedSource(`The file is damaged: it is a chain of more than ${MAX_LINKS} recordings.`);
  }
  return starts;
}

async function findNextLink(
  source: ByteSource,
  { start, last }: { readonly start: number; readonly last: Place },
  work: Work,
): Promise<number | null> {
  const link = await openLink(source, start, work);
  if (link === null || last.at < link.bodyAt) return null;
  let low = link.bodyAt;
  let foreign: Place | null = null;
  // The strides double. If the next link has the same serial numbers, its clock starts again from zero. A place at twice the distance
  // of a place in this link then has an earlier time, even if this link is short.
  for (let stride = HEAD_BYTES; foreign === null; stride *= 2) {
    if (start + stride >= last.at) {
      if (!(await isForeign(source, link, last, work))) return null;
      foreign = last;
    } else {
      const page = await pageAt(source, start + stride, last.at, work);
      if (page === null) continue;
      if (await isForeign(source, link, page, work)) foreign = page;
      else low = page.at + page.length;
    }
  }
  let high = foreign.at;
  while (high - low > SCAN_BYTES) {
    const middle = Math.floor((low + high) / 2);
    const page = await pageAt(source, middle, high, work);
    if (page === null) high = middle;
    else if (await isForeign(source, link, page, work)) {
      foreign = page;
      high = page.at;
    } else low = page.at + page.length;
  }
  const bytes = await readWithin(source, low, high - low + MAX_HEADER_BYTES);
  for (const page of pagesIn(bytes, work)) if (page.isFirst) return low + page.at;
  if (foreign.isFirst) return foreign.at;
  // A clock that goes back does not begin a link. A new stream does, and cannot be played without its headers.
  if (link.clocks.has(foreign.serial)) return null;
  throw new DamagedSource(`The file is damaged: the stream that begins at byte ${foreign.at} has no headers.`);
}

async function openLink(source: ByteSource, start: number, work: Work): Promise<Link | null> {
  const bytes = await readWithin(source, start, PROBE_BYTES);
  const clocks = new Map<number, number>();
  let end = 0;
  for (let page = parseOggPage(bytes, 0); page?.isFirst === true; page = parseOggPage(bytes, end)) {
    if (clocks.has(page.serial)) break;
    work.visit();
    clocks.set(page.serial, 0);
    end = page.at + page.length;
  }
  return clocks.size === 0 ? null : { clocks, bodyAt: start + end };
}

async function isForeign(source: ByteSource, { clocks }: Link, page: Place, work: Work): Promise<boolean> {
  const clock = clocks.get(page.serial);
  if (clock === undefined || page.isFirst || (page.granule !== -1 && page.granule < clock)) {
    // The checksum distinguishes another stream from a flipped bit.
    return hasItsChecksum(await readWithin(source, page.at, page.length), { at: 0, length: page.length }, work);
  }
  clocks.set(page.serial, Math.max(clock, page.granule));
  return false;
}

/** Find the first page that begins at or after a place. Null if none begins before `limit` or within the length of two pages. */
async function pageAt(source: ByteSource, place: number, limit: number, work: Work): Promise<Place | null> {
  const until = Math.min(limit, place + 2 * MAX_PAGE_BYTES);
  for (let from = place, length = PROBE_BYTES; from < until; from += length, length *= 2) {
    const [page] = pagesIn(await readWithin(source, from, length + MAX_HEADER_BYTES), work);
    if (page !== undefined) return from + page.at < limit ? { ...page, at: from + page.at } : null;
  }
  return null;
}

async function lastPage(source: ByteSource, work: Work): Promise<Place | null> {
  for (let length = PROBE_BYTES; ; length *= 4) {
    const from = Math.max(0, source.sizeBytes - length);
    const bytes = await readWithin(source, from, length);
    const page = lastPageIn(bytes, work, ({ at, length: pageBytes }) => at + pageBytes <= bytes.length);
    if (page !== undefined) return { ...page, at: from + page.at };
    if (from === 0 || length >= 2 * MAX_PAGE_BYTES) return null;
  }
}
