import {
  DamagedSource,
  SilentStretch,
  type ByteRange,
  type ChunkSpan,
  type Missing,
  type Times,
} from "../chunks/chunk.ts";
import { isQuiet, isSilent, quietAmong } from "../chunks/silence.ts";
import { longestChunkMs, planCuts, type Listen } from "../chunks/cuts.ts";
import type { CallLimits } from "../chunks/limits.ts";
import type { Work } from "../reading/work.ts";
import { findFrame, type FrameHeader, type ParseFrame } from "./find.ts";
import type { FrameIndex } from "./walk.ts";

const NONE = new Uint8Array();

/** The time of the frames of a file. All of them have the same number of samples. */
export interface FrameClock {
  readonly samples: number;
  readonly sampleRate: number;
  /** The number of samples that a player drops at the start of the file. */
  readonly skippedSamples: number;
}

/** Times that are a whole number of frames are computed with this error at most, in frames. */
const ROUNDING = 1e-6;

/** Return the number of frames before a time, with a fraction. */
export function framesBefore(timeMs: number, { samples, sampleRate, skippedSamples }: FrameClock): number {
  return ((timeMs / 1000) * sampleRate + skippedSamples) / samples;
}

/** Return the frame that sounds at a time, counted from the start of the file. */
export function frameAt(timeMs: number, clock: FrameClock): number {
  return Math.max(0, Math.floor(framesBefore(timeMs, clock) + ROUNDING));
}

/** Return the first frame that begins at or after a time. */
function frameBehind(timeMs: number, clock: FrameClock): number {
  return Math.ceil(framesBefore(timeMs, clock) - ROUNDING);
}

/** Return the time at which a frame begins. */
export function msAt(frame: number, { samples, sampleRate, skippedSamples }: FrameClock): number {
  return ((frame * samples - skippedSamples) / sampleRate) * 1000;
}

interface PlannedFrames {
  readonly durationMs: number;
  readonly chunks: readonly (ChunkSpan & { readonly bytes: ByteRange; readonly firstFrame: number })[];
}

/** Plan a file by the places of its frames. Null if they have no sound. */
export async function planFrames(
  { frames, offsetOf }: FrameIndex,
  clock: FrameClock,
  limits: CallLimits,
  work: Work,
): Promise<PlannedFrames | null> {
  const durationMs = msAt(frames, clock);
  if (durationMs <= 0) return null;
  const bytesPerSecond = ((offsetOf(frames) - offsetOf(0)) / Math.max(1, durationMs)) * 1000;
  const listen: Listen = (fromMs, toMs) => {
    const first = frameAt(fromMs, clock);
    const count = Math.max(0, Math.min(frames, frameAt(toMs, clock)) - first);
    work.visit(2 * count);
    return Array.from({ length: count }, (_, index) => ({
      timeMs: msAt(first + index, clock),
      weight: offsetOf(first + index + 1) - offsetOf(first + index),
    }));
  };
  const cuts = await planCuts(durationMs, longestChunkMs(bytesPerSecond, limits), listen, work);
  const chunks = cuts.map((chunk) => {
    const firstFrame = Math.min(frames, frameAt(chunk.startMs, clock));
    const offset = offsetOf(firstFrame);
    return { ...chunk, bytes: { offset, length: offsetOf(frameBehind(chunk.endMs, clock)) - offset }, firstFrame };
  });
  return { durationMs, chunks };
}

interface TakenFrames {
  /** The part of each frame that `keep` returns. */
  readonly parts: readonly Uint8Array[];
  readonly startMs: number;
  readonly durationMs: number;
  /** The places where frames are damaged or missing. Their number is not known, so each place has the duration of one frame. */
  readonly missing: readonly Missing[];
  readonly quiet: readonly Times[];
}

/**
 * Take the frames that sound in a chunk. Damage between frames is skipped.
 * @param frame the number of the frame that begins at `at`.
 * @param keep returns the part of a frame that goes into the chunk's file.
 * @throws DamagedSource if there are no frames.
 * @throws SilentStretch if all frames are silence.
 */
export function takeFrames<Header extends FrameHeader>(
  bytes: Uint8Array,
  { at: start, frame: first, clock }: { readonly at: number; readonly frame: number; readonly clock: FrameClock },
  {
    codec,
    parse,
    keep,
  }: {
    readonly codec: string;
    readonly parse: ParseFrame<Header>;
    readonly keep: (frame: Uint8Array, header: Header) => Uint8Array;
  },
  { startMs, endMs }: Pick<ChunkSpan, "startMs" | "endMs">,
  work: Work,
): TakenFrames {
  const firstWanted = Math.max(first, frameAt(startMs, clock));
  const endWanted = frameBehind(endMs, clock);
  const parts: Uint8Array[] = [];
  const missing: Missing[] = [];
  for (let at = start, frame = first; frame < endWanted && at < bytes.length; frame++) {
    work.visit();
    let header = parse(bytes, at);
    if (header === null) {
      const found = findFrame(bytes, at, parse, work);
      if (found === null) break;
      if (frame >= firstWanted)
        missing.push({ startMs: msAt(frame, clock), endMs: msAt(frame + 1, clock), reason: "damaged" });
      ({ at, header } = found);
    }
    if (at + header.bytes > bytes.length) break;
    if (frame >= firstWanted) {
      work.keep();
      parts.push(keep(bytes.subarray(at, at + header.bytes), header));
    }
    at += header.bytes;
  }
  if (parts.length === 0) throw new DamagedSource("The planned frames are missing from the file.");
  if (parts.every((part) => isSilent(codec, part))) throw new SilentStretch("The recording is digital silence here.");
  const { samples, sampleRate } = clock;
  const durationMs = (samples / sampleRate) * 1000;
  const times = parts.map((_, index) => ({ timeMs: msAt(firstWanted + index, clock), durationMs }));
  return {
    parts,
    startMs: msAt(firstWanted, clock),
    durationMs: parts.length * durationMs,
    missing,
    quiet: quietAmong(times, (index) => isQuiet(codec, parts[index] ?? NONE, { durationMs, samples })),
  };
}
