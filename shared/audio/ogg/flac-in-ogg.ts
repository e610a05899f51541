import { cutFlac } from "../flac/cut.ts";
import type { Flac } from "../flac/frame.ts";
import { scanFlac } from "../flac/scan.ts";
import { readFlacStart } from "../flac/stream.ts";
import { DamagedSource, type ChunkFile, type Times } from "../chunks/chunk.ts";
import { byteAt, concatBytes, viewOf } from "../reading/bytes.ts";
import { memorySource } from "../reading/byte-source.ts";
import type { Work } from "../reading/work.ts";
import { lacingOf, pagesIn, type OggPage } from "./page.ts";

/**
 * Where STREAMINFO lies in the first packet (RFC 9639, section 10.1): after a mark, a version, a count of headers, "fLaC", and the header
 * of the block.
 */
const INFO_AT = 17;
const INFO_BYTES = 34;

/** "fLaC", and the header of a block that is the last one. */
const FILE_HEAD = Uint8Array.of(0x66, 0x4c, 0x61, 0x43, 0x80, 0, 0, INFO_BYTES);

/** STREAMINFO, from the first page of the stream. */
export interface FlacInfo {
  readonly bytes: Uint8Array;
  readonly sampleRate: number;
  readonly channels: number;
  /** 0 where it does not say. */
  readonly totalSamples: number;
}

/** Null where the first page is too short to have it. */
export function flacInfo(bytes: Uint8Array, { at, length, bodyAt }: OggPage): FlacInfo | null {
  const from = bodyAt + INFO_AT;
  if (from + INFO_BYTES > Math.min(bytes.length, at + length)) return null;
  const info = bytes.slice(from, from + INFO_BYTES);
  const view = viewOf(info);
  return {
    bytes: info,
    sampleRate: view.getUint32(10) >>> 12,
    channels: ((view.getUint8(12) >> 1) & 7) + 1,
    totalSamples: (view.getUint8(13) & 0x0f) * 2 ** 32 + view.getUint32(14),
  };
}

/** Whether the last header ends on this page. Each header is a block of metadata, and its first bit is set for the last one. */
export function flacHeadEnd(): (bytes: Uint8Array, page: OggPage) => boolean {
  let isLast = false;
  return (bytes, page) => {
    let at = page.bodyAt;
    let isBegin = !page.isContinued;
    for (const length of lacingOf(bytes, page)) {
      // The first packet has its block after a mark.
      if (isBegin) isLast = (byteAt(bytes, page.isFirst ? at + INFO_AT - 4 : at) & 0x80) !== 0;
      at += length;
      isBegin = length < 255;
      if (isBegin && isLast) return true;
    }
    return false;
  };
}

/** A FLAC file of what these pages hold. Its header gives no total, so its first frame says where its samples begin. */
function fileOf(info: FlacInfo, pages: Uint8Array, work: Work): Uint8Array {
  const head = info.bytes.slice();
  head[13] = byteAt(head, 13) & 0xf0;
  head.fill(0, 14, 18);
  const parts: Uint8Array[] = [FILE_HEAD, head];
  for (const { at, length, bodyAt } of pagesIn(pages, work)) parts.push(pages.subarray(bodyAt, at + length));
  const file = concatBytes(parts);
  work.hold(file.length);
  return file;
}

/** How many samples the frames on these pages have, and the number of the first. Null where they have no frame. */
export async function countFlac(
  info: FlacInfo,
  pages: Uint8Array,
  work: Work,
): Promise<{ readonly samples: number; readonly zeroSample: number } | null> {
  return work.borrow(async () => {
    const file = fileOf(info, pages, work);
    const flac = await readFlacStart(memorySource(file));
    if (flac === null) return null;
    let samples = 0;
    const scan = scanFlac(flac, work, (frame) => (samples += frame.samples));
    scan.push(file.subarray(flac.start));
    scan.end();
    return samples === 0 ? null : { samples, zeroSample: flac.zeroSample };
  });
}

/** Cut a chunk out of whole pages. Its times count from the sample with the number `zeroSample`. */
export async function cutOggFlac(
  info: FlacInfo,
  pages: Uint8Array,
  { zeroSample, ...times }: Times & Pick<Flac, "zeroSample">,
  work: Work,
): Promise<ChunkFile> {
  const file = fileOf(info, pages, work);
  const source = memorySource(file);
  const start = await readFlacStart(source);
  if (start === null) throw new DamagedSource("The file is damaged: its header of FLAC cannot be read.");
  const bytes = { offset: start.start, length: file.length - start.start };
  return cutFlac(source, { ...start, zeroSample }, { ...times, bytes }, work);
}
