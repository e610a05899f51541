import { byteAt, concatBytes, viewOf } from "../reading/bytes.ts";
import type { Work } from "../reading/work.ts";

export interface FlacStream {
  readonly sampleRate: number;
  readonly channels: number;
  readonly bitsPerSample: number;
  readonly maxBlockSamples: number;
  /** Whether the headers say that frames differ in length. */
  readonly isVariable: boolean;
  /** Whether frames carry the number of their first sample, as frames of different lengths do. Old encoders do not set the flag for it. */
  readonly countsSamples: boolean;
  /** The length of every frame except the last, if frames have their own number. */
  readonly blockSamples: number;
  /** The number of the first sample; not 0 in a stream that was cut out of another. */
  readonly zeroSample: number;
}

export interface Flac extends FlacStream {
  /** Where the first frame lies. */
  readonly start: number;
  /** 0 if the header does not say. */
  readonly totalSamples: number;
  readonly streamInfo: Uint8Array;
  /** 0 if the header does not say. */
  readonly largestFrameBytes: number;
}

export interface FlacFrame {
  readonly at: number;
  readonly sample: number;
  readonly samples: number;
  /** The size of the frame's number, which is replaced in a chunk. */
  readonly numberBytes: number;
  readonly headerBytes: number;
}

/** Sampling rates by their codes; 0 if the code has another meaning. */
export const RATES = [0, 88_200, 176_400, 192_000, 8_000, 16_000, 22_050, 24_000, 32_000, 44_100, 48_000, 96_000];

/** Read the number of samples in a frame (RFC 9639, 9.1.1): the code has it, or says how many bytes behind the frame's number have it. */
export function readBlockSize(bytes: Uint8Array, at: number, code: number): { samples: number; bytes: number } {
  if (code === 6) return { samples: byteAt(bytes, at) + 1, bytes: 1 };
  if (code === 7) return { samples: ((byteAt(bytes, at) << 8) | byteAt(bytes, at + 1)) + 1, bytes: 2 };
  return { samples: code === 1 ? 192 : code < 6 ? 576 << (code - 2) : 256 << (code - 8), bytes: 0 };
}

/** Read a frame's header (RFC 9639, 9.1). Null unless its CRC and the stream's parameters match. */
export function parseFlacHeader(bytes: Uint8Array, at: number, stream: FlacStream): FlacFrame | null {
  if (at + 6 > bytes.length || (byteAt(bytes, at + 1) & 0xfe) !== 0xf8) return null;
  if (((byteAt(bytes, at + 1) & 1) === 1) !== stream.isVariable) return null;
  const sizeCode = byteAt(bytes, at + 2) >> 4;
  const rateCode = byteAt(bytes, at + 2) & 15;
  const channelCode = byteAt(bytes, at + 3) >> 4;
  if (sizeCode === 0 || rateCode === 15 || byteAt(bytes, at + 3) & 1) return null;
  if ((channelCode < 8 ? channelCode + 1 : 2) !== stream.channels || channelCode > 10) return null;
  if (rateCode > 0 && rateCode < 12 && RATES[rateCode] !== stream.sampleRate) return null;
  const coded = readCodedNumber(bytes, at + 4);
  if (coded === null) return null;
  const { samples, bytes: sizeBytes } = readBlockSize(bytes, at + 4 + coded.bytes, sizeCode);
  let end = at + 4 + coded.bytes + sizeBytes;
  end += rateCode === 12 ? 1 : rateCode > 12 ? 2 : 0;
  if (end >= bytes.length || crc8(bytes.subarray(at, end)) !== bytes[end]) return null;
  if (samples > stream.maxBlockSamples) return null;
  const sample = (stream.countsSamples ? coded.value : coded.value * stream.blockSamples) - stream.zeroSample;
  if (sample < 0) return null;
  return { at, sample, samples, numberBytes: coded.bytes, headerBytes: end + 1 - at };
}

/** Find the next frame. A sync code and a CRC-8 are only 22 bits, so the stream's parameters must match too. */
export function findFlacFrame(bytes: Uint8Array, from: number, stream: FlacStream, work: Work): FlacFrame | null {
  for (let at = bytes.indexOf(0xff, from); at !== -1; at = bytes.indexOf(0xff, at + 1)) {
    const frame = parseFlacHeader(bytes, at, stream);
    work.visit(frame === null ? 1 / 8 : 2);
    if (frame !== null) return frame;
  }
  return null;
}

/** Return the same frame with another number. Decoders seek by it, so the first frame of a chunk must have number 0. */
export function renumberFlac(
  frame: Uint8Array,
  header: FlacFrame,
  { number, countsSamples }: { readonly number: number; readonly countsSamples: boolean },
): Uint8Array {
  const coded = writeCodedNumber(number);
  const restAt = 4 + header.numberBytes;
  const grown = coded.length - header.numberBytes;
  const renumbered = new Uint8Array(frame.length + grown);
  renumbered.set(frame.subarray(0, 4));
  renumbered[1] = 0xf8 | (countsSamples ? 1 : 0);
  renumbered.set(coded, 4);
  renumbered.set(frame.subarray(restAt), 4 + coded.length);
  const crcAt = header.headerBytes + grown - 1;
  renumbered[crcAt] = crc8(renumbered.subarray(0, crcAt));
  viewOf(renumbered).setUint16(renumbered.length - 2, crc16(renumbered.subarray(0, -2)));
  return renumbered;
}

/**
 * Return the length of the frame at the start of these bytes: up to the place where its CRC matches. A tag or the rest of a damaged
 * frame may follow it. 0 if the CRC matches nowhere, because the frame was cut off.
 */
export function wholeFrameBytes(bytes: Uint8Array, headerBytes: number): number {
  let crc = 0;
  let whole = 0;
  for (let at = 0; at < bytes.length; at++) {
    const before = crc;
    crc = nextCrc16(crc, byteAt(bytes, at));
    // Zeros after a frame do not change its CRC.
    if (crc === 0 && before !== 0 && at >= headerBytes + 2) whole = at + 1;
  }
  // A CRC that ends in a zero already matches one byte early.
  return crc === 0 && whole > 0 && bytes.length === whole + 1 ? bytes.length : whole;
}

/**
 * Return a frame of digital silence, to replace a missing one.
 * @param like a frame of the same stream. FFmpeg distrusts a frame whose header differs from its neighbours'.
 */
export function silentFlac(
  { header, bytes }: { readonly header: FlacFrame; readonly bytes: Uint8Array },
  { channels, bitsPerSample, countsSamples }: FlacStream,
  { samples, number }: { readonly samples: number; readonly number: number },
): Uint8Array {
  const coded = writeCodedNumber(number);
  const rateCode = byteAt(bytes, 2) & 15;
  const rateBytes = rateCode === 12 ? 1 : rateCode > 12 ? 2 : 0;
  const crcAt = header.headerBytes - 1;
  const isSameSize = samples === header.samples;
  const size = isSameSize
    ? bytes.subarray(4 + header.numberBytes, crcAt - rateBytes)
    : Uint8Array.of((samples - 1) >> 8, (samples - 1) & 0xff);
  const head = concatBytes([
    Uint8Array.of(0xff, 0xf8 | (countsSamples ? 1 : 0)),
    Uint8Array.of(isSameSize ? byteAt(bytes, 2) : 0x70 | rateCode, ((channels - 1) << 4) | (byteAt(bytes, 3) & 0x0f)),
    coded,
    size,
    bytes.subarray(crcAt - rateBytes, crcAt),
  ]);
  // Each channel is constant: one byte says that, and one sample follows.
  const frame = new Uint8Array(head.length + 1 + Math.ceil((channels * (8 + bitsPerSample)) / 8) + 2);
  frame.set(head);
  frame[head.length] = crc8(head);
  viewOf(frame).setUint16(frame.length - 2, crc16(frame.subarray(0, -2)));
  return frame;
}

export function readCodedNumber(
  bytes: Uint8Array,
  at: number,
): { readonly value: number; readonly bytes: number } | null {
  const first = byteAt(bytes, at);
  if (first < 0x80) return { value: first, bytes: 1 };
  const length = Math.clz32(~(first << 24)); // leading ones, as in UTF-8
  if (length < 2 || length > 7) return null;
  let value = first & (0x7f >> length);
  for (let index = 1; index < length; index++) {
    const next = byteAt(bytes, at + index);
    if ((next & 0xc0) !== 0x80) return null;
    value = value * 64 + (next & 0x3f);
  }
  return { value, bytes: length };
}

function writeCodedNumber(value: number): Uint8Array {
  if (value < 0x80) return new Uint8Array([value]);
  let length = 2;
  while (value >= 2 ** (5 * length + 1)) length += 1;
  const coded = new Uint8Array(length);
  let rest = value;
  for (let index = length - 1; index > 0; index--) {
    coded[index] = 0x80 | (rest % 64);
    rest = Math.floor(rest / 64);
  }
  coded[0] = ((0xff00 >> length) & 0xff) | rest;
  return coded;
}

const CRC8_TABLE = Uint8Array.from({ length: 256 }, (_, byte) => shift(byte, 0x07, 8));
const CRC16_TABLE = Uint16Array.from({ length: 256 }, (_, byte) => shift(byte << 8, 0x8005, 16));

function shift(start: number, polynomial: number, bits: number): number {
  const top = 1 << (bits - 1);
  const mask = (1 << bits) - 1;
  let crc = start;
  for (let bit = 0; bit < 8; bit++) crc = (crc & top ? (crc << 1) ^ polynomial : crc << 1) & mask;
  return crc;
}

export function crc8(bytes: Uint8Array): number {
  let crc = 0;
  for (const byte of bytes) crc = CRC8_TABLE[crc ^ byte] ?? 0;
  return crc;
}

function crc16(bytes: Uint8Array): number {
  let crc = 0;
  for (const byte of bytes) crc = nextCrc16(crc, byte);
  return crc;
}

function nextCrc16(crc: number, byte: number): number {
  return ((crc << 8) & 0xffff) ^ (CRC16_TABLE[(crc >> 8) ^ byte] ?? 0);
}
