import { asciiAt, viewOf } from "../reading/bytes.ts";
import { readWithin, type ByteSource } from "../reading/byte-source.ts";
import { findFirstFrame, findFrame } from "../frames/find.ts";
import { parseMp3Header, type Mp3Header } from "./header.ts";
import type { Work } from "../reading/work.ts";

export interface Mp3 {
  readonly header: Mp3Header;
  /** The offset of the first frame of sound, after tags and the Xing frame. */
  readonly start: number;
  /** The number of samples that a player drops at the start, because the encoder declares that it added them. */
  readonly skippedSamples: number;
  readonly frames: number | null;
}

const DECODER_DELAY_SAMPLES = 529;
const PROBES = 8;
const PROBE_BYTES = 8 * 1024;
/** The number of frames by which an encoder's count and the bytes may differ. */
const COUNT_FRAMES = 3;

/** Find the first frame of sound, and read the encoder's frame before it (Xing), which describes the others. */
export async function readMp3Start(source: ByteSource, work: Work): Promise<Mp3 | null> {
  const found = await findFirstFrame(source, parseMp3Header, work);
  if (found === null) return null;
  const { offset, header, bytes: head } = found;
  const tagAt = xingOffset(header);
  const name = asciiAt(head, tagAt, 4);
  if (name !== "Xing" && name !== "Info") return { header, start: offset, skippedSamples: 0, frames: null };
  const view = viewOf(head);
  const flags = view.getUint32(tagAt + 4);
  const frames = flags & 1 ? view.getUint32(tagAt + 8) : 0;
  const encoderAt = tagAt + 8 + (flags & 1 ? 4 : 0) + (flags & 2 ? 4 : 0) + (flags & 4 ? 100 : 0) + (flags & 8 ? 4 : 0);
  const hasDelay = /^(LAME|Lavf|Lavc)/.test(asciiAt(head, encoderAt, 4)) && encoderAt + 24 <= head.length;
  const delay = hasDelay ? view.getUint16(encoderAt + 21) >> 4 : 0;
  const second = parseMp3Header(head, header.bytes);
  return {
    header: second ?? header,
    start: offset + header.bytes,
    skippedSamples: hasDelay ? delay + DECODER_DELAY_SAMPLES : 0,
    frames: frames === 0 ? null : frames,
  };
}

/**
 * Check whether the bitrate is constant: frames begin at their computed places. This is checked at a few places along the file and
 * at its end.
 * @param end where the sound ends.
 * @returns null if it varies; otherwise whether the file ends within a frame.
 */
export async function readConstant(
  source: ByteSource,
  { header, start, frames }: Mp3,
  end: number,
  work: Work,
): Promise<{ readonly endsWithin: boolean } | null> {
  const frameBytes = bytesOfFrame(header);
  const soundBytes = end - start;
  // A count that does not fill the file counts only the first of several joined files.
  if (frames !== null && Math.abs(frames * frameBytes - soundBytes) > COUNT_FRAMES * frameBytes) return null;
  const places = Array.from({ length: PROBES }, (_, index) => (soundBytes * (index + 1)) / (PROBES + 1));
  // The last place is up to a frame before the last bytes.
  const probeBytes = PROBE_BYTES + Math.ceil(2 * frameBytes);
  let endsWithin = false;
  for (const place of [...places, Math.max(0, soundBytes - PROBE_BYTES)]) {
    const expected = start + Math.floor(place / frameBytes) * frameBytes;
    const base = Math.max(0, Math.floor(expected) - 2);
    const bytes = await readWithin(source, base, Math.min(probeBytes, end - base));
    const found = findFrame(bytes, 0, parseMp3Header, work);
    if (found === null || found.at > 4) return null;
    let at = found.at;
    for (let next = parseMp3Header(bytes, at); next !== null; next = parseMp3Header(bytes, at)) {
      if (next.bitrate !== header.bitrate || next.sampleRate !== header.sampleRate) return null;
      work.visit();
      at += next.bytes;
    }
    if (at + 4 <= bytes.length) return null;
    // Less than a header is the beginning of a frame too.
    endsWithin = base + bytes.length >= end && (at > bytes.length || bytes[at] === 0xff);
  }
  return { endsWithin };
}

/** Return the average size of a frame: some frames are a byte longer than others. */
export function bytesOfFrame({ samples, bitrate, sampleRate }: Mp3Header): number {
  return ((samples / 8) * bitrate) / sampleRate;
}

export function xingOffset({ isMpeg1, channels }: Mp3Header): number {
  if (isMpeg1) return channels === 1 ? 21 : 36;
  return channels === 1 ? 13 : 21;
}
