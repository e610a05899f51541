import { byteAt, concatBytes, textBytes, viewOf } from "../reading/bytes.ts";
import type { ByteSource } from "../reading/byte-source.ts";
import { DamagedSource, refuse, type AudioPlan, type ChunkFile, type ChunkPlan } from "../chunks/chunk.ts";
import { longestChunkMs, planCuts, type Listen } from "../chunks/cuts.ts";
import { framesFrom, framesOf, startsOf, walkFrames, type FrameIndex } from "./frame-walk.ts";
import type { CallLimits } from "../chunks/call-limits.ts";
import { bytesOfFrame, isConstant, readMp3Start, xingOffset, type Mp3 } from "./start.ts";
import { findFrame, parseMp3Header, type Mp3Header } from "./mpeg-frame.ts";
import { planParts } from "../chunks/parts.ts";
import { beforeTags } from "../reading/tags.ts";
import { readHeld, type Work } from "../reading/work.ts";

/** What a chunk needs: at constant bitrate a frame's number follows from its offset; else it was counted. */
interface Mp3Extra {
  readonly [key: string]: number;
  readonly skippedSamples: number;
  readonly firstFrame: number;
  /** 0 where the bitrate varies. */
  readonly frameBytes: number;
  readonly start: number;
}

/** Before the first frame of a chunk's part, for the bits it borrows from earlier frames (the bit reservoir). */
const RESYNC_BYTES = 16;

export async function planMp3(source: ByteSource, limits: CallLimits, work: Work): Promise<AudioPlan> {
  const mp3 = await readMp3Start(source, work);
  if (mp3 === null) return refuse("damaged", "No MP3 audio was found in the file.");
  const end = await beforeTags(source);
  if (await isConstant(source, mp3, end, work)) return planConstant(mp3, end, limits, work);
  const walked = await walkFrames(source, mp3.start, parseMp3Header, work);
  if (walked.breaks.length === 0) return planWalked(mp3, walked, limits, work);
  return planParts(source, startsOf(walked), work, async (part, index) => {
    const start = await readMp3Start(part, work);
    if (start === null) return refuse("no_audio_track", "The part of the file holds no MP3 audio.");
    return planWalked(start, framesFrom(framesOf(walked, index), start.start), limits, work);
  });
}

async function planConstant(mp3: Mp3, end: number, limits: CallLimits, work: Work): Promise<AudioPlan> {
  const { header, start, skippedSamples } = mp3;
  const { frameMs, skippedMs } = timesOf(mp3);
  const frameBytes = bytesOfFrame(header);
  const frames = mp3.frames ?? Math.floor((end - start) / frameBytes);
  const durationMs = frames * frameMs - skippedMs;
  const cuts = await planCuts(durationMs, longestChunkMs(header.bitrate / 8, limits), () => [], work);
  const chunks = cuts.map((chunk): ChunkPlan => {
    const firstFrame = Math.max(0, Math.floor((chunk.startMs + skippedMs) / frameMs));
    const offset = Math.max(start, Math.floor(start + firstFrame * frameBytes) - RESYNC_BYTES);
    const chunkEnd = start + ((chunk.endMs + skippedMs) / frameMs + 2) * frameBytes;
    const length = Math.min(end, Math.ceil(chunkEnd)) - offset;
    return {
      ...chunk,
      bytes: { offset, length },
      extra: { skippedSamples, firstFrame, frameBytes, start } satisfies Mp3Extra,
    };
  });
  return { type: "chunks", container: "mp3", codec: "mp3", durationMs, chunks };
}

async function planWalked(
  mp3: Mp3,
  { frames, offsetOf }: FrameIndex,
  limits: CallLimits,
  work: Work,
): Promise<AudioPlan> {
  const { start, skippedSamples } = mp3;
  const { frameMs, skippedMs } = timesOf(mp3);
  const durationMs = frames * frameMs - skippedMs;
  if (durationMs <= 0) return refuse("no_audio_track", "The MP3 file holds no audio.");
  const frameAt = (timeMs: number) => Math.min(frames, Math.max(0, Math.floor((timeMs + skippedMs) / frameMs)));
  const bytesPerSecond = ((offsetOf(frames) - start) / Math.max(1, durationMs)) * 1000;
  const listen: Listen = (fromMs, toMs) => {
    const first = frameAt(fromMs);
    const count = Math.max(0, frameAt(toMs) - first);
    work.visit(2 * count);
    return Array.from({ length: count }, (_, index) => ({
      timeMs: (first + index) * frameMs - skippedMs,
      weight: offsetOf(first + index + 1) - offsetOf(first + index),
    }));
  };
  const cuts = await planCuts(durationMs, longestChunkMs(bytesPerSecond, limits), listen, work);
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

function timesOf({ header, skippedSamples }: Mp3): { readonly frameMs: number; readonly skippedMs: number } {
  const { samples, sampleRate } = header;
  return { frameMs: (samples / sampleRate) * 1000, skippedMs: (skippedSamples / sampleRate) * 1000 };
}

export async function extractMp3(source: ByteSource, chunk: ChunkPlan, work: Work): Promise<ChunkFile> {
  const { bytes: range, extra } = chunk;
  if (range === undefined || !isMp3Extra(extra)) throw new DamagedSource("The chunk was not planned for MP3.");
  const bytes = await readHeld(source, range, work);
  const found = findFrame(bytes, 0, parseMp3Header, work);
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
    work.visit();
    if (header === null) {
      const next = findFrame(bytes, at, parseMp3Header, work);
      if (next === null) break;
      ({ at, header } = next);
    }
    if (at + header.bytes > bytes.length) break;
    if (frame >= firstWanted) {
      if (firstTaken === -1) firstTaken = frame;
      work.keep();
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

function isMp3Extra(extra: ChunkPlan["extra"]): extra is Mp3Extra {
  return typeof extra === "object" && extra !== null && "firstFrame" in extra && "frameBytes" in extra;
}
