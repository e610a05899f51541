import { asciiAt, byteAt, viewOf } from "../reading/bytes.ts";
import type { ByteSource } from "../reading/byte-source.ts";
import { bareFrame, isBareFrame, numberingOf, readBareStart } from "./bare.ts";
import type { Flac } from "./frame.ts";
import { behindTags } from "../reading/tags.ts";
import { windowOn } from "../reading/window.ts";

const MIN_BLOCK_SAMPLES = 16;

/** Contains the first frame of almost all files, and the header of the next one. */
const TWO_FRAMES_BYTES = 48 * 1024;

/** Encoders reserve 8 kB for tags, so one read contains all headers except pictures. */
const HEADERS_BYTES = 12 * 1024;

/** Read the headers before the frames (RFC 9639, 8). Null if they are missing or incomplete. */
export async function readFlacStart(source: ByteSource): Promise<Flac | null> {
  const window = windowOn(source, HEADERS_BYTES);
  const base = await behindTags(window);
  const head = (await window.at(base, 64)).slice(0, 64);
  if (isBareFrame(head)) return readBareStart(head, base);
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
  // No block is shorter (RFC 9639, 8.2).
  if (sampleRate === 0 || view.getUint16(2) < MIN_BLOCK_SAMPLES) return null;
  const isVariable = (byteAt(firstFrame, 1) & 1) === 1;
  const [shortest, longest] = [view.getUint16(0), view.getUint16(2)];
  const isOdd = !isVariable && shortest !== longest;
  const numbering = isOdd
    ? numberingOf((await window.at(start, TWO_FRAMES_BYTES)).subarray(0, TWO_FRAMES_BYTES))
    : null;
  const totalSamples = (view.getUint8(13) & 0x0f) * 2 ** 32 + view.getUint32(14);
  const first = totalSamples > 0 ? null : bareFrame(firstFrame, 0);
  const countsSamples = numbering?.countsSamples ?? isVariable;
  const blockSamples = numbering?.blockSamples ?? longest;
  return {
    start,
    countsSamples,
    blockSamples,
    // A recorder that joins a stream late writes its own header before the part that it receives.
    zeroSample: first === null ? 0 : first.number * (countsSamples ? 1 : blockSamples),
    streamInfo,
    largestFrameBytes: view.getUint32(6) & 0xffffff,
    sampleRate,
    maxBlockSamples: longest,
    channels: ((view.getUint8(12) >> 1) & 7) + 1,
    bitsPerSample: (((view.getUint8(12) & 1) << 4) | (view.getUint8(13) >> 4)) + 1,
    isVariable,
    totalSamples,
  };
}
