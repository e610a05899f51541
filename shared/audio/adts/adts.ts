import * as z from "zod";

import type { ByteSource } from "../reading/byte-source.ts";
import { DamagedSource, refuse, type AudioPlan, type ChunkFile, type ChunkPlan } from "../chunks/chunk.ts";
import type { Container } from "../chunks/container.ts";
import type { CallLimits } from "../chunks/limits.ts";
import { brokenOff } from "../chunks/missing.ts";
import { planParts } from "../chunks/parts.ts";
import { planFrames, takeFrames, type FrameClock } from "../frames/cut.ts";
import { findFirstFrame } from "../frames/find.ts";
import { framesOf, startsOf, walkFrames, type FrameIndex } from "../frames/walk.ts";
import { writeM4a } from "../mp4/m4a.ts";
import { aacSampleEntry } from "../mp4/sample-entry.ts";
import { type Work } from "../reading/work.ts";
import { readHeld } from "../reading/counted-source.ts";
import { parseAdtsHeader, type AdtsHeader } from "./header.ts";

const AdtsExtra = z.object({ type: z.literal("adts"), v: z.literal(1), firstFrame: z.number() });
type AdtsExtra = z.infer<typeof AdtsExtra>;

/** ADTS has neither an index nor times. The plan steps over all frames once and stores each chunk's range of bytes. */
async function planAdts(source: ByteSource, limits: CallLimits, work: Work): Promise<AudioPlan> {
  const found = await findFirstFrame(source, parseAdtsHeader, work);
  if (found === null) return refuse("damaged", "No AAC audio was found in the file.");
  const walked = await walkFrames(source, found.offset, parseAdtsHeader, work);
  if (walked.breaks.length === 0) return planWalked(found.header, walked, limits, work);
  return planParts(source, startsOf(walked), work, async (part, index) => {
    const first = await findFirstFrame(part, parseAdtsHeader, work);
    if (first === null) return refuse("no_audio_track", "This part of the file holds no AAC audio.");
    return planWalked(first.header, framesOf(walked, index), limits, work);
  });
}

async function planWalked(header: AdtsHeader, index: FrameIndex, limits: CallLimits, work: Work): Promise<AudioPlan> {
  if (header.channels === 0)
    return refuse(
      "unsupported_codec",
      "The AAC stream does not say how many channels it has. Convert it to M4A or MP3.",
    );
  const planned = await planFrames(index, clockOf(header), limits, work);
  if (planned === null) return refuse("no_audio_track", "The AAC file holds no audio.");
  const chunks = planned.chunks.map(({ firstFrame, ...chunk }): ChunkPlan<AdtsExtra> => ({
    ...chunk,
    extra: { type: "adts", v: 1, firstFrame },
  }));
  const { durationMs: soundMs } = planned;
  const durationMs = index.isBrokenOff ? soundMs + (1000 * header.samples) / header.sampleRate : soundMs;
  const gaps = index.isBrokenOff ? brokenOff(soundMs, durationMs) : [];
  return { type: "chunks", container: "adts", codec: "aac", durationMs, chunks, gaps };
}

function clockOf({ samples, sampleRate }: AdtsHeader): FrameClock {
  return { samples, sampleRate, skippedSamples: 0 };
}

async function extractAdts(source: ByteSource, chunk: ChunkPlan<AdtsExtra>, work: Work): Promise<ChunkFile> {
  const { bytes: range, extra } = chunk;
  if (range === undefined) throw new DamagedSource("The chunk was planned without its bytes.");
  const bytes = await readHeld(source, range, work);
  const header = parseAdtsHeader(bytes, 0);
  if (header === null) throw new DamagedSource("The file has no AAC frame at a place where its plan has one.");
  const { parts, ...taken } = takeFrames(
    bytes,
    { at: 0, frame: extra.firstFrame, clock: clockOf(header) },
    { codec: "aac", parse: parseAdtsHeader, keep: (frame, { headerBytes }) => frame.subarray(headerBytes) },
    chunk,
    work,
  );
  const { sampleRate, samples } = header;
  return {
    bytes: writeM4a({
      sampleEntry: aacSampleEntry(header),
      timescale: sampleRate,
      packets: parts.map((data) => ({ data, duration: samples })),
    }),
    contentType: "audio/mp4",
    ...taken,
  };
}

export const adts = {
  name: "adts",
  begins: { by: "frame", parse: parseAdtsHeader },
  extra: AdtsExtra,
  plan: planAdts,
  extract: extractAdts,
  endsByTime: false,
  joined: (first) => first,
  sentBytesPerSecond: (bytesPerSecond) => bytesPerSecond,
} as const satisfies Container<AdtsExtra>;
