import { asciiAt, byteAt, concatBytes, viewOf } from "../reading/bytes.ts";
import { readWithin, type ByteSource } from "../reading/byte-source.ts";
import { refuse, type Refusal } from "../chunks/chunk.ts";
import type { AudioTrack, TrackChoice } from "../chunks/audio-track.ts";
import { chooseTrack, namedTrack, type Candidate } from "../chunks/tracks.ts";
import { hasItsChecksum, packetsOn, pagesIn, withoutPreSkip, type OggPage } from "./page.ts";
import { leanHead } from "./lean-head.ts";
import { countFlac, flacHeadEnd, flacInfo, type FlacInfo } from "./flac-in-ogg.ts";
import { audioSpan } from "../chunks/packets.ts";
import type { Work } from "../reading/work.ts";

/** The longest header: tags may hold a picture. */
const MAX_HEAD_BYTES = 4 * 1024 * 1024;
/** Most headers, and the first second of sound. */
const LOOK_BYTES = 16 * 1024;

export interface OggStream {
  readonly codec: "opus" | "vorbis" | "flac";
  readonly serial: number;
  readonly sampleRate: number;
  /** Null for other codecs. */
  readonly flac: FlacInfo | null;
  /** Samples at its start that are decoded and not played. `head` says that there are none: only the first chunk has them. */
  readonly preSkip: number;
  /** Whether it is one stream of Opus; its packets may also hold several (RFC 7845, section 5.1.1). */
  readonly isPlainOpus: boolean;
  readonly head: Uint8Array;
  readonly headBytes: number;
}

/** Why there is no stream to cut: the headers are incomplete, or there is no sound. */
export type NoStream = "incomplete" | "no_audio";

const NONE = new Uint8Array();

/** How the first packet of a stream begins that can be cut. */
const MARKS: readonly (readonly [mark: string, kind: OggStream["codec"]])[] = [
  ["OpusHead", "opus"],
  ["\x01vorbis", "vorbis"],
  ["\x7fFLAC", "flac"],
];

/** A stream's codec, by the beginning of its first packet. */
const OTHER_AUDIO: readonly (readonly [magic: string, codec: string])[] = [
  ["fLaC", "FLAC as Ogg had it before 2003"],
  ["Speex", "Speex"],
  ["CELT", "CELT"],
  ["PCM", "PCM"],
];
const THEORA = "\x80theora";
const VIDEO = [THEORA, "BBCD", "OVP80", "\x01video"];
const NO_AUDIO = [...VIDEO, "fishead", "CMML", "\x80kate", "\x01text"];

export interface OggStart extends Chosen {
  /** The time by its clock that is the source's time 0. */
  readonly zeroMs: number;
  /** The number of the first sample, in FLAC: frames that were copied out of a longer recording keep their numbers. */
  readonly zeroSample: number;
  readonly hasVideo: boolean;
}

/**
 * The headers of the audio stream that is wanted, and its time at the start of the file. A stream that was cut out of another, or
 * joined late, keeps its clock (RFC 7845, section 4.3).
 */
export async function readStart(
  source: ByteSource,
  choice: TrackChoice | undefined,
  work: Work,
): Promise<OggStart | Refusal | NoStream> {
  for (let length = LOOK_BYTES; ; length *= 4) {
    const bytes = await readWithin(source, 0, length);
    const isAll = length >= Math.min(MAX_HEAD_BYTES, source.sizeBytes);
    const parsed = parseStream(bytes, choice, work);
    if (parsed === "incomplete" && !isAll) continue;
    if (typeof parsed === "string" || "type" in parsed) return parsed;
    const { stream } = parsed;
    const audio = await audioStart(bytes, stream, work);
    if (audio === null && !isAll) continue;
    const startMs = Math.min(audio?.startMs ?? Infinity, videoStartMs(bytes, work) ?? Infinity);
    const zeroMs = startMs === Infinity ? 0 : startMs;
    // Both clocks have their zero where the source has.
    const lateSamples = audio === null ? 0 : Math.round(((audio.startMs - zeroMs) / 1000) * stream.sampleRate);
    const zeroSample = (audio?.zeroSample ?? 0) - lateSamples;
    return { ...parsed, zeroMs, zeroSample, hasVideo: hasVideo(bytes, work) };
  }
}

/** Read the headers again, by the length that the plan knows. */
export async function readStream(
  source: ByteSource,
  { headBytes, choice }: { readonly headBytes: number; readonly choice: TrackChoice | undefined },
  work: Work,
): Promise<OggStream | null> {
  const parsed = parseStream(await readWithin(source, 0, headBytes), choice, work);
  return typeof parsed === "string" || "type" in parsed ? null : parsed.stream;
}

type Parsed = Chosen | Refusal | NoStream;

/** The stream that is wanted. Bytes between its header pages, and pages that come twice, are passed over. */
function parseStream(bytes: Uint8Array, choice: TrackChoice | undefined, work: Work): Parsed {
  const begun = beginnings(bytes, work);
  if (begun.candidates.length === 0) return begun.isOver ? "no_audio" : "incomplete";
  const track = chooseTrack(begun.candidates, choice);
  if (typeof track !== "number") return begun.isOver ? track : "incomplete";
  const first = begun.candidates[track];
  if (first === undefined || first.kind === null) return "no_audio";
  const { serial } = first.page;
  const pages: Uint8Array[] = [];
  const flac = first.kind === "flac" ? flacInfo(bytes, first.page) : null;
  if (first.kind === "flac" && flac === null) return "incomplete";
  const isHeadOver = flac === null ? packetsEnd(first.kind === "opus" ? 2 : 3) : flacHeadEnd();
  for (const page of pagesOf(bytes, work)) {
    if (page.serial !== serial || (page.isFirst && pages.length > 0)) continue;
    pages.push(bytes.subarray(page.at, page.at + page.length));
    if (!isHeadOver(bytes, page)) continue;
    const { bodyAt } = first.page;
    const view = viewOf(bytes);
    return {
      stream: {
        codec: first.kind,
        serial,
        flac,
        sampleRate: flac?.sampleRate ?? (first.kind === "opus" ? 48_000 : view.getUint32(bodyAt + 12, true)),
        preSkip: first.kind === "opus" ? view.getUint16(bodyAt + 10, true) : 0,
        isPlainOpus: first.kind === "opus" && byteAt(bytes, bodyAt + 18) === 0,
        head: first.kind === "flac" ? NONE : withoutPreSkip(leanHead(first.kind, pages, work)),
        headBytes: page.at + page.length,
      },
      tracks: begun.candidates.map(namedTrack),
      track,
    };
  }
  return "incomplete";
}

/** Whether a number of headers have ended. Those of Opus and Vorbis are on pages of their own. */
function packetsEnd(wanted: number): (bytes: Uint8Array, page: OggPage) => boolean {
  let packets = 0;
  return (bytes, page) => (packets += packetsOn(bytes, page)) >= wanted;
}

interface Chosen {
  readonly stream: OggStream;
  readonly tracks: readonly AudioTrack[];
  readonly track: number;
}

interface OggCandidate extends Candidate {
  readonly kind: OggStream["codec"] | null;
  readonly page: OggPage;
}

/** The tracks of sound, by the pages with which all streams begin, and whether there are no more of them. */
function beginnings(
  bytes: Uint8Array,
  work: Work,
): { readonly candidates: readonly OggCandidate[]; readonly isOver: boolean } {
  const candidates: OggCandidate[] = [];
  const serials = new Set<number>();
  for (const page of pagesOf(bytes, work)) {
    if (!page.isFirst) return { candidates, isOver: true };
    if (serials.has(page.serial)) continue;
    work.keep();
    serials.add(page.serial);
    const magic = asciiAt(bytes, page.bodyAt, 8);
    if (NO_AUDIO.some((known) => magic.startsWith(known))) continue;
    const kind = MARKS.find(([mark]) => magic.startsWith(mark))?.[1] ?? null;
    const codec = kind ?? OTHER_AUDIO.find(([known]) => magic.startsWith(known))?.[1] ?? "an unknown codec";
    const message = `The Ogg file holds ${codec}, which cannot be cut in Ogg. Convert it to Opus, Vorbis or FLAC.`;
    candidates.push({
      codec,
      language: null,
      title: null,
      channels: channelsOf(kind, bytes, page),
      isEnabled: true,
      isDefault: false,
      refusal: kind === null ? refuse("unsupported_codec", message) : null,
      kind,
      page,
    });
  }
  return { candidates, isOver: false };
}

function channelsOf(kind: OggStream["codec"] | null, bytes: Uint8Array, page: OggPage): number | null {
  if (kind === null) return null;
  if (kind === "flac") return flacInfo(bytes, page)?.channels ?? null;
  return byteAt(bytes, page.bodyAt + (kind === "opus" ? 9 : 11));
}

/** The whole pages. A page that follows other bytes counts if its checksum matches. */
function* pagesOf(bytes: Uint8Array, work: Work): Generator<OggPage> {
  let end = 0;
  for (const page of pagesIn(bytes, work)) {
    if (page.at + page.length > bytes.length) return;
    if (page.at !== end && !hasItsChecksum(bytes, page, work)) continue;
    yield page;
    end = page.at + page.length;
  }
}

/** The start by the first page that has a time. Null where that page is not among these bytes. */
async function audioStart(
  bytes: Uint8Array,
  { head, headBytes, serial, flac, sampleRate }: OggStream,
  work: Work,
): Promise<{ readonly startMs: number; readonly zeroSample: number } | null> {
  const pages = [head];
  const body = bytes.subarray(headBytes);
  for (const page of pagesIn(body, work, serial)) {
    if (page.at + page.length > body.length) break;
    pages.push(body.subarray(page.at, page.at + page.length));
    if (page.granule < 0) continue;
    if (flac === null) return { startMs: (await audioSpan(concatBytes(pages), work))?.startMs ?? 0, zeroSample: 0 };
    const counted = await countFlac(flac, concatBytes(pages), work);
    if (counted === null) return { startMs: 0, zeroSample: 0 };
    const { samples, zeroSample } = counted;
    return { startMs: ((page.granule - samples) / sampleRate) * 1000, zeroSample };
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
