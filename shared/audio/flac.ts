import { asciiAt, byteAt, concatBytes, viewOf } from "./bytes.ts";
import { readWithin, type ByteSource } from "./byte-source.ts";
import { DamagedSource, refuse, type AudioPlan, type ChunkFile, type ChunkPlan } from "./chunk.ts";
import type { CallLimits } from "./call-limits.ts";
import { longestChunkMs, planCuts } from "./cuts.ts";
import { parseFlacHeader, renumberFlac, type FlacFrame, type FlacStream } from "./flac-frame.ts";
import { id3Bytes } from "./mpeg-frame.ts";
import { timeMap, type Point } from "./time-map.ts";
import { windowOn } from "./window.ts";

interface Flac extends FlacStream {
  readonly start: number;
  readonly totalSamples: number;
  readonly streamInfo: Uint8Array;
  readonly probeBytes: number;
}

/** Holds at least one frame of 4096 samples of 16-bit stereo, and the header that proves it. */
const PROBE_BYTES = 40 * 1024;
/** Encoders leave 8 kB for tags to be added: one read has all but a picture. */
const HEADERS_BYTES = 12 * 1024;
const MARGIN_SECONDS = 1;

export async function planFlac(source: ByteSource, limits: CallLimits): Promise<AudioPlan> {
  const flac = await readStart(source);
  if (flac === null) return refuse("damaged", "The FLAC file's header is incomplete.");
  const { sampleRate, start } = flac;
  const last = await findPoint(source, flac, Math.max(start, source.sizeBytes - 4 * PROBE_BYTES), "last");
  const totalSamples =
    flac.totalSamples > 0
      ? flac.totalSamples
      : last === null
        ? 0
        : Math.round((last.timeMs / 1000) * sampleRate) + flac.maxBlockSamples;
  if (totalSamples === 0) return refuse("no_audio_track", "The FLAC file holds no audio.");
  const durationMs = (totalSamples / sampleRate) * 1000;
  const bytesPerSecond = ((source.sizeBytes - start) / durationMs) * 1000;
  const cuts = await planCuts(durationMs, longestChunkMs(bytesPerSecond, limits), () => []);
  const map = timeMap(
    { offset: start, timeMs: 0 },
    { offset: source.sizeBytes, timeMs: durationMs },
    {
      nearMs: 1000,
      async look(offset) {
        const point = await findPoint(source, flac, offset, "first");
        return point === null ? [] : [point];
      },
    },
  );
  const chunks: ChunkPlan[] = [];
  for (const chunk of cuts) {
    const from = await map.locate(chunk.startMs);
    chunks.push({ ...chunk, bytes: { offset: from.offset, length: 0 } });
  }
  return {
    type: "chunks",
    container: "flac",
    codec: "flac",
    durationMs,
    chunks: chunks.map((chunk, index) => {
      const offset = chunk.bytes?.offset ?? start;
      const next = chunks[index + 1];
      const overlapBytes =
        next === undefined ? 0 : ((chunk.endMs - next.startMs) / 1000 + MARGIN_SECONDS) * bytesPerSecond * 1.2;
      const end =
        next === undefined
          ? source.sizeBytes
          : Math.min(source.sizeBytes, Math.ceil((next.bytes?.offset ?? 0) + overlapBytes));
      return { ...chunk, bytes: { offset, length: end - offset } };
    }),
  };
}

async function findPoint(
  source: ByteSource,
  flac: Flac,
  offset: number,
  which: "first" | "last",
): Promise<Point | null> {
  const bytes = await readWithin(source, offset, which === "first" ? flac.probeBytes : 4 * PROBE_BYTES);
  let found: Point | null = null;
  for (let frame = findFrame(bytes, 0, flac); frame !== null; frame = findFrame(bytes, frame.at + 16, flac)) {
    found = { offset: offset + frame.at, timeMs: (frame.sample / flac.sampleRate) * 1000 };
    if (which === "first") break;
  }
  return found;
}

/** A sync code and its CRC-8 are 22 bits by chance: the stream's parameters must agree too. */
function findFrame(bytes: Uint8Array, from: number, flac: FlacStream): FlacFrame | null {
  for (let at = bytes.indexOf(0xff, from); at !== -1; at = bytes.indexOf(0xff, at + 1)) {
    const frame = parseFlacHeader(bytes, at, flac);
    if (frame !== null) return frame;
  }
  return null;
}

export async function extractFlac(source: ByteSource, chunk: ChunkPlan): Promise<ChunkFile> {
  const flac = await readStart(source);
  if (flac === null || chunk.bytes === undefined) throw new DamagedSource("The chunk was not planned for FLAC.");
  const { sampleRate } = flac;
  const startSample = Math.round((chunk.startMs / 1000) * sampleRate);
  const endSample = Math.round((chunk.endMs / 1000) * sampleRate);
  const end = chunk.bytes.offset + chunk.bytes.length;
  let bytes = await readWithin(source, chunk.bytes.offset, chunk.bytes.length);
  let frames = findFrames(bytes, flac, endSample);
  // The bitrate was higher here than the plan allowed for.
  for (
    let more = 0;
    more < 4 && (frames.at(-1)?.sample ?? 0) < endSample && chunk.bytes.offset + bytes.length < source.sizeBytes;
    more++
  ) {
    bytes = concatBytes([
      bytes,
      await readWithin(
        source,
        Math.max(end, chunk.bytes.offset + bytes.length),
        Math.max(PROBE_BYTES / 2, bytes.length >> 4),
      ),
    ]);
    frames = findFrames(bytes, flac, endSample);
  }
  const firstAt = Math.max(
    0,
    frames.findLastIndex((frame) => frame.sample <= startSample),
  );
  const taken: Uint8Array[] = [];
  let samples = 0;
  for (let index = firstAt; index < frames.length; index++) {
    const frame = frames[index];
    if (frame === undefined || frame.sample >= endSample) break;
    const next = frames[index + 1]?.at ?? bytes.length;
    taken.push(renumberFlac(bytes.subarray(frame.at, next), frame, flac.isVariable ? samples : taken.length));
    samples += frame.samples;
  }
  const first = frames[firstAt];
  if (first === undefined || taken.length === 0 || first.sample + samples <= startSample)
    throw new DamagedSource("No FLAC frame where the plan has one.");
  return {
    bytes: concatBytes([streamHeader(flac, samples), ...taken]),
    contentType: "audio/flac",
    startMs: (first.sample / sampleRate) * 1000,
    durationMs: (samples / sampleRate) * 1000,
  };
}

/** Frames one after another: each must start where the samples of the one before end, or it is chance. */
function findFrames(bytes: Uint8Array, flac: FlacStream, endSample: number): readonly FlacFrame[] {
  const frames: FlacFrame[] = [];
  let from = 0;
  for (;;) {
    const frame = findFrame(bytes, from, flac);
    if (frame === null) return frames;
    const before = frames.at(-1);
    from = frame.at + 1;
    if (before !== undefined && frame.sample !== before.sample + before.samples) continue;
    frames.push(frame);
    if (frame.sample >= endSample) return frames;
    from = frame.at + 10;
  }
}

function streamHeader(flac: Flac, samples: number): Uint8Array {
  const info = flac.streamInfo.slice();
  const view = viewOf(info);
  info.fill(0, 4, 10); // smallest and largest frame: unknown
  view.setUint8(13, (view.getUint8(13) & 0xf0) | Math.floor(samples / 2 ** 32));
  view.setUint32(14, samples >>> 0);
  info.fill(0, 18, 34); // MD5 of the samples: unknown
  return concatBytes([new Uint8Array([0x66, 0x4c, 0x61, 0x43, 0x80, 0, 0, 34]), info]);
}

async function readStart(source: ByteSource): Promise<Flac | null> {
  const window = windowOn(source, HEADERS_BYTES);
  const base = id3Bytes((await window.at(0, 10)).subarray(0, 10));
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
  const largestFrameBytes = view.getUint32(6) & 0xffffff;
  if (sampleRate === 0) return null;
  return {
    start,
    streamInfo,
    probeBytes: largestFrameBytes === 0 ? PROBE_BYTES : Math.min(PROBE_BYTES, largestFrameBytes + 32),
    sampleRate,
    minBlockSamples: view.getUint16(0),
    maxBlockSamples: view.getUint16(2),
    channels: ((view.getUint8(12) >> 1) & 7) + 1,
    isVariable: (byteAt(firstFrame, 1) & 1) === 1,
    totalSamples: (view.getUint8(13) & 0x0f) * 2 ** 32 + view.getUint32(14),
  };
}
