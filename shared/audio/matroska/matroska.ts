import type { InputAudioTrack } from "mediabunny";

import { concatBytes, fromBase64, indexOfBytes, toBase64 } from "../reading/bytes.ts";
import { readWithin, type ByteSource } from "../reading/byte-source.ts";
import {
  DamagedSource,
  refuse,
  type AudioPlan,
  type ChunkFile,
  type ChunkPlan,
  type Refusal,
} from "../chunks/chunk.ts";
import { CLUSTER_BYTES, ID, isNumber, VOID_SIZE, readElement, readFloat, readUint, vint, writeId } from "./ebml.ts";
import type { CallLimits } from "../chunks/call-limits.ts";
import { findStarts, type Beginning } from "../chunks/joined.ts";
import { HEAD_BYTES, MAX_INDEX_BYTES, READ_BYTES } from "../chunks/limits.ts";
import { planParts } from "../chunks/parts.ts";
import { findCues, readCues } from "./cues.ts";
import { checkHead, MAX_HEAD_BYTES } from "./head.ts";
import { stripMatroska } from "./strip.ts";
import { extractSpliced, planSpliced, type Cutter } from "../chunks/spliced.ts";
import type { Point } from "../chunks/time-map.ts";
import { audioSpan, withAudioTrack } from "../chunks/remux.ts";
import { refuseRate } from "../reading/sample-rate.ts";
import type { Work } from "../reading/work.ts";

/** What it takes to cut. */
interface Track {
  readonly trackNumber: number;
  /** Milliseconds a tick of clusters and blocks. */
  readonly tickMs: number;
  readonly head: Uint8Array;
}

interface Matroska extends Track {
  readonly codec: string;
  readonly isPcmRate: number | null;
  readonly hasVideo: boolean;
  readonly durationMs: number;
  readonly headBytes: number;
  readonly segmentAt: number;
  readonly cuesAt: number | null;
}

/** Headers that every chunk carries with it rather than read again: a few hundred bytes, four thousand for Vorbis. */
const MAX_CARRIED_BYTES = 8 * 1024;

/** The element that says how a track is encrypted; whoever reads the file leaves such a track out. */
const ENCRYPTION = [0x50, 0x35];

/** Where the header gives a duration, no more than this is read to see whether it is too short. */
const LOOK_FOR_END_BYTES = 1024 * 1024;

/** Where it does not say how long it is: half a minute of video of 12 Mbit/s without a key frame. */
const MOST_LOOKED_BYTES = 2 * MAX_INDEX_BYTES;

/** A cluster is known by what stands in so many bytes, with a checksum in front of its time. */
const CLUSTER_HEAD_BYTES = 64;

/** The header of a file, with its `DocType` (RFC 8794). */
const BEGINNING: Beginning = {
  mark: [0x1a, 0x45, 0xdf, 0xa3],
  startOf: (bytes, at, work) => (indexOfBytes(bytes.subarray(at, at + 48), [0x42, 0x82], 0, work) === -1 ? null : at),
};

export async function planMatroska(source: ByteSource, limits: CallLimits, work: Work): Promise<AudioPlan> {
  const file = await readFile(source, work);
  if ("code" in file) return file;
  const timeIn = (bytes: Uint8Array, base: number) =>
    clustersIn(bytes, { base, tickMs: file.tickMs, most: 1 }, work)[0]?.timeMs ?? null;
  const starts = await findStarts(source, { timeIn, endMs: file.durationMs, beginning: BEGINNING }, work);
  if (starts.length === 1) return planFile(source, file, limits, work);
  return planParts(source, starts, work, async (part) => {
    const inPart = await readFile(part, work);
    return "code" in inPart ? inPart : planFile(part, inPart, limits, work);
  });
}

async function readFile(source: ByteSource, work: Work): Promise<Matroska | Refusal> {
  const file = await readStart(source, HEAD_BYTES, work);
  if ("type" in file) return file;
  const durationMs = await readEnd(source, file, work);
  return durationMs > 0 ? { ...file, durationMs } : refuse("no_audio_track", "The file holds no audio.");
}

async function planFile(source: ByteSource, file: Matroska, limits: CallLimits, work: Work): Promise<AudioPlan> {
  const spliceable = {
    container: "matroska",
    codec: file.codec,
    durationMs: file.durationMs,
    zeroMs: 0,
    hasVideo: file.hasVideo,
    bodyOffset: file.headBytes,
    cutter: cutter(file, work),
    places: file.cuesAt === null ? [] : await readCues(source, { ...file, cuesAt: file.cuesAt }, work),
    ...(file.isPcmRate !== null && { isPcmRate: file.isPcmRate }),
  } as const;
  const { headBytes, head, trackNumber, tickMs } = file;
  const extra = head.length > MAX_CARRIED_BYTES ? { headBytes } : { head: toBase64(head), trackNumber, tickMs };
  return planSpliced(source, spliceable, { extra, limits }, work);
}

export async function extractMatroska(source: ByteSource, chunk: ChunkPlan, work: Work): Promise<ChunkFile> {
  const file = readCarried(chunk) ?? (await readStart(source, headBytesOf(chunk), work));
  if ("type" in file) throw new DamagedSource(file.message);
  return extractSpliced(source, cutter(file, work), { zeroMs: 0, chunk }, work);
}

/** What the plan gave the chunk on its way; null where the headers were too large for it. */
function readCarried({ extra }: ChunkPlan): Track | null {
  if (typeof extra !== "object" || extra === null || !("head" in extra) || typeof extra.head !== "string") return null;
  return {
    head: fromBase64(extra.head),
    trackNumber: Number(extra.trackNumber),
    tickMs: Number(extra.tickMs),
  };
}

function headBytesOf({ extra }: ChunkPlan): number {
  return typeof extra === "object" && extra !== null && "headBytes" in extra ? Number(extra.headBytes) : HEAD_BYTES;
}

function cutter(file: Track, work: Work): Cutter {
  return {
    head: file.head,
    points: (bytes, base) => clustersIn(bytes, { base, tickMs: file.tickMs }, work),
    strip: () => stripMatroska(file.trackNumber, file.tickMs, work),
  };
}

async function unknownCodec(track: InputAudioTrack): Promise<string> {
  const id = await track.getInternalCodecId();
  const name = typeof id === "string" ? `'${id}'` : "a codec that is not known here";
  return `The audio is in ${name}, which cannot be cut. Convert it to AAC, FLAC or Opus.`;
}

/** A cluster says its time in its first child (but for a checksum). */
function clustersIn(
  bytes: Uint8Array,
  { base, tickMs, most = Infinity }: { readonly base: number; readonly tickMs: number; readonly most?: number },
  work: Work,
): readonly Point[] {
  const points: Point[] = [];
  const find = (from: number) => indexOfBytes(bytes, CLUSTER_BYTES, from, work);
  for (let at = find(0); at !== -1 && points.length < most; at = find(at + 4)) {
    work.visit();
    const cluster = readElement(bytes, at);
    if (cluster === null) continue;
    let child = readElement(bytes, cluster.bodyAt);
    if (child?.id === ID.crc32) child = readElement(bytes, child.bodyAt + child.size);
    if (child?.id !== ID.timestamp || !isNumber(bytes, child)) continue;
    points.push({ offset: base + at, timeMs: readUint(bytes, child) * tickMs });
    work.peak(points.length);
  }
  return points;
}

/**
 * The end of the last block: what is recorded live does not say its duration, and what was put together says the first
 * part's. A duration that goes past the last block is kept: the end is missing.
 */
async function readEnd(source: ByteSource, file: Matroska, work: Work): Promise<number> {
  const isSaid = file.durationMs > 0;
  const mostBytes = isSaid ? LOOK_FOR_END_BYTES : MOST_LOOKED_BYTES;
  const first = Math.max(file.headBytes, source.sizeBytes - mostBytes);
  // Backwards, in pieces that are no larger than what may be held.
  for (let end = source.sizeBytes, length = HEAD_BYTES; end > first; length = Math.min(4 * length, READ_BYTES)) {
    const offset = Math.max(first, end - length);
    const bytes = await readWithin(source, offset, Math.min(source.sizeBytes, end + CLUSTER_HEAD_BYTES) - offset);
    const last = clustersIn(bytes, { base: offset, tickMs: file.tickMs }, work).at(-1);
    if (last !== undefined) {
      const span = await work.borrow(async () => {
        const strip = stripMatroska(file.trackNumber, file.tickMs, work);
        const kept = [file.head, strip.push(bytes.subarray(last.offset - offset))];
        for (let at = offset + bytes.length; at < source.sizeBytes; at += READ_BYTES) {
          kept.push(strip.push(await readWithin(source, at, READ_BYTES)));
        }
        return audioSpan(concatBytes(kept), work);
      });
      return Math.max(file.durationMs, span?.endMs ?? last.timeMs);
    }
    end = offset;
  }
  return file.durationMs;
}

async function readStart(source: ByteSource, lookBytes: number, work: Work): Promise<Matroska | Refusal> {
  for (let length = lookBytes; length <= MAX_INDEX_BYTES; length *= 4) {
    const file = await parseStart(await readWithin(source, 0, length), work);
    if (file !== null) return file;
    if (length >= source.sizeBytes) break;
  }
  return refuse("damaged", "The file's headers are incomplete.");
}

/** Only what describes the tracks goes in front of a stretch: an index or pictures would point outside it. */
async function parseStart(bytes: Uint8Array, work: Work): Promise<Matroska | Refusal | null> {
  const ebml = readElement(bytes, 0);
  if (ebml === null || ebml.id !== ID.ebml) return null;
  const segment = readElement(bytes, ebml.bodyAt + ebml.size);
  if (segment === null || segment.id !== ID.segment) return null;
  const kept: Uint8Array[] = [bytes.subarray(0, ebml.bodyAt + ebml.size), writeId(ID.segment), VOID_SIZE];
  let tickMs = 1;
  let durationTicks = 0;
  let hasTracks = false;
  let headBytes = ebml.bodyAt + ebml.size;
  if (!(headBytes <= MAX_HEAD_BYTES)) return refuse("damaged", "The file's header is over 1 MB.");
  let cuesAt: number | null = null;
  let at = segment.bodyAt;
  for (let element = readElement(bytes, at); element !== null; element = readElement(bytes, at)) {
    work.visit();
    if (element.id === ID.cluster) break;
    const end = element.bodyAt + element.size;
    if (end > bytes.length) {
      if (!hasTracks) return null;
      break;
    }
    if (element.id === ID.info || element.id === ID.tracks) {
      checkHead(bytes, element.bodyAt, end, work);
      kept.push(bytes.subarray(at, end));
      headBytes += end - at;
      if (headBytes > MAX_HEAD_BYTES)
        return refuse("index_too_large", `The descriptions of its tracks are over 1 MB. Send the audio alone.`);
    }
    if (element.id === ID.tracks) hasTracks = true;
    if (element.id === ID.seekHead) cuesAt ??= findCues(bytes, element, segment.bodyAt, work);
    if (element.id === ID.info) {
      for (let inner = readElement(bytes, element.bodyAt); inner !== null && inner.bodyAt <= end;) {
        work.visit();
        if (inner.id === ID.timestampScale) tickMs = readUint(bytes, inner) / 1e6;
        if (inner.id === ID.duration) durationTicks = readFloat(bytes, inner);
        const next: number = inner.bodyAt + inner.size;
        inner = next < end ? readElement(bytes, next) : null;
      }
    }
    at = end;
  }
  if (!hasTracks) return null;
  const head = concatBytes(kept);
  // A cluster without blocks, so that a reader which looks for one finds it.
  const empty = new Uint8Array([...CLUSTER_BYTES, vint(3), 0xe7, vint(1), 0]);
  return withAudioTrack(concatBytes([head, empty]), work, async (track) => {
    if (track === null && indexOfBytes(head, ENCRYPTION, 0, work) !== -1) {
      return refuse("encrypted", "The audio is encrypted. Send a copy without copy protection.");
    }
    if (track === null) return refuse("no_audio_track", "The file has no audio track.");
    const codec = await track.getCodec();
    if (codec === null) return refuse("unsupported_codec", await unknownCodec(track));
    const sampleRate = await track.getSampleRate();
    const refused = refuseRate(sampleRate);
    if (refused !== null) return refused;
    return {
      trackNumber: track.id,
      codec,
      isPcmRate: /^(pcm|ulaw|alaw)/.test(codec) ? sampleRate : null,
      hasVideo: (await track.input.getVideoTracks()).length > 0,
      tickMs,
      durationMs: durationTicks * tickMs,
      head,
      headBytes: at,
      segmentAt: segment.bodyAt,
      cuesAt,
    };
  });
}
