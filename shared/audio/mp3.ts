import { asciiAt, byteAt, concatBytes, textBytes, viewOf } from "./bytes.ts";
import { readWithin, type ByteSource } from "./byte-source.ts";
import { DamagedSource, refuse, type AudioPlan, type ChunkFile, type ChunkPlan } from "./chunk.ts";
import { longestChunkMs, planCuts } from "./cuts.ts";
import { walkFrames } from "./frame-walk.ts";
import type { CallLimits } from "./call-limits.ts";
import { HEAD_BYTES } from "./limits.ts";
import { findFrame, id3Bytes, parseMp3Header, type Mp3Header } from "./mpeg-frame.ts";

interface Mp3 {
  readonly header: Mp3Header;
  /** The first frame of sound, behind tags and the Xing frame. */
  readonly start: number;
  /** Samples a player drops at the start, since the encoder says it added them. */
  readonly skippedSamples: number;
  readonly frames: number | null;
}

/** What a chunk needs: at constant bitrate a frame's number follows from its offset; else it was counted. */
interface Mp3Extra {
  readonly [key: string]: number;
  readonly skippedSamples: number;
  readonly firstFrame: number;
  /** 0 where the bitrate varies. */
  readonly frameBytes: number;
  readonly start: number;
}

const DECODER_DELAY_SAMPLES = 529;
const PROBES = 8;
const PROBE_BYTES = 8 * 1024;
/** Before the first frame of a chunk's part, for the bits it borrows from earlier frames (the bit reservoir). */
const RESYNC_BYTES = 16;

export async function planMp3(source: ByteSource, limits: CallLimits): Promise<AudioPlan> {
  const mp3 = await readStart(source);
  if (mp3 === null) return refuse("damaged", "No MP3 audio was found in the file.");
  const { header, start, skippedSamples } = mp3;
  const frameMs = (header.samples / header.sampleRate) * 1000;
  const skippedMs = (skippedSamples / header.sampleRate) * 1000;
  if (await isConstant(source, mp3)) {
    const frameBytes = ((header.samples / 8) * header.bitrate) / header.sampleRate;
    const frames = mp3.frames ?? Math.floor((source.sizeBytes - start) / frameBytes);
    const durationMs = frames * frameMs - skippedMs;
    const cuts = await planCuts(durationMs, longestChunkMs(header.bitrate / 8, limits), () => []);
    const chunks = cuts.map((chunk): ChunkPlan => {
      const firstFrame = Math.max(0, Math.floor((chunk.startMs + skippedMs) / frameMs));
      const offset = Math.max(start, Math.floor(start + firstFrame * frameBytes) - RESYNC_BYTES);
      const end = start + ((chunk.endMs + skippedMs) / frameMs + 2) * frameBytes;
      const length = Math.min(source.sizeBytes, Math.ceil(end)) - offset;
      return {
        ...chunk,
        bytes: { offset, length },
        extra: { skippedSamples, firstFrame, frameBytes, start } satisfies Mp3Extra,
      };
    });
    return { type: "chunks", container: "mp3", codec: "mp3", durationMs, chunks };
  }

  const { frames, offsetOf } = await walkFrames(source, start, parseMp3Header);
  const durationMs = frames * frameMs - skippedMs;
  const frameAt = (timeMs: number) => Math.min(frames, Math.max(0, Math.floor((timeMs + skippedMs) / frameMs)));
  const bytesPerSecond = ((offsetOf(frames) - start) / Math.max(1, durationMs)) * 1000;
  const cuts = await planCuts(durationMs, longestChunkMs(bytesPerSecond, limits), (fromMs, toMs) => {
    const first = frameAt(fromMs);
    const count = Math.max(0, frameAt(toMs) - first);
    return Array.from({ length: count }, (_, index) => ({
      timeMs: (first + index) * frameMs - skippedMs,
      weight: offsetOf(first + index + 1) - offsetOf(first + index),
    }));
  });
  const chunks = cuts.map((chunk): ChunkPlan => {
    const firstFrame = frameAt(chunk.startMs);
    const offset = offsetOf(firstFrame);
    const length = offsetOf(frameAt(chunk.endMs) + 1) - offset;
    return {
      ...chunk,
      bytes: { offset, length },
      extra: { skippedSamples, firstFrame, frameBytes: 0, start } satisfies Mp3Extra,
    };
  });
  return { type: "chunks", container: "mp3", codec: "mp3", durationMs, chunks };
}

export async function extractMp3(source: ByteSource, chunk: ChunkPlan): Promise<ChunkFile> {
  const { bytes: range, extra } = chunk;
  if (range === undefined || !isMp3Extra(extra)) throw new DamagedSource("The chunk was not planned for MP3.");
  const bytes = await readWithin(source, range.offset, range.length);
  const found = findFrame(bytes, 0, parseMp3Header);
  if (found === null) throw new DamagedSource("No MP3 frame where the plan has one.");
  const { samples, sampleRate } = found.header;
  let frame =
    extra.frameBytes === 0 ? extra.firstFrame : Math.round((range.offset + found.at - extra.start) / extra.frameBytes);
  const firstWanted = Math.floor(((chunk.startMs / 1000) * sampleRate + extra.skippedSamples) / samples + 1e-6);
  const endWanted = Math.ceil(((chunk.endMs / 1000) * sampleRate + extra.skippedSamples) / samples - 1e-6);
  const parts: Uint8Array[] = [];
  let firstTaken = -1;
  let at = found.at;
  for (; frame < endWanted && at < bytes.length; frame++) {
    let header = parseMp3Header(bytes, at);
    if (header === null) {
      const next = findFrame(bytes, at, parseMp3Header);
      if (next === null) break;
      ({ at, header } = next);
    }
    if (at + header.bytes > bytes.length) break;
    if (frame >= firstWanted) {
      if (firstTaken === -1) firstTaken = frame;
      parts.push(bytes.subarray(at, at + header.bytes));
    }
    at += header.bytes;
  }
  if (parts.length === 0) throw new DamagedSource("No MP3 frames in the chunk's range.");
  return {
    bytes: concatBytes([...xingFrame(bytes, found.at, found.header, parts), ...parts]),
    contentType: "audio/mpeg",
    startMs: ((firstTaken * samples - extra.skippedSamples) / sampleRate) * 1000,
    durationMs: ((parts.length * samples) / sampleRate) * 1000,
  };
}

/** Without it a decoder takes the first frame's bitrate for all and, where it varies, stops too early. */
function xingFrame(
  bytes: Uint8Array,
  at: number,
  header: Mp3Header,
  parts: readonly Uint8Array[],
): readonly Uint8Array[] {
  if (header.layer !== 3) return [];
  const head = bytes.slice(at, at + 4);
  head[1] = byteAt(head, 1) | 1; // no CRC
  for (let index = 1; index < 15; index++) {
    head[2] = (index << 4) | (byteAt(head, 2) & 0x0d);
    const frame = parseMp3Header(head, 0);
    if (frame === null || frame.bytes < 72) continue;
    const body = new Uint8Array(frame.bytes);
    const view = viewOf(body);
    const tagAt = xingOffset(header);
    body.set(head);
    body.set(textBytes("Xing"), tagAt);
    view.setUint32(tagAt + 4, 3);
    view.setUint32(tagAt + 8, parts.length);
    view.setUint32(
      tagAt + 12,
      parts.reduce((sum, part) => sum + part.length, frame.bytes),
    );
    return [body];
  }
  return [];
}

function xingOffset({ isMpeg1, channels }: Mp3Header): number {
  if (isMpeg1) return channels === 1 ? 21 : 36;
  return channels === 1 ? 13 : 21;
}

async function readStart(source: ByteSource): Promise<Mp3 | null> {
  let tagBytes = id3Bytes(await readWithin(source, 0, 10));
  if (tagBytes >= source.sizeBytes) tagBytes = 0;
  const head = await readWithin(source, tagBytes, HEAD_BYTES);
  const found = findFrame(head, 0, parseMp3Header);
  if (found === null) return null;
  const { at, header } = found;
  const tagAt = at + xingOffset(header);
  const name = asciiAt(head, tagAt, 4);
  if (name !== "Xing" && name !== "Info") return { header, start: tagBytes + at, skippedSamples: 0, frames: null };
  const view = viewOf(head);
  const flags = view.getUint32(tagAt + 4);
  const frames = flags & 1 ? view.getUint32(tagAt + 8) : 0;
  const encoderAt = tagAt + 8 + (flags & 1 ? 4 : 0) + (flags & 2 ? 4 : 0) + (flags & 4 ? 100 : 0) + (flags & 8 ? 4 : 0);
  const hasDelay = /^(LAME|Lavf|Lavc)/.test(asciiAt(head, encoderAt, 4)) && encoderAt + 24 <= head.length;
  const delay = hasDelay ? view.getUint16(encoderAt + 21) >> 4 : 0;
  const second = parseMp3Header(head, at + header.bytes);
  return {
    header: second ?? header,
    start: tagBytes + at + header.bytes,
    skippedSamples: hasDelay ? delay + DECODER_DELAY_SAMPLES : 0,
    frames: frames === 0 ? null : frames,
  };
}

/** Constant bitrate, as far as a few looks along the file can tell: frames where arithmetic puts them. */
async function isConstant(source: ByteSource, { header, start, frames }: Mp3): Promise<boolean> {
  const frameBytes = ((header.samples / 8) * header.bitrate) / header.sampleRate;
  const audioBytes = source.sizeBytes - start;
  // Tags at the end (ID3v1, APE, Lyrics3) are rarely over 64 kB.
  if (frames !== null && Math.abs(frames * frameBytes - audioBytes) > HEAD_BYTES) return false;
  for (let probe = 1; probe <= PROBES; probe++) {
    const expected = start + Math.floor((audioBytes * probe) / (PROBES + 1) / frameBytes) * frameBytes;
    const bytes = await readWithin(source, Math.floor(expected) - 2, PROBE_BYTES);
    const found = findFrame(bytes, 0, parseMp3Header);
    if (found === null || found.at > 4) return false;
    for (let at = found.at, next = parseMp3Header(bytes, at); next !== null; next = parseMp3Header(bytes, at)) {
      if (next.bitrate !== header.bitrate || next.sampleRate !== header.sampleRate) return false;
      at += next.bytes;
    }
  }
  return true;
}

function isMp3Extra(extra: ChunkPlan["extra"]): extra is Mp3Extra {
  return typeof extra === "object" && extra !== null && "firstFrame" in extra && "frameBytes" in extra;
}
