import { byteAt, viewOf } from "../reading/bytes.ts";
import type { Work } from "../reading/work.ts";
import { crc8, RATES, readBlockSize, readCodedNumber, type Flac } from "./frame.ts";

/** A frame that is read by its own header, without the file's header. */
export interface BareFrame {
  readonly at: number;
  readonly number: number;
  readonly samples: number;
  readonly sampleRate: number;
  readonly channels: number;
  readonly bitsPerSample: number;
  readonly isVariable: boolean;
}

const BITS = [null, 8, 12, null, 16, 20, 24, 32];

/** Null unless the header's CRC matches, and it says all that a decoder needs. */
export function bareFrame(bytes: Uint8Array, at: number): BareFrame | null {
  if (at + 6 > bytes.length || byteAt(bytes, at) !== 0xff || (byteAt(bytes, at + 1) & 0xfe) !== 0xf8) return null;
  const sizeCode = byteAt(bytes, at + 2) >> 4;
  const rateCode = byteAt(bytes, at + 2) & 15;
  const channelCode = byteAt(bytes, at + 3) >> 4;
  const bitsPerSample = BITS[(byteAt(bytes, at + 3) >> 1) & 7] ?? null;
  if (sizeCode === 0 || rateCode === 15 || channelCode > 10 || byteAt(bytes, at + 3) & 1) return null;
  const coded = readCodedNumber(bytes, at + 4);
  if (coded === null || bitsPerSample === null) return null;
  const { samples, bytes: sizeBytes } = readBlockSize(bytes, at + 4 + coded.bytes, sizeCode);
  let end = at + 4 + coded.bytes + sizeBytes;
  let sampleRate = RATES[rateCode] ?? 0;
  if (rateCode === 12) sampleRate = 1000 * byteAt(bytes, end++);
  if (rateCode > 12) {
    sampleRate = ((byteAt(bytes, end) << 8) | byteAt(bytes, end + 1)) * (rateCode === 14 ? 10 : 1);
    end += 2;
  }
  if (sampleRate === 0 || end >= bytes.length || crc8(bytes.subarray(at, end)) !== bytes[end]) return null;
  const channels = channelCode < 8 ? channelCode + 1 : 2;
  const isVariable = (byteAt(bytes, at + 1) & 1) === 1;
  return { at, number: coded.value, samples, sampleRate, channels, bitsPerSample, isVariable };
}

export function isBareFrame(head: Uint8Array): boolean {
  return bareFrame(head, 0) !== null;
}

/** The longest block if no header limits it. */
const MAX_BLOCK_SAMPLES = 65_535;

/** Read the start of a file without headers, which was cut out of another. Its first frame has the information of the headers. */
export function readBareStart(head: Uint8Array, start: number): Flac | null {
  const frame = bareFrame(head, 0);
  if (frame === null) return null;
  const { sampleRate, channels, bitsPerSample, isVariable, samples, number } = frame;
  const longest = isVariable ? MAX_BLOCK_SAMPLES : samples;
  const streamInfo = new Uint8Array(34);
  const view = viewOf(streamInfo);
  view.setUint16(0, isVariable ? 16 : samples);
  view.setUint16(2, longest);
  view.setUint32(10, ((sampleRate << 12) | ((channels - 1) << 9) | ((bitsPerSample - 1) << 4)) >>> 0);
  return {
    start,
    streamInfo,
    largestFrameBytes: 0,
    sampleRate,
    channels,
    bitsPerSample,
    maxBlockSamples: longest,
    blockSamples: longest,
    isVariable,
    countsSamples: isVariable,
    zeroSample: number * (isVariable ? 1 : samples),
    totalSamples: 0,
  };
}

/**
 * Return what the frames count if the header says that blocks differ in length and the frames do not. The second frame has number 1 or
 * the number of its first sample.
 */
export function numberingOf(bytes: Uint8Array): Pick<Flac, "countsSamples" | "blockSamples"> | null {
  const first = bareFrame(bytes, 0);
  if (first === null) return null;
  for (let at = bytes.indexOf(0xff, 1); at !== -1; at = bytes.indexOf(0xff, at + 1)) {
    const next = bareFrame(bytes, at);
    if (next === null || !isAlike(next, first)) continue;
    if (next.number === first.number + 1) return { countsSamples: false, blockSamples: first.samples };
    if (next.number === first.number + first.samples) return { countsSamples: true, blockSamples: first.samples };
  }
  return null;
}

/** Whether a decoder can read both without a new set-up. */
export function isAlike(
  left: Pick<BareFrame, "sampleRate" | "channels" | "bitsPerSample">,
  right: Pick<BareFrame, "sampleRate" | "channels" | "bitsPerSample">,
): boolean {
  return (
    left.sampleRate === right.sampleRate &&
    left.channels === right.channels &&
    left.bitsPerSample === right.bitsPerSample
  );
}

/** Finds where the parameters of frames change. A header may occur by chance, so the next frame must have the same parameters. */
export interface ChangeSearch {
  /** Return where changes begin in a piece of the file. Pieces come in order. */
  in(bytes: Uint8Array, base: number): readonly number[];
}

export function changesFrom(
  first: Pick<BareFrame, "sampleRate" | "channels" | "bitsPerSample">,
  work: Work,
): ChangeSearch {
  let current = first;
  let maybe: BareFrame | null = null;
  let searchedTo = 0;
  return {
    in(bytes, base) {
      const found: number[] = [];
      for (let at = bytes.indexOf(0xff, Math.max(0, searchedTo - base)); at !== -1; at = bytes.indexOf(0xff, at + 1)) {
        work.visit(1 / 8);
        searchedTo = base + at + 1;
        const frame = bareFrame(bytes, at);
        if (frame === null || isAlike(frame, current)) continue;
        const before: BareFrame | null = maybe;
        const isNext =
          before !== null &&
          isAlike(before, frame) &&
          (frame.number === before.number + 1 || frame.number === before.number + before.samples);
        if (!isNext) maybe = { ...frame, at: base + at };
        else {
          work.keep();
          found.push(before.at);
          current = frame;
          maybe = null;
        }
      }
      return found;
    },
  };
}
