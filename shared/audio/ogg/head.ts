import { asciiAt, byteAt, concatBytes, viewOf } from "../reading/bytes.ts";
import { readWithin, type ByteSource } from "../reading/byte-source.ts";
import { refuse, type Refusal } from "../chunks/chunk.ts";
import type { AudioTrack, TrackChoice } from "../chunks/audio-track.ts";
import { chooseTrack, namedTrack, type Candidate } from "../chunks/tracks.ts";
import { hasItsChecksum, packetsOn, pagesIn, withoutPreSkip, type OggPage } from "./page.ts";
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
  /** Samples at its start that are decoded and not played. `head` says that there are none: they belong to the first chunk alone. */
  readonly preSkip: number;
  /** Whether it is one stream of Opus; its packets may also hold several (RFC 7845, section 5.1.1). */
  readonly isPlainOpus: boolean;
  readonly head: Uint8Array;
  readonly headBytes: number;
}

/** Why there is no stream to cut: the headers are incomplete, or there is no sound. */
export type NoStream = "incomplete" | "no_audio";

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

export interface OggStart extends Chosen {
  /** The time by its clock that is the source's time 0. */
  readonly zeroMs: number;
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
    const startMs = await audioStartMs(bytes, stream, work);
    if (startMs === null && !isAll) continue;
    const zeroMs = Math.min(startMs ?? Infinity, videoStartMs(bytes, work) ?? Infinity);
    return { ...parsed, zeroMs: zeroMs === Infinity ? 0 : zeroMs, hasVideo: hasVideo(bytes, work) };
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
  // Two packets for Opus, three for Vorbis, on pages of their own.
  const wanted = first.kind === "opus" ? 2 : 3;
  let packets = 0;
  for (const page of pagesOf(bytes, work)) {
    if (page.serial !== serial || (page.isFirst && pages.length > 0)) continue;
    pages.push(bytes.subarray(page.at, page.at + page.length));
    packets += packetsOn(bytes, page);
    if (packets < wanted) continue;
    const { bodyAt } = first.page;
    const view = viewOf(bytes);
    return {
      stream: {
        codec: first.kind,
        serial,
        sampleRate: first.kind === "opus" ? 48_000 : view.getUint32(bodyAt + 12, true),
        preSkip: first.kind === "opus" ? view.getUint16(bodyAt + 10, true) : 0,
        isPlainOpus: first.kind === "opus" && byteAt(bytes, bodyAt + 18) === 0,
        head: withoutPreSkip(leanHead(first.kind, pages, work)),
        headBytes: page.at + page.length,
      },
      tracks: begun.candidates.map(namedTrack),
      track,
    };
  }
  return "incomplete";
}

interface Chosen {
  readonly stream: OggStream;
  readonly tracks: readonly AudioTrack[];
  readonly track: number;
}

interface OggCandidate extends Candidate {
  readonly kind: "opus" | "vorbis" | null;
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
    const kind = magic === "OpusHead" ? "opus" : magic.startsWith("\x01vorbis") ? "vorbis" : null;
    const codec =
      kind ?? OTHER_AUDIO.find(([known]) => magic.startsWith(known))?.[1] ?? "a codec that is not known here";
    const message = `The Ogg file holds ${codec}, which cannot be cut in Ogg. Convert it to Opus or Vorbis.`;
    candidates.push({
      codec,
      language: null,
      title: null,
      channels: kind === null ? null : byteAt(bytes, page.bodyAt + (kind === "opus" ? 9 : 11)),
      isEnabled: true,
      isDefault: false,
      refusal: kind === null ? refuse("unsupported_codec", message) : null,
      kind,
      page,
    });
  }
  return { candidates, isOver: false };
}

/** The whole pages. One that lies behind other bytes counts if its checksum matches. */
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
async function audioStartMs(
  bytes: Uint8Array,
  { head, headBytes, serial }: OggStream,
  work: Work,
): Promise<number | null> {
  const pages = [head];
  const body = bytes.subarray(headBytes);
  for (const page of pagesIn(body, work, serial)) {
    if (page.at + page.length > body.length) break;
    pages.push(body.subarray(page.at, page.at + page.length));
    if (page.granule < 0) continue;
    return (await audioSpan(concatBytes(pages), work))?.startMs ?? 0;
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
