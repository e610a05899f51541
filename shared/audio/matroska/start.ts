import { refuse, refuseRate, type Refusal } from "../chunks/chunk.ts";
import { HEAD_BYTES, MAX_INDEX_BYTES, READ_BYTES } from "../chunks/limits.ts";
import { audioSpan, withAudioTrack } from "../chunks/remux.ts";
import type { AudioTrack, TrackChoice } from "../chunks/audio-track.ts";
import { chooseTrack, namedTrack } from "../chunks/tracks.ts";
import { concatBytes, indexOfBytes } from "../reading/bytes.ts";
import { readWithin, type ByteSource } from "../reading/byte-source.ts";
import type { Point } from "../reading/points.ts";
import type { Work } from "../reading/work.ts";
import { findCues } from "./cues.ts";
import {
  childrenOf,
  CLUSTER_BYTES,
  ID,
  isNumber,
  readElement,
  readFloat,
  readUint,
  vint,
  VOID_SIZE,
  writeId,
} from "./ebml.ts";
import { checkHead, MAX_HEAD_BYTES } from "./head.ts";
import { readTracks, tracksWith, type MatroskaTrack } from "./tracks.ts";
import { stripMatroska } from "./strip.ts";

/** The facts about a file that cutting needs. */
export interface Track {
  readonly trackNumber: number;
  /** The milliseconds of a tick, the unit of time in clusters and blocks. */
  readonly tickMs: number;
  readonly head: Uint8Array;
}

export interface Matroska extends Track {
  readonly codec: string;
  readonly isPcmRate: number | null;
  readonly pcmChannels: number | null;
  readonly hasVideo: boolean;
  readonly durationMs: number;
  /** When the sound ends because the file ends or is damaged from there on. */
  readonly soundMs: number;
  /** The file ends within a block, and nothing but that says that it was cut off. */
  readonly isBrokenOff: boolean;
  /** Where the segment ends by its own size; Infinity if the size is unknown. */
  readonly segmentEnd: number;
  readonly headBytes: number;
  readonly segmentAt: number;
  readonly cuesAt: number | null;
  readonly tracks: readonly AudioTrack[];
  /** The index of the track that is cut. */
  readonly track: number;
}

/** The bytes that are read to check whether the duration in the header is too short. */
const LOOK_FOR_END_BYTES = 1024 * 1024;

/** The bytes that are read if the header has no duration: half a minute of video of 12 Mbit/s without a key frame. */
const MOST_LOOKED_BYTES = 2 * MAX_INDEX_BYTES;

/** Stands for the block that the file does not have whole. */
const BROKEN_MS = 20;

/** The bytes of a cluster that are enough to read its time, even after a checksum. */
const CLUSTER_HEAD_BYTES = 64;

/** Read the headers and the duration of the file. */
export async function readFile(
  source: ByteSource,
  choice: TrackChoice | undefined,
  work: Work,
): Promise<Matroska | Refusal> {
  const file = await readStart(source, { lookBytes: HEAD_BYTES, choice }, work);
  if ("type" in file) return file;
  const end = await readEnd(source, file, work);
  if (end === null) {
    return refuse(
      "damaged",
      "The file has headers but no sound after them. Its upload or its download was interrupted: send it again.",
    );
  }
  return end.durationMs > 0 ? { ...file, ...end } : refuse("no_audio_track", "The file holds no audio.");
}

/** Find where clusters begin. The first child of a cluster, or the second after a checksum, is its time. */
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
 * Find the end of the last block. A live recording has no duration in its header, and joined files have that of the
 * first. If the segment is longer than the file, or damaged to its end, or the file ends within an element, the sound ends before the
 * duration in the header.
 * Otherwise the picture continues without sound. Null if there are no clusters.
 */
async function readEnd(
  source: ByteSource,
  file: Matroska,
  work: Work,
): Promise<Pick<Matroska, "durationMs" | "soundMs" | "isBrokenOff"> | null> {
  const isCutOff = file.segmentEnd !== Infinity && file.segmentEnd > source.sizeBytes;
  const isSaid = file.durationMs > 0 && !isCutOff;
  let mostBytes = isSaid ? LOOK_FOR_END_BYTES : MOST_LOOKED_BYTES;
  let first = Math.max(file.headBytes, source.sizeBytes - mostBytes);
  // Search backwards, in pieces that fit in memory.
  for (let end = source.sizeBytes, length = HEAD_BYTES; end > first; length = Math.min(4 * length, READ_BYTES)) {
    const offset = Math.max(first, end - length);
    const bytes = await readWithin(source, offset, Math.min(source.sizeBytes, end + CLUSTER_HEAD_BYTES) - offset);
    const last = clustersIn(bytes, { base: offset, tickMs: file.tickMs }, work).at(-1);
    if (last !== undefined) {
      const { span, isLostToEnd, endsWithin } = await work.borrow(async () => {
        const strip = stripMatroska(file.trackNumber, file.tickMs, work);
        const kept = [file.head, strip.push(bytes.subarray(last.offset - offset))];
        for (let at = offset + bytes.length; at < source.sizeBytes; at += READ_BYTES) {
          kept.push(strip.push(await readWithin(source, at, READ_BYTES)));
        }
        const hasNoMore = strip.lost().some(({ endMs }) => endMs === Infinity);
        return {
          isLostToEnd: hasNoMore,
          endsWithin: strip.endsWithin(),
          span: await audioSpan(concatBytes(kept), work),
        };
      });
      const endMs = span?.endMs ?? last.timeMs;
      // After a segment with a known size there may be other bytes.
      const isBrokenOff = endsWithin && file.segmentEnd === Infinity;
      const durationMs = Math.max(file.durationMs, isBrokenOff ? endMs + BROKEN_MS : endMs);
      return { durationMs, soundMs: isCutOff || isLostToEnd || isBrokenOff ? endMs : durationMs, isBrokenOff };
    }
    end = offset;
    // The rest of an interrupted download may be zeros.
    if (mostBytes < MOST_LOOKED_BYTES && bytes.every((byte) => byte === 0)) {
      mostBytes = MOST_LOOKED_BYTES;
      first = Math.max(file.headBytes, source.sizeBytes - mostBytes);
    }
  }
  const hasNothing = first === file.headBytes;
  return hasNothing ? null : { durationMs: file.durationMs, soundMs: file.durationMs, isBrokenOff: false };
}

interface Asked {
  /** The bytes that are read first. */
  readonly lookBytes: number;
  readonly choice?: TrackChoice | undefined;
}

/** Read the headers. A recorder that finds its tracks while it records writes their descriptions at the end, after the clusters. */
export async function readStart(
  source: ByteSource,
  { lookBytes, choice }: Asked,
  work: Work,
): Promise<Matroska | Refusal> {
  for (let length = lookBytes; length <= MAX_INDEX_BYTES; length *= 4) {
    const bytes = await readWithin(source, 0, length);
    const parsed = parseStart(bytes, work);
    if (parsed === "without tracks") {
      const late = await findLateTracks(source, work);
      const whole = late === null ? null : parseStart(bytes, work, late);
      if (whole === null || whole === "without tracks") return refuse("damaged", NO_TRACKS);
      return "type" in whole ? whole : openTrack(whole, choice, work);
    }
    if (parsed !== null) return "type" in parsed ? parsed : openTrack(parsed, choice, work);
    if (length >= source.sizeBytes) break;
  }
  return refuse("damaged", "The file's headers are incomplete.");
}

const NO_TRACKS =
  "The file has no descriptions of its tracks. Its recording was interrupted: repair it, for example with FFmpeg.";

/** The contents of the headers. `head` has the descriptions of all tracks, and is not passed to a reader. */
interface Start {
  readonly ebml: Uint8Array;
  readonly info: readonly Uint8Array[];
  readonly audio: readonly MatroskaTrack[];
  readonly hasVideo: boolean;
  readonly tickMs: number;
  readonly durationMs: number;
  readonly segmentAt: number;
  readonly segmentEnd: number;
  readonly headBytes: number;
  readonly cuesAt: number | null;
}

/** @param late the tracks, if they are not in the headers. */
function parseStart(bytes: Uint8Array, work: Work, late?: Uint8Array): Start | Refusal | "without tracks" | null {
  const ebml = readElement(bytes, 0);
  if (ebml === null || ebml.id !== ID.ebml) return null;
  const segment = readElement(bytes, ebml.bodyAt + ebml.size);
  if (segment === null || segment.id !== ID.segment) return null;
  const headEnd = ebml.bodyAt + ebml.size;
  if (!(headEnd <= MAX_HEAD_BYTES)) return refuse("damaged", "The file's header is over 1 MB.");
  const info: Uint8Array[] = [];
  let tracks: ReturnType<typeof readTracks> | null = late === undefined ? null : tracksIn(late, work);
  let tickMs = 1;
  let durationTicks = 0;
  let heldBytes = headEnd;
  let cuesAt: number | null = null;
  let hasCluster = false;
  let at = segment.bodyAt;
  for (let element = readElement(bytes, at); element !== null; element = readElement(bytes, at)) {
    work.visit();
    hasCluster = element.id === ID.cluster;
    if (hasCluster) break;
    const end = element.bodyAt + element.size;
    if (end > bytes.length) {
      if (tracks === null) return null;
      break;
    }
    if (element.id === ID.info || element.id === ID.tracks) {
      checkHead(bytes, element.bodyAt, end, work);
      heldBytes += end - at;
      if (heldBytes > MAX_HEAD_BYTES)
        return refuse("index_too_large", "The descriptions of the file's tracks are over 1 MB. Send only the audio.");
    }
    if (element.id === ID.tracks) tracks ??= readTracks(bytes, element, work);
    if (element.id === ID.seekHead) cuesAt ??= findCues(bytes, element, segment.bodyAt, work);
    if (element.id === ID.info) {
      info.push(bytes.subarray(at, end));
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
  if (tracks === null) return hasCluster ? "without tracks" : null;
  return {
    ebml: bytes.subarray(0, headEnd),
    info,
    ...tracks,
    tickMs,
    durationMs: durationTicks * tickMs,
    segmentAt: segment.bodyAt,
    segmentEnd: segment.bodyAt + segment.size,
    headBytes: at,
    cuesAt,
  };
}

/** Choose the track to cut. Only its description goes before a stretch, because an index would point outside of the stretch. */
async function openTrack(start: Start, choice: TrackChoice | undefined, work: Work): Promise<Matroska | Refusal> {
  const { ebml, info, audio, ...rest } = start;
  const track = chooseTrack(audio, choice);
  const chosen = typeof track === "number" ? audio[track] : undefined;
  if (typeof track !== "number") return track;
  if (chosen === undefined) return refuse("no_audio_track", "The file has no audio track.");
  const head = concatBytes([ebml, writeId(ID.segment), VOID_SIZE, ...info, tracksWith(chosen)]);
  // Add a cluster without blocks, because mediabunny looks for a cluster.
  const empty = new Uint8Array([...CLUSTER_BYTES, vint(3), 0xe7, vint(1), 0]);
  return withAudioTrack(concatBytes([head, empty]), work, async (opened) => {
    const codec = (await opened?.getCodec()) ?? null;
    if (opened === null || codec === null)
      return refuse(
        "unsupported_codec",
        `The audio is in '${chosen.codec}', which cannot be cut. Convert it to AAC, FLAC or Opus.`,
      );
    const sampleRate = await opened.getSampleRate();
    const refused = refuseRate(sampleRate);
    if (refused !== null) return refused;
    const isPcm = /^(pcm|ulaw|alaw)/.test(codec);
    return {
      ...rest,
      trackNumber: chosen.number,
      codec,
      isPcmRate: isPcm ? sampleRate : null,
      pcmChannels: isPcm ? await opened.getNumberOfChannels() : null,
      soundMs: rest.durationMs,
      isBrokenOff: false,
      head,
      tracks: audio.map(namedTrack),
      track,
    };
  });
}

const TRACKS_BYTES = [0x16, 0x54, 0xae, 0x6b];

function tracksIn(bytes: Uint8Array, work: Work): ReturnType<typeof readTracks> | null {
  const element = readElement(bytes, 0);
  return element === null ? null : readTracks(bytes, element, work);
}

/** Find the descriptions of tracks at the end of the file. */
async function findLateTracks(source: ByteSource, work: Work): Promise<Uint8Array | null> {
  for (let length = HEAD_BYTES; ; length *= 4) {
    const offset = Math.max(0, source.sizeBytes - length);
    const bytes = await readWithin(source, offset, length);
    const find = (from: number) => indexOfBytes(bytes, TRACKS_BYTES, from, work);
    for (let at = find(0); at !== -1; at = find(at + 1)) {
      const element = readElement(bytes, at);
      const end = element === null ? Infinity : element.bodyAt + element.size;
      if (element === null || end > bytes.length) continue;
      if (!childrenOf(bytes, element, work).some(({ id }) => id === ID.trackEntry)) continue;
      checkHead(bytes, element.bodyAt, end, work);
      return bytes.slice(at, end);
    }
    if (offset === 0 || length >= READ_BYTES) return null;
  }
}
