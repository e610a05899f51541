import * as z from "zod";

import { byteAt, concatBytes, textBytes, viewOf } from "../reading/bytes.ts";
import type { ByteSource } from "../reading/byte-source.ts";
import { DamagedSource, refuse, type AudioPlan, type ChunkFile, type ChunkPlan } from "../chunks/chunk.ts";
import type { Container } from "../chunks/container.ts";
import { longestChunkMs, planCuts } from "../chunks/cuts.ts";
import type { CallLimits } from "../chunks/limits.ts";
import { brokenOff, cutOff } from "../chunks/missing.ts";
import { planParts } from "../chunks/parts.ts";
import { frameAt, framesBefore, msAt, planFrames, takeFrames, type FrameClock } from "../frames/cut.ts";
import { findFrame } from "../frames/find.ts";
import { framesFrom, framesOf, startsOf, walkFrames, type FrameIndex } from "../frames/walk.ts";
import { beforeTags } from "../reading/tags.ts";
import { type Work } from "../reading/work.ts";
import { readHeld } from "../reading/counted-source.ts";
import { parseMp3Header, type Mp3Header } from "./header.ts";
import { bytesOfFrame, readConstant, readMp3Start, xingOffset, type Mp3 } from "./start.ts";

/** At a constant bitrate a frame's number follows from its offset. Otherwise the plan has counted the frames. */
const Mp3Extra = z.object({
  type: z.literal("mp3"),
  v: z.literal(1),
  skippedSamples: z.number(),
  firstFrame: z.number(),
  /** 0 if the bitrate varies. */
  frameBytes: z.number(),
  start: z.number(),
});
type Mp3Extra = z.infer<typeof Mp3Extra>;

/** The bytes that are read before a computed place, because the first frame may begin a little earlier. */
const RESYNC_BYTES = 16;

async function planMp3(source: ByteSource, limits: CallLimits, work: Work): Promise<AudioPlan> {
  const mp3 = await readMp3Start(source, work);
  if (mp3 === null) return refuse("damaged", "No MP3 audio was found in the file.");
  const end = await beforeTags(source);
  const constant = await readConstant(source, mp3, end, work);
  if (constant !== null) return planConstant(mp3, { end, ...constant }, limits, work);
  const walked = await walkFrames(source, mp3.start, parseMp3Header, work);
  if (walked.breaks.length === 0) return planWalked(mp3, walked, limits, work);
  return planParts(source, startsOf(walked), work, async (part, index) => {
    const start = await readMp3Start(part, work);
    if (start === null) return refuse("no_audio_track", "This part of the file holds no MP3 audio.");
    return planWalked(start, framesFrom(framesOf(walked, index), start.start), limits, work);
  });
}

async function planConstant(
  mp3: Mp3,
  { end, endsWithin }: { readonly end: number; readonly endsWithin: boolean },
  limits: CallLimits,
  work: Work,
): Promise<AudioPlan> {
  const { header, start, skippedSamples } = mp3;
  const clock = clockOf(mp3);
  const frameBytes = bytesOfFrame(header);
  // Up to the end of a frame, padding may be a byte behind the average.
  const whole = Math.floor((end - start + (endsWithin ? 0 : 1)) / frameBytes);
  const isBrokenOff = endsWithin && !(mp3.frames !== null && whole >= mp3.frames);
  const soundMs = msAt(isBrokenOff ? whole : (mp3.frames ?? whole), clock);
  const cuts = await planCuts(soundMs, longestChunkMs(header.bitrate / 8, limits), () => [], work);
  const chunks = cuts.map((chunk): ChunkPlan<Mp3Extra> => {
    const firstFrame = frameAt(chunk.startMs, clock);
    const offset = Math.max(start, Math.floor(start + firstFrame * frameBytes) - RESYNC_BYTES);
    const chunkEnd = start + (framesBefore(chunk.endMs, clock) + 2) * frameBytes;
    const length = Math.min(end, Math.ceil(chunkEnd)) - offset;
    return {
      ...chunk,
      bytes: { offset, length },
      extra: { type: "mp3", v: 1, skippedSamples, firstFrame, frameBytes, start },
    };
  });
  const durationMs = isBrokenOff ? Math.max(msAt(whole + 1, clock), msAt(mp3.frames ?? 0, clock)) : soundMs;
  const gaps = isBrokenOff ? brokenOff(soundMs, durationMs) : [];
  return { type: "chunks", container: "mp3", codec: "mp3", durationMs, chunks, gaps };
}

async function planWalked(mp3: Mp3, index: FrameIndex, limits: CallLimits, work: Work): Promise<AudioPlan> {
  const planned = await planFrames(index, clockOf(mp3), limits, work);
  if (planned === null) return refuse("no_audio_track", "The MP3 file holds no audio.");
  const { start, skippedSamples } = mp3;
  const chunks = planned.chunks.map(({ firstFrame, ...chunk }): ChunkPlan<Mp3Extra> => ({
    ...chunk,
    extra: { type: "mp3", v: 1, skippedSamples, firstFrame, frameBytes: 0, start },
  }));
  // Joined files have the count of the first file.
  const clock = clockOf(mp3);
  // A partial frame after all those that the encoder counted is not a loss.
  const isBrokenOff = index.isBrokenOff && index.frames !== mp3.frames;
  const reachedMs = msAt(index.frames + (isBrokenOff ? 1 : 0), clock);
  const durationMs = Math.max(reachedMs, msAt(mp3.frames ?? 0, clock));
  const gaps = (isBrokenOff ? brokenOff : cutOff)(planned.durationMs, durationMs);
  return { type: "chunks", container: "mp3", codec: "mp3", durationMs, chunks, gaps };
}

function clockOf({
  header: { samples, sampleRate },
  skippedSamples,
}: Pick<Mp3, "header" | "skippedSamples">): FrameClock {
  return { samples, sampleRate, skippedSamples };
}

async function extractMp3(source: ByteSource, chunk: ChunkPlan<Mp3Extra>, work: Work): Promise<ChunkFile> {
  const { bytes: range, extra } = chunk;
  if (range === undefined) throw new DamagedSource("The chunk was planned without its bytes.");
  const bytes = await readHeld(source, range, work);
  const found = extra.frameBytes === 0 ? countedFrame(bytes) : findFrame(bytes, 0, parseMp3Header, work);
  if (found === null) throw new DamagedSource("The file has no MP3 frame at a place where its plan has one.");
  const { at, header } = found;
  const frame =
    extra.frameBytes === 0 ? extra.firstFrame : Math.round((range.offset + at - extra.start) / extra.frameBytes);
  const { parts, ...taken } = takeFrames(
    bytes,
    { at, frame, clock: clockOf({ header, skippedSamples: extra.skippedSamples }) },
    { codec: "mp3", parse: parseMp3Header, keep: (whole) => whole },
    chunk,
    work,
  );
  return {
    bytes: concatBytes([...xingFrame(bytes, at, header, parts), ...parts]),
    contentType: "audio/mpeg",
    ...taken,
  };
}

/** Return the first frame of a chunk whose frames were counted. It is at the start of the chunk's bytes. */
function countedFrame(bytes: Uint8Array): { readonly at: number; readonly header: Mp3Header } | null {
  const header = parseMp3Header(bytes, 0);
  return header === null ? null : { at: 0, header };
}

/** Write the Xing frame. Without it a decoder uses the first bitrate for the whole file, and stops too early if it varies. */
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

export const mp3 = {
  name: "mp3",
  begins: { by: "frame", parse: parseMp3Header },
  extra: Mp3Extra,
  plan: planMp3,
  extract: extractMp3,
  isSentWhole: true,
  endsByTime: false,
  joined: (first) => first,
  sentBytesPerSecond: (bytesPerSecond) => bytesPerSecond,
} as const satisfies Container<Mp3Extra>;
