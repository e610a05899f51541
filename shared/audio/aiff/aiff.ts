import type * as z from "zod";

import { asciiAt, byteAt, viewOf } from "../reading/bytes.ts";
import { readWithin, type ByteSource } from "../reading/byte-source.ts";
import type { Container } from "../chunks/container.ts";
import { refuse, type Refusal } from "../chunks/chunk.ts";
import { pcmFrameBytes, type PcmFormat } from "../wav/pcm.ts";
import { pcmCutter, refuseCompressed, refuseShape, type PcmLayout } from "../wav/pcm-cutter.ts";
import { FETCHED_ELEMENT, type Work } from "../reading/work.ts";

/** The bytes that are read of each chunk: its name, its length, and the longest part of COMM that is needed. */
const CHUNK_HEAD_BYTES = 64;

/** The names of plain samples in AIFF-C. AIFF only has big-endian integers. */
const COMPRESSIONS: Readonly<
  Record<string, Pick<PcmFormat, "encoding" | "littleEndian"> & { readonly bytes?: number }>
> = {
  NONE: { encoding: "int", littleEndian: false },
  twos: { encoding: "int", littleEndian: false },
  sowt: { encoding: "int", littleEndian: true },
  "raw ": { encoding: "uint8", littleEndian: false, bytes: 1 },
  in24: { encoding: "int", littleEndian: false, bytes: 3 },
  in32: { encoding: "int", littleEndian: false, bytes: 4 },
  fl32: { encoding: "float", littleEndian: false, bytes: 4 },
  fl64: { encoding: "float", littleEndian: false, bytes: 8 },
  ulaw: { encoding: "ulaw", littleEndian: false, bytes: 1 },
  alaw: { encoding: "alaw", littleEndian: false, bytes: 1 },
};

interface Common {
  readonly format: PcmFormat;
  readonly frames: number;
}

/** Read the chunks of an AIFF or AIFF-C file, in any order (Apple, Audio Interchange File Format, 1.3 and AIFF-C draft). */
async function readHeader(source: ByteSource, work: Work): Promise<PcmLayout | Refusal> {
  let common: Common | Refusal | null = null;
  let sound: { readonly offset: number; readonly length: number } | null = null;
  for (let at = 12; at + 8 <= source.sizeBytes && (common === null || sound === null);) {
    work.visit(FETCHED_ELEMENT);
    const head = await readWithin(source, at, CHUNK_HEAD_BYTES);
    const view = viewOf(head);
    const name = asciiAt(head, 0, 4);
    const length = view.getUint32(4);
    if (name === "COMM" && head.length >= 26) common = readCommon(head, length);
    // The first eight bytes give the offset of the samples.
    if (name === "SSND" && head.length >= 16) {
      const skipped = 8 + view.getUint32(8);
      sound = { offset: at + 8 + skipped, length: length - skipped };
    }
    at += 8 + length + (length % 2);
  }
  if (common !== null && "type" in common) return common;
  if (common === null) return refuse("damaged", "The AIFF file ends before the description of its samples.");
  const { format, frames } = common;
  const frameBytes = pcmFrameBytes(format);
  const behind = sound === null ? 0 : Math.max(0, source.sizeBytes - sound.offset);
  // A recorder that crashed, or that wrote to a pipe, leaves zeros. A chunk without samples has eight bytes.
  const length = sound === null || (sound.length < 0 && frames === 0) ? behind : sound.length;
  const saidBytes = frames === 0 ? length : frames * frameBytes;
  const available = Math.min(length <= 0 ? saidBytes : Math.min(length, saidBytes), behind);
  const whole = available - (available % frameBytes);
  if (sound === null || whole === 0) return refuse("no_audio_track", "The AIFF file holds no samples.");
  return { format, data: { offset: sound.offset, length: whole }, saidBytes };
}

function readCommon(head: Uint8Array, length: number): Common | Refusal {
  const view = viewOf(head);
  const channels = view.getUint16(8);
  const frames = view.getUint32(10);
  const bits = view.getUint16(14);
  const sampleRate = readExtended(head, 16);
  const refused = refuseShape("AIFF", { sampleRate, channels });
  if (refused !== null) return refused;
  const name = length >= 22 && head.length >= 30 ? asciiAt(head, 26, 4) : "NONE";
  // Some writers use capitals.
  const compression = COMPRESSIONS[name] ?? COMPRESSIONS[name.toLowerCase()];
  if (compression === undefined) return refuseCompressed("AIFF", name);
  const { encoding, littleEndian, bytes = Math.ceil(bits / 8) } = compression;
  if (bytes < 1 || (encoding === "int" && bytes > 4)) {
    return refuse("damaged", `The AIFF file's header has an impossible sample size of ${bits} bits.`);
  }
  return { frames, format: { encoding, littleEndian, bytesPerSample: bytes, channels, sampleRate } };
}

/** Read an extended float of 80 bits, in the format of the Motorola 68881: a sign, 15 bits of exponent and 64 of mantissa. */
function readExtended(bytes: Uint8Array, at: number): number {
  const exponent = ((byteAt(bytes, at) & 0x7f) << 8) | byteAt(bytes, at + 1);
  const view = viewOf(bytes);
  return (view.getUint32(at + 2) * 2 ** 32 + view.getUint32(at + 6)) * 2 ** (exponent - 16_383 - 63);
}

function isAiff(head: Uint8Array): boolean {
  return asciiAt(head, 0, 4) === "FORM" && ["AIFF", "AIFC"].includes(asciiAt(head, 8, 4));
}

const cutter = pcmCutter("aiff", readHeader);

export const aiff = {
  ...cutter,
  begins: { by: "mark", mayFollowTags: false, isIn: isAiff },
} as const satisfies Container<z.infer<typeof cutter.extra>>;
