import type { ByteSource } from "../reading/byte-source.ts";
import { DamagedSource, refuse, type AudioPlan, type ChunkFile, type ChunkPlan } from "../chunks/chunk.ts";
import { longestChunkMs, planCuts, type Listen } from "../chunks/cuts.ts";
import { findFirstFrame } from "../mp3/first-frame.ts";
import { framesOf, startsOf, walkFrames, type FrameIndex } from "../mp3/frame-walk.ts";
import type { CallLimits } from "../chunks/call-limits.ts";
import { writeM4a } from "../mp4/m4a.ts";
import { findFrame, parseAdtsHeader, type AdtsHeader } from "../mp3/mpeg-frame.ts";
import { planParts } from "../chunks/parts.ts";
import { aacSampleEntry } from "../mp4/sample-entry.ts";
import { readHeld, type Work } from "../reading/work.ts";

/** ADTS has neither an index nor times: the plan walks it once and every chunk gets its bytes. */
export async function planAdts(source: ByteSource, limits: CallLimits, work: Work): Promise<AudioPlan> {
  const found = await findFirstFrame(source, parseAdtsHeader, work);
  if (found === null) return refuse("damaged", "No AAC audio was found in the file.");
  const walked = await walkFrames(source, found.offset, parseAdtsHeader, work);
  if (walked.breaks.length === 0) return planWalked(found.header, walked, limits, work);
  return planParts(source, startsOf(walked), work, async (part, index) => {
    const first = await findFirstFrame(part, parseAdtsHeader, work);
    if (first === null) return refuse("no_audio_track", "The part of the file holds no AAC audio.");
    return planWalked(first.header, framesOf(walked, index), limits, work);
  });
}

async function planWalked(
  header: AdtsHeader,
  { frames, offsetOf }: FrameIndex,
  limits: CallLimits,
  work: Work,
): Promise<AudioPlan> {
  if (header.channels === 0)
    return refuse("unsupported_codec", "The AAC stream does not say how many channels it has.");
  const frameMs = (header.samples / header.sampleRate) * 1000;
  const durationMs = frames * frameMs;
  const bytesPerSecond = ((offsetOf(frames) - offsetOf(0)) / durationMs) * 1000;
  const listen: Listen = (fromMs, toMs) => {
    const first = Math.floor(fromMs / frameMs);
    const count = Math.floor(toMs / frameMs) - first;
    work.visit(2 * count);
    return Array.from({ length: count }, (_, index) => ({
      timeMs: (first + index) * frameMs,
      weight: offsetOf(first + index + 1) - offsetOf(first + index),
    }));
  };
  const cuts = await planCuts(durationMs, longestChunkMs(bytesPerSecond, limits), listen, work);
  const chunks = cuts.map((chunk): ChunkPlan => {
    const firstFrame = Math.floor(chunk.startMs / frameMs + 1e-6);
    const offset = offsetOf(firstFrame);
    const length = offsetOf(Math.ceil(chunk.endMs / frameMs - 1e-6)) - offset;
    return { ...chunk, bytes: { offset, length }, extra: { firstFrame } };
  });
  return { type: "chunks", container: "adts", codec: "aac", durationMs, chunks };
}

export async function extractAdts(source: ByteSource, chunk: ChunkPlan, work: Work): Promise<ChunkFile> {
  const { bytes: range, extra } = chunk;
  if (range === undefined || typeof extra !== "object" || extra === null || !("firstFrame" in extra)) {
    throw new DamagedSource("The chunk was not planned for ADTS.");
  }
  const bytes = await readHeld(source, range, work);
  const first = parseAdtsHeader(bytes, 0);
  if (first === null) throw new DamagedSource("No AAC frame where the plan has one.");
  const { sampleRate, samples } = first;
  const frameMs = (samples / sampleRate) * 1000;
  const packets: Uint8Array[] = [];
  let startMs = -1;
  for (let at = 0, frame = Number(extra.firstFrame); at < bytes.length; frame++) {
    let header = parseAdtsHeader(bytes, at);
    work.visit();
    if (header === null) {
      const found = findFrame(bytes, at, parseAdtsHeader, work);
      if (found === null) break;
      ({ at, header } = found);
    }
    const timeMs = frame * frameMs;
    if (timeMs + frameMs > chunk.startMs + 1e-3 && timeMs < chunk.endMs - 1e-3 && at + header.bytes <= bytes.length) {
      if (startMs < 0) startMs = timeMs;
      work.keep();
      packets.push(bytes.subarray(at + header.headerBytes, at + header.bytes));
    }
    at += header.bytes;
  }
  return {
    bytes: writeM4a({
      sampleEntry: aacSampleEntry(first),
      timescale: sampleRate,
      packets: packets.map((data) => ({ data, duration: samples })),
    }),
    contentType: "audio/mp4",
    startMs,
    durationMs: packets.length * frameMs,
  };
}
