// Changes a few bytes of a file.
import { crc8 } from "../../shared/audio/flac/frame.ts";

export function cutAt(bytes: Buffer, share: number): Buffer {
  return bytes.subarray(0, Math.floor(bytes.length * share));
}

export function zeroed(bytes: Buffer, from: number, to: number): Buffer {
  const copy = Buffer.from(bytes);
  copy.fill(0, Math.floor(copy.length * from), Math.floor(copy.length * to));
  return copy;
}

/** Return the offset of the header of every box with this name. */
export function boxesNamed(bytes: Buffer, name: string): readonly number[] {
  const found: number[] = [];
  for (let at = bytes.indexOf(name); at !== -1; at = bytes.indexOf(name, at + 1)) found.push(at - 4);
  return found;
}

/** Replace boxes with this name with free space of the same length. */
export function withoutBoxes(bytes: Buffer, name: string): Buffer {
  const copy = Buffer.from(bytes);
  for (const at of boxesNamed(copy, name)) copy.write("free", at + 4);
  return copy;
}

/** Set whether a track of MP4 is enabled, in the lowest bit of the flags of `tkhd`. */
export function enableTracks(bytes: Buffer, enabled: readonly boolean[]): Buffer {
  const copy = Buffer.from(bytes);
  for (const [index, at] of boxesNamed(copy, "tkhd").entries()) {
    copy[at + 11] = (copy[at + 11]! & ~1) | (enabled[index] === true ? 1 : 0);
  }
  return copy;
}

/** Return the sample entry of an MP4 track, with its box header. */
export function sampleEntryOf(bytes: Buffer): Buffer {
  const at = boxesNamed(bytes, "stsd")[0]! + 16;
  return bytes.subarray(at, at + bytes.readUInt32BE(at));
}

export interface Page {
  readonly at: number;
  readonly end: number;
}

export function oggPages(bytes: Buffer): readonly Page[] {
  const pages: Page[] = [];
  for (let at = 0; at + 27 < bytes.length;) {
    const segments = bytes[at + 26]!;
    let end = at + 27 + segments;
    for (let index = 0; index < segments; index++) end += bytes[at + 27 + index]!;
    pages.push({ at, end });
    at = end;
  }
  return pages;
}

const OGG_CRC = Array.from({ length: 256 }, (_, byte) => {
  let crc = byte << 24;
  for (let bit = 0; bit < 8; bit++) crc = crc & 0x80000000 ? (crc << 1) ^ 0x04c11db7 : crc << 1;
  return crc >>> 0;
});

/** Update the checksum of a page. */
export function sealPage(bytes: Buffer, { at, end }: Page): void {
  bytes.writeUInt32LE(0, at + 22);
  let crc = 0;
  for (let index = at; index < end; index++) crc = ((crc << 8) ^ OGG_CRC[(crc >>> 24) ^ bytes[index]!]!) >>> 0;
  bytes.writeUInt32LE(crc, at + 22);
}

/** Return the top-level elements of a segment, by their own sizes. */
export function segmentElements(bytes: Buffer): { readonly bodyAt: number; readonly elements: readonly Page[] } {
  const element = (at: number) => {
    const idBytes = Math.clz32(bytes[at]!) - 23;
    const sizeBytes = Math.clz32(bytes[at + idBytes]!) - 23;
    let size = bytes[at + idBytes]! & (0xff >> sizeBytes);
    for (let index = 1; index < sizeBytes; index++) size = size * 256 + bytes[at + idBytes + index]!;
    return { at, bodyAt: at + idBytes + sizeBytes, end: at + idBytes + sizeBytes + size };
  };
  const ebml = element(0);
  const segment = element(ebml.end);
  const elements: Page[] = [];
  for (let at = segment.bodyAt; at < bytes.length;) {
    const one = element(at);
    elements.push({ at, end: Math.min(one.end, bytes.length) });
    at = one.end;
  }
  return { bodyAt: segment.bodyAt, elements };
}

/** Move the tracks after the clusters, as some recorders write them at the end. */
export function tracksLast(bytes: Buffer): Buffer {
  const { bodyAt, elements } = segmentElements(bytes);
  const isTracks = ({ at }: Page) => bytes.readUInt32BE(at) === 0x1654ae6b;
  // The index, and the index of the index, would point at other places.
  const isIndex = ({ at }: Page) => [0x114d9b74, 0x1c53bb6b].includes(bytes.readUInt32BE(at));
  const kept = elements.filter((one) => !isIndex(one));
  const ordered = [...kept.filter((one) => !isTracks(one)), ...kept.filter(isTracks)];
  const head = Buffer.from(bytes.subarray(0, bodyAt));
  head.fill(0xff, bodyAt - 8, bodyAt); // unknown size
  head[bodyAt - 8] = 1;
  return Buffer.concat([head, ...ordered.map(({ at, end }) => bytes.subarray(at, end))]);
}

/** Return FLAC as by encoders before 1.2.1: blocks of any length, numbered by samples, without the flag for it. */
export function oldVariable(bytes: Buffer): Buffer {
  const copy = Buffer.from(bytes);
  copy.writeUInt16BE(576, 8);
  copy.writeUInt16BE(4608, 10);
  return copy;
}

/** Return where the frames of FLAC begin. */
export function flacStart(bytes: Buffer): number {
  let at = 4;
  for (;;) {
    const isLast = (bytes[at]! & 0x80) !== 0;
    at += 4 + (bytes.readUInt32BE(at) & 0xffffff);
    if (isLast) return at;
  }
}

export function isFlacFrame(bytes: Buffer, at: number): boolean {
  if (bytes[at] !== 0xff || (bytes[at + 1]! & 0xfe) !== 0xf8) return false;
  for (let length = 6; length < 16; length++)
    if (crc8(bytes.subarray(at, at + length)) === bytes[at + length]) return true;
  return false;
}
