import { asciiAt, byteAt, concatBytes, viewOf } from "../reading/bytes.ts";
import { readWithin, type ByteSource } from "../reading/byte-source.ts";
import { packetsOn, pagesIn, parseOggPage, type OggPage } from "./page.ts";
import { leanHead } from "./lean-head.ts";
import { audioSpan } from "../chunks/remux.ts";
import type { Work } from "../reading/work.ts";

/** The longest header: tags may hold a picture. */
const MAX_HEAD_BYTES = 4 * 1024 * 1024;
/** Most headers, and the first second of sound. */
const LOOK_BYTES = 16 * 1024;

export interface OggStream {
  readonly codec: "opus" | "vorbis";
  readonly serial: number;
  readonly sampleRate: number;
  readonly preSkip: number;
  /** Whether it is one stream of Opus; its packets may also hold several (RFC 7845, section 5.1.1). */
  readonly isPlainOpus: boolean;
  readonly head: Uint8Array;
  readonly headBytes: number;
}

/** Why there is no stream to cut: the headers are incomplete, there is no sound, or it has a codec that is not cut in Ogg. */
export type NoStream = "incomplete" | "no_audio" | { readonly codec: string };

/** A stream's codec, by the beginning of its first packet. */
const OTHER_AUDIO: readonly (readonly [magic: string, codec: string])[] = [
  ["\x7fFLAC", "FLAC"],
  ["fLaC", "FLAC"],
  ["Speex", "Speex"],
  ["CELT", "CELT"],
  ["PCM", "PCM"],
];
const THEORA = "\x80theora";
const VIDEO = [THEORA, "BBCD", "OVP80", "\x01video"];
const NO_AUDIO = [...VIDEO, "fishead", "CMML", "\x80kate", "\x01text"];

export interface OggStart {
  readonly stream: OggStream;
  /** The time by its clock that is the source's time 0. */
  readonly zeroMs: number;
  readonly hasVideo: boolean;
}

/**
 * The headers of the first audio stream, and its time at the start of the file. A stream that was cut out of another, or
 * joined late, keeps its clock (RFC 7845, section 4.3).
 */
export async function readStart(source: ByteSource, work: Work): Promise<OggStart | NoStream> {
  for (let length = LOOK_BYTES; ; length *= 4) {
    const bytes = await readWithin(source, 0, length);
    const isAll = length >= Math.min(MAX_HEAD_BYTES, source.sizeBytes);
    const stream = parseStream(bytes, work);
    if (typeof stream !== "object" || !("head" in stream)) {
      if (stream === "incomplete" && !isAll) continue;
      return stream;
    }
    const startMs = await audioStartMs(bytes, stream, work);
    if (startMs === null && !isAll) continue;
    const zeroMs = Math.min(startMs ?? Infinity, videoStartMs(bytes, work) ?? Infinity);
    return { stream, zeroMs: zeroMs === Infinity ? 0 : zeroMs, hasVideo: hasVideo(bytes, work) };
  }
}

/** Read the headers again, by the length that the plan knows. */
export async function readStream(source: ByteSource, headBytes: number, work: Work): Promise<OggStream | null> {
  const stream = parseStream(await readWithin(source, 0, headBytes), work);
  return typeof stream === "object" && "head" in stream ? stream : null;
}

function parseStream(bytes: Uint8Array, work: Work): OggStream | NoStream {
  let first: { readonly page: OggPage; readonly codec: "opus" | "vorbis" } | null = null;
  let other: NoStream = "no_audio";
  let packets = 0;
  const pages: Uint8Array[] = [];
  for (let page = parseOggPage(bytes, 0); page !== null; page = parseOggPage(bytes, page.at + page.length)) {
    work.visit();
    if (page.at + page.length > bytes.length) break;
    if (page.isFirst && first === null) {
      if (asciiAt(bytes, page.bodyAt, 8) === "OpusHead") first = { page, codec: "opus" };
      else if (asciiAt(bytes, page.bodyAt, 7) === "\x01vorbis") first = { page, codec: "vorbis" };
      else if (other === "no_audio") other = nameOther(asciiAt(bytes, page.bodyAt, 8));
    }
    if (!page.isFirst && first === null) return other;
    if (first === null || page.serial !== first.page.serial) continue;
    pages.push(bytes.subarray(page.at, page.at + page.length));
    // Two packets for Opus, three for Vorbis, on pages of their own.
    packets += packetsOn(bytes, page);
    if (packets < (first.codec === "opus" ? 2 : 3)) continue;
    const view = viewOf(bytes);
    const { bodyAt, serial } = first.page;
    return {
      codec: first.codec,
      serial,
      sampleRate: first.codec === "opus" ? 48_000 : view.getUint32(bodyAt + 12, true),
      preSkip: first.codec === "opus" ? view.getUint16(bodyAt + 10, true) : 0,
      isPlainOpus: first.codec === "opus" && byteAt(bytes, bodyAt + 18) === 0,
      head: leanHead(first.codec, pages, work),
      headBytes: page.at + page.length,
    };
  }
  return "incomplete";
}

function nameOther(magic: string): NoStream {
  if (NO_AUDIO.some((known) => magic.startsWith(known))) return "no_audio";
  return { codec: OTHER_AUDIO.find(([known]) => magic.startsWith(known))?.[1] ?? "a codec that is not known here" };
}

/** The start by the first page that has a time. Null where that page is not among these bytes. */
async function audioStartMs(
  bytes: Uint8Array,
  { head, headBytes, serial, preSkip }: OggStream,
  work: Work,
): Promise<number | null> {
  const pages = [head];
  const body = bytes.subarray(headBytes);
  for (const page of pagesIn(body, work, serial)) {
    if (page.at + page.length > body.length) break;
    pages.push(body.subarray(page.at, page.at + page.length));
    if (page.granule < 0) continue;
    const { startMs = 0 } = (await audioSpan(concatBytes(pages), work)) ?? {};
    // The first samples of Opus warm the decoder up, and are not played.
    return startMs === 0 ? 0 : startMs + preSkip / 48;
  }
  return null;
}

function hasVideo(bytes: Uint8Array, work: Work): boolean {
  for (const page of pagesIn(bytes, work)) {
    if (!page.isFirst) return false;
    const magic = asciiAt(bytes, page.bodyAt, 8);
    if (VIDEO.some((known) => magic.startsWith(known))) return true;
  }
  return false;
}

/** The time of the first picture, which sound may follow late. Theora counts frames up to the last key frame, and since. */
function videoStartMs(bytes: Uint8Array, work: Work): number | null {
  for (const first of pagesIn(bytes, work)) {
    if (!first.isFirst) return null;
    const { bodyAt } = first;
    if (asciiAt(bytes, bodyAt, THEORA.length) !== THEORA || bodyAt + 42 > bytes.length) continue;
    const view = viewOf(bytes);
    const frameMs = (1000 * view.getUint32(bodyAt + 26)) / view.getUint32(bodyAt + 22);
    const shift = ((byteAt(bytes, bodyAt + 40) & 3) << 3) | (byteAt(bytes, bodyAt + 41) >> 5);
    for (const page of pagesIn(bytes, work, first.serial)) {
      if (page.granule <= 0) continue;
      const frames = Math.floor(page.granule / 2 ** shift) + (page.granule % 2 ** shift);
      return Math.max(0, (frames - packetsOn(bytes, page)) * frameMs);
    }
    return null;
  }
  return null;
}
