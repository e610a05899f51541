import { byteAt, viewOf } from "../reading/bytes.ts";
import { DamagedSource } from "../chunks/chunk.ts";
import type { Work } from "../reading/work.ts";

/** The identifiers of elements (RFC 9559). */
export const ID = {
  ebml: 0x1a45dfa3,
  segment: 0x18538067,
  info: 0x1549a966,
  tracks: 0x1654ae6b,
  cluster: 0x1f43b675,
  seekHead: 0x114d9b74,
  seek: 0x4dbb,
  seekId: 0x53ab,
  seekPosition: 0x53ac,
  cues: 0x1c53bb6b,
  cuePoint: 0xbb,
  cueTime: 0xb3,
  cueTrackPositions: 0xb7,
  cueClusterPosition: 0xf1,
  timestampScale: 0x2ad7b1,
  duration: 0x4489,
  timestamp: 0xe7,
  simpleBlock: 0xa3,
  blockGroup: 0xa0,
  block: 0xa1,
  blockDuration: 0x9b,
  blockAdditions: 0x75a1,
  referenceBlock: 0xfb,
  referencePriority: 0xfa,
  referenceVirtual: 0xfd,
  discardPadding: 0x75a2,
  codecState: 0xa4,
  slices: 0x8e,
  trackEntry: 0xae,
  video: 0xe0,
  audio: 0xe1,
  contentEncodings: 0x6d80,
  contentEncoding: 0x6240,
  contentCompression: 0x5034,
  contentCompSettings: 0x4255,
  contentEncryption: 0x5035,
  colour: 0x55b0,
  projection: 0x7670,
  crc32: 0xbf,
  void: 0xec,
  position: 0xa7,
  previousSize: 0xab,
  silentTracks: 0x5854,
  encryptedBlock: 0xaf,
  tags: 0x1254c367,
  chapters: 0x1043a770,
  attachments: 0x1941a469,
} as const;

/** The identifier at the start of a cluster. */
export const CLUSTER_BYTES = [0x1f, 0x43, 0xb6, 0x75] as const;

export interface Element {
  readonly id: number;
  readonly bodyAt: number;
  /** Infinity if it is not known. */
  readonly size: number;
}

/** A size of eight bytes that means "unknown": the element ends before the next one that cannot be inside it. */
export const VOID_SIZE = new Uint8Array([1, 255, 255, 255, 255, 255, 255, 255]);

/** Read an element's header. Null if it is incomplete or invalid. */
export function readElement(bytes: Uint8Array, at: number): Element | null {
  const idBytes = Math.clz32(byteAt(bytes, at)) - 23;
  if (idBytes > 4 || at + idBytes >= bytes.length) return null;
  let id = 0;
  for (let index = 0; index < idBytes; index++) id = id * 256 + byteAt(bytes, at + index);
  const sizeAt = at + idBytes;
  const sizeBytes = Math.clz32(byteAt(bytes, sizeAt)) - 23;
  if (sizeBytes > 8 || sizeAt + sizeBytes > bytes.length) return null;
  let size = byteAt(bytes, sizeAt) & (0xff >> sizeBytes);
  let isUnknown = size === 0xff >> sizeBytes;
  for (let index = 1; index < sizeBytes; index++) {
    const byte = byteAt(bytes, sizeAt + index);
    size = size * 256 + byte;
    isUnknown &&= byte === 0xff;
  }
  return { id, bodyAt: sizeAt + sizeBytes, size: isUnknown ? Infinity : size };
}

/** The longest integer or float. */
const MAX_NUMBER_BYTES = 8;

/** Whether an element is short enough for a number, and complete. */
export function isNumber(bytes: Uint8Array, { bodyAt, size }: Element): boolean {
  return size <= MAX_NUMBER_BYTES && bodyAt + size <= bytes.length;
}

/** @throws DamagedSource if the element is too long for a number, or incomplete. */
export function readUint(bytes: Uint8Array, element: Element): number {
  if (!isNumber(bytes, element)) throw new DamagedSource(noNumber(element));
  const { bodyAt, size } = element;
  let value = 0;
  for (let index = 0; index < size; index++) value = value * 256 + byteAt(bytes, bodyAt + index);
  return value;
}

/** @throws DamagedSource if the element is too long for a number, or incomplete. */
export function readFloat(bytes: Uint8Array, element: Element): number {
  if (!isNumber(bytes, element)) throw new DamagedSource(noNumber(element));
  const { bodyAt, size } = element;
  return size === 8 ? viewOf(bytes).getFloat64(bodyAt) : size === 4 ? viewOf(bytes).getFloat32(bodyAt) : 0;
}

function noNumber({ id, bodyAt, size }: Element): string {
  const length = size === Infinity ? "no size" : `${size.toLocaleString("en")} bytes`;
  return `The file is damaged: the number in its element 0x${id.toString(16)} at byte ${bodyAt} has ${length}; a number has at most ${MAX_NUMBER_BYTES} bytes.`;
}

/** Return the complete elements in another one. */
export function childrenOf(bytes: Uint8Array, { bodyAt, size }: Element, work: Work): readonly Element[] {
  const children: Element[] = [];
  const end = Math.min(bytes.length, bodyAt + size);
  for (let child = readElement(bytes, bodyAt); child !== null && child.bodyAt + child.size <= end;) {
    work.visit();
    children.push(child);
    child = child.bodyAt + child.size < end ? readElement(bytes, child.bodyAt + child.size) : null;
  }
  return children;
}

/** Write a size below 127 in one byte. */
export function vint(size: number): number {
  return 0x80 | size;
}

export function writeId(id: number): Uint8Array {
  const bytes: number[] = [];
  for (let rest = id; rest > 0; rest = Math.floor(rest / 256)) bytes.unshift(rest % 256);
  return new Uint8Array(bytes);
}
