import { type Bits, bitsAt, bitsOf } from "../reading/bits.ts";
import { byteAt } from "../reading/bytes.ts";
import { isSilentMp2 } from "../mp3/silent-mp2.ts";
import type { Times } from "./chunk.ts";
import type { Timed } from "./pauses.ts";
import { joinTimes } from "./missing.ts";

/** Codecs use fewer bits for a second only if there is almost no sound. Speech takes 6,000 bits in the most efficient of them. */
const QUIET_BITS_PER_SECOND = 4_000;

/** The same for FLAC and PCM, per sample: a sample of speech takes more bits than this. */
const QUIET_FLAC_BITS = 4;

/** Shorter pauses occur between sentences. */
const LEAST_QUIET_MS = 1_500;

/** -60 dB of full scale, as an average over a fifth of a second. This is the noise of a microphone that is switched off. */
export const QUIET_LEVEL = 0.001;

/** No codec's frame begins with this many zeros, or ends with them if nothing follows it. */
const UNWRITTEN_BYTES = 8;

/**
 * Whether a packet, or its beginning, was never written: an interrupted download has zeros there. A decoder may fail on it, or
 * play noise.
 */
export function isUnwritten(data: Uint8Array): boolean {
  if (data.length < UNWRITTEN_BYTES || data[0] !== 0) return false;
  for (let at = 1; at < UNWRITTEN_BYTES; at++) if (data[at] !== 0) return false;
  return true;
}

/** Whether the end of a packet was never written. Packets of a constant bitrate may end with zeros, so use this only at a hole. */
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
    // A packet without frames (RFC 6716, 3.2.1), or the packet that the encoder writes for zeros, with only the flag for silence.
    case "opus":
      return data.length <= 2 || (data.length === 3 && data[1] === 0xff && data[2] === 0xfe);
    // The number of the mode, and a bit for each channel that says that it has no floor.
    case "vorbis":
      return data.length <= 2;
    case "mp3":
      return isSilentMpegAudio(data);
    // MP4 uses the same name for MP3.
    case "aac":
      return isSilentAac(data) || isSilentMpegAudio(data);
    default:
      return false;
  }
}

/** Whether a packet is so small that it has almost no sound. */
export function isQuiet(
  codec: string,
  data: Uint8Array,
  { durationMs, samples }: { readonly durationMs: number; readonly samples: number },
): boolean {
  if (codec === "flac") return 8 * data.length < QUIET_FLAC_BITS * samples;
  const bits = codec === "mp3" || codec === "aac" ? (mp3Bits(data) ?? 8 * data.length) : 8 * data.length;
  return bits * 1000 < QUIET_BITS_PER_SECOND * durationMs;
}

/** The time between two packets that are checked. No long enough stretch is missed. */
const LOOK_MS = LEAST_QUIET_MS / 2;

/** Return the stretches of neighbouring quiet packets. Not every packet is checked, because a check takes longer than a copy. */
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

/** Whether a frame of FLAC has only constant zeros: after its header there are only zeros and a checksum. */
function isSilentFlac(frame: Uint8Array): boolean {
  const sizeCode = byteAt(frame, 2) >> 4;
  const rateCode = byteAt(frame, 2) & 15;
  const numberBytes = Math.max(1, Math.clz32(~(byteAt(frame, 4) << 24)));
  const bodyAt =
    4 + numberBytes + (sizeCode === 6 ? 1 : sizeCode === 7 ? 2 : 0) + (rateCode < 12 ? 0 : rateCode === 12 ? 1 : 2) + 1;
  for (let at = bodyAt; at < frame.length - 2; at++) if (frame[at] !== 0) return false;
  return true;
}

function isSilentMpegAudio(frame: Uint8Array): boolean {
  return mp3Bits(frame) === 0 || isSilentMp2(frame);
}

/** Return the bits of sound in a frame of MP3 (ISO/IEC 11172-3, 2.4.1.7), which may lie in earlier frames. Null for other layers. */
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

/** Elements of a raw data block (ISO/IEC 14496-3, 4.4.2.1). */
const AAC = { single: 0, pair: 1, effects: 3, data: 4, fill: 6, end: 7 } as const;

/** Whether no channel of an AAC frame has a spectral line. Anything unusual counts as sound. */
function isSilentAac(data: Uint8Array): boolean {
  // A frame of silence has a few bytes. Padding to a constant bitrate makes it longer.
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
      // Codebook 0 means bands of zeros.
      if (bits.read(4) !== 0) return false;
      let more = bits.read(lengthBits);
      band += more;
      while (more === escape && !bits.isPast()) band += more = bits.read(lengthBits);
    }
  }
  // The frame has neither pulses nor noise shaping nor gain control.
  return bits.read(3) === 0;
}
