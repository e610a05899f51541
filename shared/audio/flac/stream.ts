import { asciiAt, byteAt, viewOf } from "../reading/bytes.ts";
import type { ByteSource } from "../reading/byte-source.ts";
import type { FlacStream } from "./frame.ts";
import { behindTags } from "../reading/tags.ts";
import { windowOn } from "../reading/window.ts";

export interface Flac extends FlacStream {
  /** Where the first frame lies. */
  readonly start: number;
  /** 0 where the header does not say. */
  readonly totalSamples: number;
  readonly streamInfo: Uint8Array;
  /** 0 where the header does not say. */
  readonly largestFrameBytes: number;
}

const MIN_BLOCK_SAMPLES = 16;

/** Encoders leave 8 kB for tags, so one read has all headers except pictures. */
const HEADERS_BYTES = 12 * 1024;

/** The headers in front of the frames (RFC 9639, 8). Null where they are missing or incomplete. */
export async function readFlacStart(source: ByteSource): Promise<Flac | null> {
  const window = windowOn(source, HEADERS_BYTES);
  const base = await behindTags(window);
  const head = (await window.at(base, 64)).slice(0, 64);
  if (head.length < 46 || asciiAt(head, 0, 4) !== "fLaC" || (byteAt(head, 4) & 0x7f) !== 0) return null;
  const streamInfo = head.slice(8, 42);
  const view = viewOf(streamInfo);
  let start = base + 4;
  let block = head.subarray(4, 8);
  for (let blocks = 0; blocks < 64; blocks++) {
    if (block.length < 4) return null;
    start += 4 + (viewOf(block).getUint32(0) & 0xffffff);
    if (byteAt(block, 0) & 0x80) break;
    block =
      start - base + 4 <= head.length
        ? head.subarray(start - base, start - base + 4)
        : (await window.at(start, 4)).slice(0, 4);
  }
  const firstFrame = await window.at(start, 16);
  const sampleRate = view.getUint32(10) >>> 12;
  // RFC 9639, 8.2: no block is shorter.
  if (sampleRate === 0 || view.getUint16(2) < MIN_BLOCK_SAMPLES) return null;
  return {
    start,
    streamInfo,
    largestFrameBytes: view.getUint32(6) & 0xffffff,
    sampleRate,
    maxBlockSamples: view.getUint16(2),
    channels: ((view.getUint8(12) >> 1) & 7) + 1,
    bitsPerSample: (((view.getUint8(12) & 1) << 4) | (view.getUint8(13) >> 4)) + 1,
    isVariable: (byteAt(firstFrame, 1) & 1) === 1,
    totalSamples: (view.getUint8(13) & 0x0f) * 2 ** 32 + view.getUint32(14),
  };
}
