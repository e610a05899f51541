import type { ByteSource } from "../reading/byte-source.ts";
import { findFrame, type ParseFrame } from "./find.ts";
import { frameOffsets } from "./offsets.ts";
import { partition } from "../reading/points.ts";
import { slideOver } from "../reading/sliding-window.ts";
import type { Work } from "../reading/work.ts";

/** The places of all frames. */
export interface FrameIndex {
  readonly frames: number;
  /** Return where a frame begins. For the frame after the last one, return where the last one ends. */
  readonly offsetOf: (frame: number) => number;
  /** The file ends within a frame, which is not counted. */
  readonly isBrokenOff: boolean;
}

/** The places of all frames, and the frames at which another joined file with another sampling rate begins. */
export interface WalkedFrames extends FrameIndex {
  readonly breaks: readonly number[];
}

/** A new sampling rate counts only if this many frames in a row have it. A damaged header is a single one. */
const BREAK_FRAMES = 10;

/** The longest header and frame of MP3 and ADTS fit well within this. */
const CARRY_BYTES = 16 * 1024;

/**
 * Step from frame to frame to the end of the file. ADTS, and MP3 with a variable bitrate, do not store the time of a byte, so the whole
 * file has to be read once.
 */
export async function walkFrames(
  source: ByteSource,
  start: number,
  parse: ParseFrame,
  work: Work,
): Promise<WalkedFrames> {
  const offsets = frameOffsets(start, work);
  const breaks: number[] = [];
  let format: number | null = null;
  let other = { format: 0, frames: 0 };
  let isBrokenOff = false;

  function compare(next: number): void {
    format ??= next;
    if (next === format) {
      if (other.frames > 0) other = { format: 0, frames: 0 };
      return;
    }
    other = { format: next, frames: next === other.format ? other.frames + 1 : 1 };
    if (other.frames < BREAK_FRAMES) return;
    work.keep();
    breaks.push(offsets.frames - BREAK_FRAMES);
    format = next;
  }

  const window = await slideOver(source, start);
  for (;;) {
    const { base, bytes, isLast } = window;
    const stop = isLast ? bytes.length : bytes.length - CARRY_BYTES;
    let at = 0;
    while (at < stop) {
      let header = parse(bytes, at);
      const isNext = header !== null;
      if (header === null) {
        const found = findFrame(bytes, at, parse, work);
        if (found === null || found.at >= stop) {
          at = Math.max(at, stop);
          break;
        }
        at = found.at;
        header = found.header;
      }
      if (at + header.bytes > bytes.length) {
        // After other bytes, a header may be there by chance.
        isBrokenOff = isLast && isNext;
        break;
      }
      offsets.add(base + at, header.bytes);
      compare(header.format);
      at += header.bytes;
    }
    if (isLast) break;
    await window.advance(at);
  }
  return { frames: offsets.frames, breaks, offsetOf: offsets.at, isBrokenOff };
}

/** Return the byte offsets at which joined files begin. */
export function startsOf(walked: WalkedFrames): readonly number[] {
  return [0, ...walked.breaks.map((frame) => walked.offsetOf(frame))];
}

/** Return the frames of one of these files, counted from its own start. */
export function framesOf(walked: WalkedFrames, part: number): FrameIndex {
  const first = walked.breaks[part - 1] ?? 0;
  const base = part === 0 ? 0 : walked.offsetOf(first);
  return {
    frames: (walked.breaks[part] ?? walked.frames) - first,
    offsetOf: (frame) => walked.offsetOf(first + frame) - base,
    isBrokenOff: walked.isBrokenOff && part === walked.breaks.length,
  };
}

/** An index without the frames before an offset, such as a frame that only counts the others. */
export function framesFrom({ frames, offsetOf, ...index }: FrameIndex, offset: number): FrameIndex {
  const skipped = partition(frames, (frame) => offsetOf(frame) < offset);
  return { ...index, frames: frames - skipped, offsetOf: (frame) => offsetOf(skipped + frame) };
}
