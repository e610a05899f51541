import { byteAt } from "../reading/bytes.ts";
import type { Times } from "./chunk.ts";
import type { Timed } from "./pauses.ts";
import { joinTimes } from "./missing.ts";

/** Codecs spend less on a second only where there is next to no sound. Speech takes 6,000 bits in the most sparing of them. */
const QUIET_BITS_PER_SECOND = 4_000;

/** FLAC and PCM have no such figure: a sample of speech takes more bits than this. */
const QUIET_FLAC_BITS = 4;

/** Shorter pauses are those between sentences. */
const LEAST_QUIET_MS = 1_500;

/** -60 dB of full scale, as an average over a fifth of a second: the noise of a closed microphone. */
export const QUIET_LEVEL = 0.001;

/** So many zeros do not begin any codec's frame, nor end one that nothing follows. */
const UNWRITTEN_BYTES = 8;

/**
 * Whether a packet, or its beginning, was never written: a download that broke off has zeros there. A decoder may fail on it, or
 * play noise.
 */
export function isUnwritten(data: Uint8Array): boolean {
  if (data.length < UNWRITTEN_BYTES || data[0] !== 0) return false;
  for (let at = 1; at < UNWRITTEN_BYTES; at++) if (data[at] !== 0) return false;
  return true;
}

/** Whether the end of a packet was never written. Packets of a constant bitrate may end with zeros, so this holds at a hole alone. */
export function isUnfinished(data: Uint8Array): boolean {
  if (data.length < UNWRITTEN_BYTES) return false;
  for (let at = data.length - UNWRITTEN_BYTES / 2; at < data.length; at++) if (data[at] !== 0) return false;
  return true;
}

/** Whether a packet is one that an encoder writes for digital silence. */
export function isSilent(codec: string, data: Uint8Array): boolean {
  switch (codec) {
    case "flac":
      return isSilentFlac(data);
    // A packet without frames (RFC 6716, 3.2.1), or what the encoder makes of zeros: the flag for silence, and nothing else.
    case "opus":
      return data.length <= 2 || (data.length === 3 && data[1] === 0xff && data[2] === 0xfe);
    // The number of its mode, and a bit for each channel: no channel has a floor.
    case "vorbis":
      return data.length <= 2;
    case "mp3":
      return mp3Bits(data) === 0;
    // MP4 has MP3 under the same name.
    case "aac":
      return isSilentAac(data) || mp3Bits(data) === 0;
    default:
      return false;
  }
}

/** Whether a packet is so small that there can be next to no sound in it. */
export function isQuiet(
  codec: string,
  data: Uint8Array,
  { durationMs, samples }: { readonly durationMs: number; readonly samples: number },
): boolean {
  if (codec === "flac") return 8 * data.length < QUIET_FLAC_BITS * samples;
  const bits = codec === "mp3" || codec === "aac" ? (mp3Bits(data) ?? 8 * data.length) : 8 * data.length;
  return bits * 1000 < QUIET_BITS_PER_SECOND * durationMs;
}

/** A packet is looked at this often: no stretch that is long enough escapes. */
const LOOK_MS = LEAST_QUIET_MS / 2;

/** The stretches of packets next to each other that are quiet. Looking at every packet takes longer than copying it. */
export function quietAmong(packets: readonly Timed[], isQuietAt: (index: number) => boolean): readonly Times[] {
  let lookedMs = -Infinity;
  const hasQuiet = packets.some(({ timeMs }, index) => {
    if (timeMs - lookedMs < LOOK_MS) return false;
    lookedMs = timeMs;
    return isQuietAt(index);
  });
  if (!hasQuiet) return [];
  const quiet = packets.filter((_, index) => isQuietAt(index));
  return longEnough(quiet.map(({ timeMs, durationMs }) => ({ startMs: timeMs, endMs: timeMs + durationMs })));
}

export function longEnough(times: readonly Times[]): readonly Times[] {
  return joinTimes(times).filter(({ startMs, endMs }) => endMs - startMs >= LEAST_QUIET_MS);
}

/** A frame of FLAC whose channels are constant zeros: behind its header there are zeros alone, and a checksum. */
function isSilentFlac(frame: Uint8Array): boolean {
  const sizeCode = byteAt(frame, 2) >> 4;
  const rateCode = byteAt(frame, 2) & 15;
  const numberBytes = Math.max(1, Math.clz32(~(byteAt(frame, 4) << 24)));
  const bodyAt =
    4 + numberBytes + (sizeCode === 6 ? 1 : sizeCode === 7 ? 2 : 0) + (rateCode < 12 ? 0 : rateCode === 12 ? 1 : 2) + 1;
  for (let at = bodyAt; at < frame.length - 2; at++) if (frame[at] !== 0) return false;
  return true;
}

/** The bits of sound in a frame of MP3 (ISO/IEC 11172-3, 2.4.1.7), which may lie in frames before it. Null for other layers. */
export function mp3Bits(frame: Uint8Array): number | null {
  const second = byteAt(frame, 1);
  if (frame[0] !== 0xff || ((second >> 1) & 3) !== 1) return null;
  const isMpeg1 = ((second >> 3) & 3) === 3;
  const channels = byteAt(frame, 3) >> 6 === 3 ? 1 : 2;
  const granules = isMpeg1 ? 2 : 1;
  const firstBit = isMpeg1 ? (channels === 1 ? 18 : 20) : channels === 1 ? 9 : 10;
  const stepBits = isMpeg1 ? 59 : 63;
  let at = 8 * (second & 1 ? 4 : 6) + firstBit;
  let bits = 0;
  for (let part = 0; part < granules * channels; part++, at += stepBits) bits += bitsAt(frame, at, 12);
  return at > 8 * frame.length ? null : bits;
}

/** A number of at most 16 bits. */
function bitsAt(bytes: Uint8Array, at: number, count: number): number {
  const first = at >> 3;
  const word = (byteAt(bytes, first) << 16) | (byteAt(bytes, first + 1) << 8) | byteAt(bytes, first + 2);
  return (word >> (24 - (at & 7) - count)) & ((1 << count) - 1);
}

/** Elements of a raw data block (ISO/IEC 14496-3, 4.4.2.1). */
const AAC = { single: 0, pair: 1, effects: 3, data: 4, fill: 6, end: 7 } as const;

/** Whether no channel of a frame of AAC has a spectral line. Anything out of the ordinary counts as sound. */
function isSilentAac(data: Uint8Array): boolean {
  // A frame of silence has a few bytes; padding to a constant bitrate makes it longer.
  const isFramed = data[0] === 0xff && (byteAt(data, 1) & 0xf6) === 0xf0;
  const bits = bitsOf(data, isFramed ? 8 * (byteAt(data, 1) & 1 ? 7 : 9) : 0);
  for (let elements = 0; elements < 64 && !bits.isPast(); elements++) {
    const element = bits.read(3);
    if (element === AAC.end) return elements > 0;
    if (element === AAC.fill) {
      let bytes = bits.read(4);
      if (bytes === 15) bytes += bits.read(8) - 1;
      bits.skip(8 * bytes);
      continue;
    }
    bits.skip(4);
    if (element === AAC.data) {
      const isAligned = bits.read(1) === 1;
      let bytes = bits.read(8);
      if (bytes === 255) bytes += bits.read(8);
      if (isAligned) bits.align();
      bits.skip(8 * bytes);
      continue;
    }
    if (element !== AAC.single && element !== AAC.effects && element !== AAC.pair) return false;
    let shared: AacWindow | null = null;
    if (element === AAC.pair && bits.read(1) === 1) {
      shared = readWindow(bits);
      if (shared === null) return false;
      if (bits.read(2) === 1) bits.skip(shared.bands * shared.groups);
    }
    for (let channel = element === AAC.pair ? 0 : 1; channel < 2; channel++)
      if (!isSilentChannel(bits, shared)) return false;
  }
  return false;
}

interface AacWindow {
  readonly isShort: boolean;
  readonly bands: number;
  readonly groups: number;
}

function readWindow(bits: Bits): AacWindow | null {
  bits.skip(1);
  const isShort = bits.read(2) === 2;
  bits.skip(1);
  if (isShort) {
    const bands = bits.read(4);
    let groups = 1;
    for (let window = 1; window < 8; window++) groups += 1 - bits.read(1);
    return { isShort, bands, groups };
  }
  const bands = bits.read(6);
  return bits.read(1) === 1 ? null : { isShort, bands, groups: 1 };
}

function isSilentChannel(bits: Bits, shared: AacWindow | null): boolean {
  bits.skip(8);
  const window = shared ?? readWindow(bits);
  if (window === null) return false;
  const lengthBits = window.isShort ? 3 : 5;
  const escape = 2 ** lengthBits - 1;
  for (let group = 0; group < window.groups; group++) {
    for (let band = 0; band < window.bands && !bits.isPast();) {
      // Codebook 0 stands for bands of zeros.
      if (bits.read(4) !== 0) return false;
      let more = bits.read(lengthBits);
      band += more;
      while (more === escape && !bits.isPast()) band += more = bits.read(lengthBits);
    }
  }
  // Neither pulses nor noise shaping nor gain control.
  return bits.read(3) === 0;
}

interface Bits {
  read(count: number): number;
  skip(count: number): void;
  align(): void;
  isPast(): boolean;
}

function bitsOf(bytes: Uint8Array, start: number): Bits {
  let at = start;
  return {
    read(count) {
      const value = bitsAt(bytes, at, count);
      at += count;
      return value;
    },
    skip(count) {
      at += count;
    },
    align() {
      at = (at + 7) & ~7;
    },
    isPast: () => at > 8 * bytes.length,
  };
}
