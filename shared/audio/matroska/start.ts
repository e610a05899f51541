import type { InputAudioTrack } from "mediabunny";

import { refuse, refuseRate, type Refusal } from "../chunks/chunk.ts";
import { HEAD_BYTES, MAX_INDEX_BYTES, READ_BYTES } from "../chunks/limits.ts";
import { audioSpan, withAudioTrack } from "../chunks/remux.ts";
import { concatBytes, indexOfBytes } from "../reading/bytes.ts";
import { readWithin, type ByteSource } from "../reading/byte-source.ts";
import type { Point } from "../reading/points.ts";
import type { Work } from "../reading/work.ts";
import { findCues } from "./cues.ts";
import { CLUSTER_BYTES, ID, isNumber, readElement, readFloat, readUint, vint, VOID_SIZE, writeId } from "./ebml.ts";
import { checkHead, MAX_HEAD_BYTES } from "./head.ts";
import { stripMatroska } from "./strip.ts";

/** What cutting needs to know of a file. */
export interface Track {
  readonly trackNumber: number;
  /** Milliseconds of a tick, in which clusters and blocks count their time. */
  readonly tickMs: number;
  readonly head: Uint8Array;
}

export interface Matroska extends Track {
  readonly codec: string;
  readonly isPcmRate: number | null;
  readonly hasVideo: boolean;
  readonly durationMs: number;
  /** When the sound ends, since the file ends or is damaged from there on. */
  readonly soundMs: number;
  /** Where the segment ends by its own size; Infinity where it has none. */
  readonly segmentEnd: number;
  readonly headBytes: number;
  readonly segmentAt: number;
  readonly cuesAt: number | null;
}

/** The element that says how a track is encrypted. mediabunny leaves such a track out. */
const ENCRYPTION = [0x50, 0x35];

/** How much is read to check whether the duration in the header is too short. */
const LOOK_FOR_END_BYTES = 1024 * 1024;

/** How much is read where the header has no duration: half a minute of video of 12 Mbit/s without a key frame. */
const MOST_LOOKED_BYTES = 2 * MAX_INDEX_BYTES;

/** Enough of a cluster to read its time, even with a checksum in front of it. */
const CLUSTER_HEAD_BYTES = 64;

/** The headers, and the duration of the file. */
export async function readFile(source: ByteSource, work: Work): Promise<Matroska | Refusal> {
  const file = await readStart(source, HEAD_BYTES, work);
  if ("type" in file) return file;
  const end = await readEnd(source, file, work);
  if (end === null) {
    return refuse(
      "damaged",
      "The file has its headers, and no sound behind them. Its upload or its download broke off: send it again.",
    );
  }
  return end.durationMs > 0 ? { ...file, ...end } : refuse("no_audio_track", "The file holds no audio.");
}

async function unknownCodec(track: InputAudioTrack): Promise<string> {
  const id = await track.getInternalCodecId();
  const name = typeof id === "string" ? `'${id}'` : "a codec that is not known here";
  return `The audio is in ${name}, which cannot be cut. Convert it to AAC, FLAC or Opus.`;
}

/** Where clusters begin. The first child of a cluster, or the second behind a checksum, is its time. */
export function clustersIn(
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
 * The end of the last block. A live recording has no duration in its header, and files that were joined have that of the
 * first. Where the segment is longer than the file, or damaged to its end, the sound ends before the duration in the header.
 * Elsewhere the picture goes on without sound. Null where there are no clusters.
 */
async function readEnd(
  source: ByteSource,
  file: Matroska,
  work: Work,
): Promise<Pick<Matroska, "durationMs" | "soundMs"> | null> {
  const isCutOff = file.segmentEnd !== Infinity && file.segmentEnd > source.sizeBytes;
  const isSaid = file.durationMs > 0 && !isCutOff;
  let mostBytes = isSaid ? LOOK_FOR_END_BYTES : MOST_LOOKED_BYTES;
  let first = Math.max(file.headBytes, source.sizeBytes - mostBytes);
  // Backwards, in pieces that fit in memory.
  for (let end = source.sizeBytes, length = HEAD_BYTES; end > first; length = Math.min(4 * length, READ_BYTES)) {
    const offset = Math.max(first, end - length);
    const bytes = await readWithin(source, offset, Math.min(source.sizeBytes, end + CLUSTER_HEAD_BYTES) - offset);
    const last = clustersIn(bytes, { base: offset, tickMs: file.tickMs }, work).at(-1);
    if (last !== undefined) {
      const { span, isLostToEnd } = await work.borrow(async () => {
        const strip = stripMatroska(file.trackNumber, file.tickMs, work);
        const kept = [file.head, strip.push(bytes.subarray(last.offset - offset))];
        for (let at = offset + bytes.length; at < source.sizeBytes; at += READ_BYTES) {
          kept.push(strip.push(await readWithin(source, at, READ_BYTES)));
        }
        const isLostToEnd = strip.lost().some(({ endMs }) => endMs === Infinity);
        return { isLostToEnd, span: await audioSpan(concatBytes(kept), work) };
      });
      const endMs = span?.endMs ?? last.timeMs;
      const durationMs = Math.max(file.durationMs, endMs);
      return { durationMs, soundMs: isCutOff || isLostToEnd ? endMs : durationMs };
    }
    end = offset;
    // A download that broke off may have zeros for the rest.
    if (mostBytes < MOST_LOOKED_BYTES && bytes.every((byte) => byte === 0)) {
      mostBytes = MOST_LOOKED_BYTES;
      first = Math.max(file.headBytes, source.sizeBytes - mostBytes);
    }
  }
  const hasNothing = first === file.headBytes;
  return hasNothing ? null : { durationMs: file.durationMs, soundMs: file.durationMs };
}

/** @param lookBytes what is read first. */
export async function readStart(source: ByteSource, lookBytes: number, work: Work): Promise<Matroska | Refusal> {
  for (let length = lookBytes; length <= MAX_INDEX_BYTES; length *= 4) {
    const file = await parseStart(await readWithin(source, 0, length), work);
    if (file !== null) return file;
    if (length >= source.sizeBytes) break;
  }
  return refuse("damaged", "The file's headers are incomplete.");
}

/** Read the headers. Only the descriptions of the tracks go in front of a stretch: an index would point outside it. */
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
        return refuse("index_too_large", "The descriptions of the file's tracks are over 1 MB. Send the audio alone.");
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
  // A cluster without blocks, since mediabunny looks for one.
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
      soundMs: durationTicks * tickMs,
      segmentEnd: segment.bodyAt + segment.size,
      head,
      headBytes: at,
      segmentAt: segment.bodyAt,
      cuesAt,
    };
  });
}
