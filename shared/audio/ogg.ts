import { asciiAt, concatBytes, indexOfBytes, viewOf } from "./bytes.ts";
import { readWithin, type ByteSource } from "./byte-source.ts";
import { refuse, type AudioPlan, type ChunkFile, type ChunkPlan } from "./chunk.ts";
import type { CallLimits } from "./call-limits.ts";
import { HEAD_BYTES } from "./limits.ts";
import { parseOggPage, type OggPage } from "./ogg-page.ts";
import { extractSpliced, planSpliced, type Cutter, type Strip } from "./spliced.ts";

const CAPTURE = [0x4f, 0x67, 0x67, 0x53];
/** Tags may hold a picture; what exceeds this is no header. */
const MAX_HEAD_BYTES = 4 * 1024 * 1024;

interface OggStream {
  readonly codec: "opus" | "vorbis";
  readonly serial: number;
  readonly sampleRate: number;
  readonly preSkip: number;
  readonly head: Uint8Array;
  readonly headBytes: number;
}

export async function planOgg(source: ByteSource, limits: CallLimits): Promise<AudioPlan> {
  const stream = await readStream(source, HEAD_BYTES);
  if (stream === "other_codec") {
    return refuse("unsupported_codec", "The Ogg file holds neither Opus nor Vorbis. Convert it to one of them.");
  }
  if (stream === null) return refuse("damaged", "The Ogg file's headers are incomplete.");
  const durationMs = await readDuration(source, stream);
  if (durationMs <= 0) return refuse("no_audio_track", "The Ogg file holds no audio.");
  const spliceable = {
    container: "ogg",
    codec: stream.codec,
    durationMs,
    zeroMs: 0,
    hasVideo: false,
    bodyOffset: stream.headBytes,
    cutter: cutter(stream),
  } as const;
  return planSpliced(source, spliceable, { extra: { headBytes: stream.headBytes }, limits });
}

export async function extractOgg(source: ByteSource, chunk: ChunkPlan): Promise<ChunkFile> {
  const { extra } = chunk;
  const headBytes =
    typeof extra === "object" && extra !== null && "headBytes" in extra ? Number(extra.headBytes) : HEAD_BYTES;
  const stream = await readStream(source, headBytes);
  if (stream === null || stream === "other_codec") throw new Error("The Ogg file's headers are not as planned.");
  return extractSpliced(source, cutter(stream), 0, chunk);
}

function cutter(stream: OggStream): Cutter {
  return {
    head: stream.head,
    points(bytes, base) {
      // A page says when it ends: a stretch begins behind it, at a page that begins with a packet.
      const points: { readonly offset: number; readonly timeMs: number }[] = [];
      let before: OggPage | null = null;
      for (const page of pagesIn(bytes, stream.serial)) {
        if (before !== null && before.granule >= 0 && !before.isOpen && !page.isContinued) {
          points.push({ offset: base + page.at, timeMs: msAt(stream, before.granule) });
        }
        before = page;
      }
      return points;
    },
    strip: () => stripOgg(stream.serial),
  };
}

/** Whole pages of one stream: a reader may take a page that is cut off for a broken file. */
function stripOgg(serial: number): Strip {
  let held: Uint8Array = new Uint8Array();
  return {
    push(piece) {
      const bytes = concatBytes([held, piece]);
      const kept: Uint8Array[] = [];
      let end = 0;
      for (const page of pagesIn(bytes, serial)) {
        if (page.at + page.length > bytes.length) break;
        end = page.at + page.length;
        kept.push(bytes.subarray(page.at, end));
      }
      held = bytes.slice(end);
      return concatBytes(kept);
    },
  };
}

function msAt({ preSkip, sampleRate }: OggStream, granule: number): number {
  return ((granule - preSkip) / sampleRate) * 1000;
}

function* pagesIn(bytes: Uint8Array, serial: number): Generator<OggPage> {
  for (let at = indexOfBytes(bytes, CAPTURE, 0); at !== -1;) {
    const page = parseOggPage(bytes, at);
    if (page !== null && page.serial === serial) yield page;
    at = indexOfBytes(bytes, CAPTURE, page !== null && page.serial === serial ? at + page.length : at + 4);
  }
}

async function readDuration(source: ByteSource, stream: OggStream): Promise<number> {
  for (let length = HEAD_BYTES; ; length *= 4) {
    const bytes = await readWithin(source, source.sizeBytes - length, length);
    const last = [...pagesIn(bytes, stream.serial)].findLast((page) => page.granule >= 0);
    if (last !== undefined) return msAt(stream, last.granule);
    if (length >= Math.min(MAX_HEAD_BYTES, source.sizeBytes)) return 0;
  }
}

/** The headers of the first audio stream: two packets for Opus, three for Vorbis, on pages of their own. */
async function readStream(source: ByteSource, lookBytes: number): Promise<OggStream | "other_codec" | null> {
  for (let length = lookBytes; ; length *= 4) {
    const bytes = await readWithin(source, 0, length);
    const stream = parseStream(bytes);
    if (stream !== "incomplete") return stream;
    if (length >= Math.min(MAX_HEAD_BYTES, source.sizeBytes)) return null;
  }
}

function parseStream(bytes: Uint8Array): OggStream | "other_codec" | "incomplete" | null {
  let first: { readonly page: OggPage; readonly codec: "opus" | "vorbis" } | null = null;
  let packets = 0;
  const pages: Uint8Array[] = [];
  for (let page = parseOggPage(bytes, 0); page !== null; page = parseOggPage(bytes, page.at + page.length)) {
    if (page.at + page.length > bytes.length) break;
    if (page.isFirst && first === null) {
      if (asciiAt(bytes, page.bodyAt, 8) === "OpusHead") first = { page, codec: "opus" };
      else if (asciiAt(bytes, page.bodyAt + 1, 6) === "vorbis") first = { page, codec: "vorbis" };
    }
    if (!page.isFirst && first === null) return "other_codec";
    if (first === null || page.serial !== first.page.serial) continue;
    pages.push(bytes.subarray(page.at, page.at + page.length));
    for (let at = page.at + 27; at < page.bodyAt; at++) if ((bytes[at] ?? 0) < 255) packets += 1;
    if (packets < (first.codec === "opus" ? 2 : 3)) continue;
    const view = viewOf(bytes);
    const { bodyAt, serial } = first.page;
    return {
      codec: first.codec,
      serial,
      sampleRate: first.codec === "opus" ? 48_000 : view.getUint32(bodyAt + 12, true),
      preSkip: first.codec === "opus" ? view.getUint16(bodyAt + 10, true) : 0,
      head: concatBytes(pages),
      headBytes: page.at + page.length,
    };
  }
  return bytes.length === 0 ? null : "incomplete";
}
