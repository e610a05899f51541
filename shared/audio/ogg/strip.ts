import { asciiAt, byteAt, concatBytes, indexOfBytes, viewOf } from "../reading/bytes.ts";
import { CAPTURE, hasItsChecksum, lacingOf, MAX_HEADER_BYTES, parseOggPage, writePage, type OggPage } from "./page.ts";
import { opusSamples, opusSilence } from "./opus-packet.ts";
import type { Strip } from "../chunks/spliced.ts";
import type { Work } from "../reading/work.ts";

/** Opus has no packets for pauses in speech or for missing pages. Such gaps are filled, so that the sound after them keeps its time. */
export interface Filling {
  /** Gaps are filled up to this time; the chunk ends there. */
  readonly untilGranule: number;
}

/** Pages are missing between these counts of samples. */
interface LostGranules {
  readonly from: number;
  readonly to: number;
  /** Whether silence replaces them. */
  readonly isFilled: boolean;
}

/** The work of a page, which is parsed, checked, measured and copied. */
const STRIPPED_ELEMENTS = 8;

const NONE = new Uint8Array();
/** A shorter gap is rounding. 20 ms is a frame of almost all encoders. */
const MIN_GAP_SAMPLES = 960;

interface Taken {
  readonly sequence: number;
  readonly granule: number;
  readonly isOpen: boolean;
  /** The first two bytes of the packet that continues on the next page. */
  readonly open: Uint8Array;
}

/**
 * Keep complete pages of one stream. To a reader, a page that is cut off can look like a broken file, and a broken packet
 * like the end of the file. If pages are missing, packets that continue on them are removed too.
 */
export function stripOgg(
  serial: number,
  filling: Filling | null,
  work: Work,
): Strip & { readonly reachedGranule: () => number; readonly lostGranules: () => readonly LostGranules[] } {
  let held: Uint8Array = new Uint8Array();
  let last: Taken | null = null;
  let isCounted = false;
  let isOver = false;
  const lost: LostGranules[] = [];

  /** Return a page, after the pages that are needed before it. */
  function take(bytes: Uint8Array, page: OggPage): readonly Uint8Array[] {
    const whole = bytes.subarray(page.at, page.at + page.length);
    const sequence = viewOf(bytes).getUint32(page.at + 18, true);
    const before = last;
    const isNext = sequence === (before?.sequence ?? 0) + 1;
    // Some programs do not number their pages.
    isCounted ||= before !== null && isNext;
    const isMissing = before !== null && isCounted && !isNext;
    const kept = isMissing && page.isContinued ? dropFirstPacket(whole) : whole;
    if (kept === null) return [];
    const { granule, isOpen } = page;
    const { samples, open } = measure(kept, isMissing || before === null ? NONE : before.open);
    last = { sequence, granule: Math.max(granule, before?.granule ?? -1), isOpen, open };
    if (before === null) return [kept];
    const closing =
      isMissing && before.isOpen
        ? [writePage({ serial, granule: before.granule, isContinued: true, lacing: [0] }, NONE)]
        : [];
    const canFill = filling !== null && granule >= 0 && before.granule >= 0 && (isMissing || !before.isOpen);
    const start = granule - samples;
    // Only the length of a filled hole is known exactly.
    if (isMissing && granule >= 0)
      lost.push({
        from: before.granule,
        to: canFill ? start : granule,
        isFilled: canFill && start - before.granule >= MIN_GAP_SAMPLES,
      });
    if (!canFill || start - before.granule < MIN_GAP_SAMPLES) return [...closing, kept];
    isOver = start >= filling.untilGranule;
    return isOver
      ? closing
      : [...closing, ...silentPages({ serial, fromGranule: before.granule, toGranule: start }, work), kept];
  }

  return {
    push(piece) {
      const bytes = concatBytes([held, piece]);
      const kept: Uint8Array[] = [];
      let from = Math.max(0, bytes.length - MAX_HEADER_BYTES);
      for (let at = indexOfBytes(bytes, CAPTURE, 0, work); at !== -1 && !isOver;) {
        work.visit(STRIPPED_ELEMENTS);
        const page = parseOggPage(bytes, at);
        const isOwn = page?.serial === serial;
        if (page !== null && isOwn && page.at + page.length > bytes.length) {
          from = page.at;
          break;
        }
        if (page !== null && isOwn && hasItsChecksum(bytes, page, work)) {
          const taken = isHeader(bytes, page) ? [] : take(bytes, page);
          work.hold(taken.reduce((sum, { length }) => sum + length, 0));
          kept.push(...taken);
          at = page.at + page.length;
          from = Math.max(from, at);
        } else at += 4;
        at = indexOfBytes(bytes, CAPTURE, at, work);
      }
      held = bytes.slice(from);
      return concatBytes(kept);
    },
    reachedGranule: () => last?.granule ?? -1,
    lostGranules: () => lost,
  };
}

/** Whether a page repeats the headers. Its packets are not sound. */
function isHeader(bytes: Uint8Array, { bodyAt, isFirst, isContinued }: OggPage): boolean {
  if (isFirst) return true;
  const magic = isContinued ? "" : asciiAt(bytes, bodyAt, 8);
  const isVorbis = magic.slice(1, 7) === "vorbis" && byteAt(bytes, bodyAt) % 2 === 1;
  return magic === "OpusTags" || magic === "OpusHead" || isVorbis;
}

/** Return the page without the rest of a packet that began before it. Null if the page has nothing else. */
function dropFirstPacket(page: Uint8Array): Uint8Array | null {
  const parsed = parseOggPage(page, 0);
  if (parsed === null) return null;
  const lacing = lacingOf(page, parsed);
  const last = lacing.findIndex((value) => value < 255);
  if (last === -1 || last === lacing.length - 1) return null;
  const dropped = lacing.slice(0, last + 1).reduce((sum, value) => sum + value, 0);
  const { serial, granule } = parsed;
  return writePage(
    { serial, granule, isContinued: false, lacing: lacing.slice(last + 1) },
    page.subarray(parsed.bodyAt + dropped),
  );
}

/** Return the number of samples in the packets that end on a page of Opus. */
function measure(page: Uint8Array, opened: Uint8Array): { readonly samples: number; readonly open: Uint8Array } {
  const parsed = parseOggPage(page, 0);
  let open = opened;
  let samples = 0;
  let at = parsed?.bodyAt ?? 0;
  for (const value of parsed === null ? [] : lacingOf(page, parsed)) {
    if (open.length === 0) open = page.slice(at, at + 2);
    at += value;
    if (value === 255) continue;
    samples += opusSamples(byteAt(open, 0), byteAt(open, 1));
    open = NONE;
  }
  return { samples, open };
}

function silentPages(
  {
    serial,
    fromGranule,
    toGranule,
  }: { readonly serial: number; readonly fromGranule: number; readonly toGranule: number },
  work: Work,
): readonly Uint8Array[] {
  work.keep((toGranule - fromGranule) / MIN_GAP_SAMPLES);
  const packets = opusSilence(toGranule - fromGranule);
  const pages: Uint8Array[] = [];
  for (let first = 0; first < packets.length; first += 255) {
    const some = packets.slice(first, first + 255);
    const lacing = some.map((packet) => packet.length);
    pages.push(writePage({ serial, granule: fromGranule, isContinued: false, lacing }, concatBytes(some)));
  }
  return pages;
}
