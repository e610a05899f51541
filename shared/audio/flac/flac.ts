import * as z from "zod";

import { asciiAt, concatBytes, indexOfBytes, viewOf } from "../reading/bytes.ts";
import { memorySource, readWithin, type ByteSource } from "../reading/byte-source.ts";
import { CHUNK_MAX_READS, MAX_DURATION_MS, READ_BYTES, type CallLimits } from "../chunks/limits.ts";
import {
  DamagedSource,
  refuse,
  type AudioPlan,
  type ByteRange,
  type ChunkFile,
  type ChunkPlan,
  type Missing,
  refuseRate,
  SilentStretch,
  type Times,
} from "../chunks/chunk.ts";
import type { Timed } from "../chunks/pauses.ts";
import { longestChunkMs, planCuts, splitChunk } from "../chunks/cuts.ts";
import { cutOff, joinTimes } from "../chunks/missing.ts";
import { isQuiet, isSilent, quietAmong } from "../chunks/silence.ts";
import type { Point } from "../reading/points.ts";
import type { Container } from "../chunks/container.ts";
import { findFlacFrame, renumberFlac, silentFlac, type Flac, type FlacFrame } from "./frame.ts";
import { changesFrom, isBareFrame } from "./bare.ts";
import { flacMap, type FlacMap } from "./map.ts";
import { scanFlac } from "./scan.ts";
import { readFlacStart } from "./stream.ts";
import { planParts } from "../chunks/parts.ts";
import { slideOver } from "../reading/sliding-window.ts";
import type { Work } from "../reading/work.ts";

/** Nothing: every chunk reads the header again. */
const FlacExtra = z.object({ type: z.literal("flac"), v: z.literal(1) });
type FlacChunk = ChunkPlan<z.infer<typeof FlacExtra>>;

/** Holds at least one frame of 4096 samples of 16-bit stereo, and the header after it that proves it. */
const PROBE_BYTES = 40 * 1024;
const END_BYTES = 4 * PROBE_BYTES;
/** Number of places along the file at which the sample numbers must have increased. */
const PROBES = 8;
/** How far the next frame is searched where frames are missing. This takes a few reads. */
const SEARCH_BYTES = 32 * 1024 * 1024;
/** FLAC of music takes 0.5 to 0.7 times the size of PCM. */
const PACKED_SHARE = 0.7;
/** "fLaC". The header of the first block, which has 34 bytes, follows it. */
const FILE_MARK = [0x66, 0x4c, 0x61, 0x43];
const MARK_BYTES = 8;
/** The work of writing a frame of silence, which has two checksums. */
const SILENCE_ELEMENTS = 16;

async function planFlac(
  source: ByteSource,
  limits: CallLimits,
  work: Work,
  { goesOnDifferently = false } = {},
): Promise<AudioPlan> {
  const start = await readFlacStart(source);
  // The header counts the samples of all parts.
  const flac = start !== null && goesOnDifferently ? { ...start, totalSamples: 0 } : start;
  if (flac === null) return refuse("damaged", "The FLAC file's header is incomplete.");
  const { sampleRate } = flac;
  const refused = refuseRate(sampleRate);
  if (refused !== null) return refused;
  const { last, endBytes } = await findLastFrame(source, flac, work);
  const probed = await probe(source, flac, work);
  const samplesAtEnd = last === null ? 0 : last.sample + last.samples;
  const frames = last === null || last.at <= (probed.at(-1)?.at ?? 0) ? probed : [...probed, last];
  const goesOn = frames.every(({ sample }, index) => sample > (frames[index - 1]?.sample ?? -1));
  const isLonger = flac.totalSamples > 0 && samplesAtEnd > flac.totalSamples;
  const isOtherAtEnd = last === null || last.at < source.sizeBytes - PROBE_BYTES;
  if (isOtherAtEnd && changesFrom(flac, work).in(endBytes, 0).length > 0) {
    const starts = await findStarts(source, flac, work);
    return planParts(source, starts, work, (part, index) =>
      planFlac(part, limits, work, { goesOnDifferently: index < starts.length - 1 }),
    );
  }
  if (!goesOn || isLonger || marksIn(endBytes, work).length > 0) {
    const starts = await findStarts(source, flac, work);
    if (starts.length > 1) return planParts(source, starts, work, (part) => planFlac(part, limits, work));
  }
  const totalSamples = goesOn ? Math.max(flac.totalSamples, samplesAtEnd) : flac.totalSamples;
  if (totalSamples === 0) return refuse("no_audio_track", "The FLAC file holds no audio.");
  if (frames.length === 0) {
    return refuse(
      "damaged",
      "The FLAC file has its header, but no sound after it. Its upload or its download was interrupted: send it again.",
    );
  }
  const durationMs = (totalSamples / sampleRate) * 1000;
  const lastThere = frames.at(-1);
  const soundMs =
    !goesOn || lastThere === undefined
      ? durationMs
      : Math.min(durationMs, ((lastThere.sample + lastThere.samples) / sampleRate) * 1000);
  const pointOf = ({ at, sample }: FlacFrame): Point => ({ offset: at, timeMs: (sample / sampleRate) * 1000 });
  const map = flacMap(
    [{ offset: flac.start, timeMs: 0 }, ...(goesOn ? frames.map(pointOf) : [])],
    { offset: source.sizeBytes, timeMs: soundMs },
    async (offset) => {
      const found = await firstFrame(source, flac, offset, work);
      return found === null ? null : pointOf(found);
    },
    work,
  );
  const bytesPerSecond = ((source.sizeBytes - flac.start) / soundMs) * 1000;
  const cuts = await planCuts(soundMs, longestChunkMs(bytesPerSecond, limits), () => [], work);
  const chunks: FlacChunk[] = [];
  for (const chunk of cuts)
    chunks.push(...(await place({ ...chunk, extra: { type: "flac", v: 1 } }, map, limits, work)));
  return {
    type: "chunks",
    container: "flac",
    codec: "flac",
    durationMs,
    chunks: chunks.map((chunk, index) => ({ ...chunk, index })),
    gaps: cutOff(soundMs, durationMs),
  };
}

/** The last frame, and the bytes at the end of the file. A file that was not received completely may end with zeros. */
async function findLastFrame(
  source: ByteSource,
  flac: Flac,
  work: Work,
): Promise<{ readonly last: FlacFrame | null; readonly endBytes: Uint8Array }> {
  let endBytes: Uint8Array | null = null;
  for (let end = source.sizeBytes, length = END_BYTES; end > flac.start; length = Math.min(4 * length, READ_BYTES)) {
    const offset = Math.max(flac.start, end - length);
    const bytes = await readWithin(source, offset, end - offset);
    endBytes ??= bytes;
    const last = lastFrame(bytes, { offset, flac }, work);
    if (last !== null || source.sizeBytes - offset > SEARCH_BYTES) return { last, endBytes };
    // A frame may lie across the two pieces.
    end = offset === flac.start ? 0 : offset + PROBE_BYTES;
  }
  return { last: null, endBytes: endBytes ?? new Uint8Array() };
}

/** Find a chunk's bytes. Halve the chunk where it is louder than the file's average and would not fit a call. */
async function place(chunk: FlacChunk, map: FlacMap, limits: CallLimits, work: Work): Promise<readonly FlacChunk[]> {
  const { offset } = await map.locate(chunk.startMs);
  const length = (await map.locate(chunk.endMs)).offset - offset;
  const halves = length > limits.maxBytes ? splitChunk(chunk) : null;
  if (halves === null) return [{ ...chunk, bytes: { offset, length: length + PROBE_BYTES } }];
  work.call(); // one more
  const placed: FlacChunk[] = [];
  for (const half of halves) placed.push(...(await place(half, map, limits, work)));
  return placed;
}

async function firstFrame(source: ByteSource, flac: Flac, offset: number, work: Work): Promise<FlacFrame | null> {
  const { largestFrameBytes } = flac;
  const lookBytes = largestFrameBytes === 0 ? PROBE_BYTES : Math.min(PROBE_BYTES, largestFrameBytes + 32);
  const bytes = await readWithin(source, offset, lookBytes);
  const find = (from: number) => findFlacFrame(bytes, from, flac, work);
  for (let found = find(0); found !== null; found = find(found.at + 1)) {
    // All frames except the last have the same length. A header with another length is there by chance.
    if (flac.countsSamples || found.samples === flac.blockSamples) return { ...found, at: offset + found.at };
  }
  return null;
}

/** The last frame that continues the one before it. */
function lastFrame(
  bytes: Uint8Array,
  { offset, flac }: { readonly offset: number; readonly flac: Flac },
  work: Work,
): FlacFrame | null {
  let last: FlacFrame | null = null;
  const scan = scanFlac(flac, work, (frame) => (last = { ...frame, at: offset + frame.at }));
  scan.push(bytes);
  scan.end();
  return last;
}

/** Frames at even steps along the file. One of them may be there by chance. */
async function probe(source: ByteSource, flac: Flac, work: Work): Promise<readonly FlacFrame[]> {
  const bytes = source.sizeBytes - flac.start;
  const step = Math.max(END_BYTES, Math.floor(bytes / (PROBES + 1)));
  const found: FlacFrame[] = [];
  for (let offset = flac.start + step; offset < source.sizeBytes - END_BYTES; offset += step) {
    const frame = await firstFrame(source, flac, offset, work);
    if (frame !== null) found.push(frame);
  }
  return found;
}

/** Where the files begin that were laid end to end. Finding them takes reading every byte. */
async function findStarts(source: ByteSource, flac: Flac, work: Work): Promise<readonly number[]> {
  const starts = new Set([0]);
  const changes = changesFrom(flac, work);
  const window = await slideOver(source, flac.start);
  for (;;) {
    const { base, bytes, isLast } = window;
    for (const at of marksIn(bytes, work)) starts.add(base + at);
    for (const at of changes.in(bytes, base)) starts.add(at);
    if (isLast) return [...starts].toSorted((left, right) => left - right);
    await window.advance(bytes.length - MARK_BYTES + 1);
  }
}

function marksIn(bytes: Uint8Array, work: Work): readonly number[] {
  const marks: number[] = [];
  const find = (from: number) => indexOfBytes(bytes, FILE_MARK, from, work);
  for (let at = find(0); at !== -1; at = find(at + 1)) {
    if (at + MARK_BYTES > bytes.length || (viewOf(bytes).getUint32(at + 4) & 0x7fffffff) !== 34) continue;
    work.keep();
    marks.push(at);
  }
  return marks;
}

async function extractFlac(source: ByteSource, chunk: ChunkPlan, work: Work): Promise<ChunkFile> {
  const flac = await readFlacStart(source);
  if (flac === null || chunk.bytes === undefined) throw new DamagedSource("The FLAC file's header is not as planned.");
  return cutFlac(source, flac, { ...chunk, bytes: chunk.bytes }, work);
}

/** Cut a chunk by the numbers of its frames. */
export async function cutFlac(
  source: ByteSource,
  flac: Flac,
  chunk: Times & { readonly bytes: ByteRange },
  work: Work,
): Promise<ChunkFile> {
  const { sampleRate, countsSamples } = flac;
  const startSample = Math.round((chunk.startMs / 1000) * sampleRate);
  const endSample = Math.round((chunk.endMs / 1000) * sampleRate);
  const taken: Uint8Array[] = [];
  const missing: Missing[] = [];
  const sounding: (Timed & { readonly isQuiet: boolean })[] = [];
  let isSound = false;
  const msOf = (sample: number) => (sample / sampleRate) * 1000;
  let firstSample = 0;
  let samples = 0;
  const scan = scanFlac(flac, work, (frame, bytes) => {
    if (frame.sample + frame.samples <= startSample || frame.sample >= endSample) return;
    if (taken.length === 0) {
      firstSample = frame.sample;
      if (frame.sample > startSample + flac.maxBlockSamples)
        missing.push({ startMs: msOf(startSample), endMs: msOf(frame.sample), reason: "damaged" });
    } else if (frame.sample > firstSample + samples)
      missing.push({ startMs: msOf(firstSample + samples), endMs: msOf(frame.sample), reason: "damaged" });
    isSound ||= !isSilent("flac", bytes);
    sounding.push({
      timeMs: msOf(frame.sample),
      durationMs: msOf(frame.samples),
      isQuiet: isQuiet("flac", bytes, { durationMs: msOf(frame.samples), samples: frame.samples }),
    });
    work.keep();
    work.hold(bytes.length);
    // Silence takes the place of missing frames, so that the frames after them keep their time.
    for (let gap = frame.sample - firstSample - samples; gap > 0; gap = frame.sample - firstSample - samples) {
      work.keep();
      work.visit(SILENCE_ELEMENTS);
      const length = Math.min(gap, flac.maxBlockSamples);
      const number = countsSamples ? samples : taken.length;
      taken.push(silentFlac({ header: frame, bytes }, flac, { samples: length, number }));
      samples += length;
    }
    taken.push(renumberFlac(bytes, frame, { number: countsSamples ? samples : taken.length, countsSamples }));
    samples += frame.samples;
  });
  const { offset: first, length: plannedBytes } = chunk.bytes;
  const stepBytes = Math.min(2 * READ_BYTES, Math.max(READ_BYTES, Math.ceil(plannedBytes / (CHUNK_MAX_READS - 4))));
  const pcmFrameBytes = (flac.channels * flac.bitsPerSample) / 8;
  let offset = first;
  let stalls = 0;
  // Up to the frame after the last one that is needed, which proves where that one ends.
  while (
    offset < source.sizeBytes &&
    scan.reachedSample < endSample &&
    offset - first - scan.reachedAt < SEARCH_BYTES
  ) {
    const wanted = endSample + 2 * flac.maxBlockSamples - Math.max(scan.reachedSample, startSample);
    const missingBytes = Math.max(PROBE_BYTES, Math.ceil(wanted * pcmFrameBytes * PACKED_SHARE));
    const ahead = first + plannedBytes - offset;
    const before = scan.reachedAt;
    // Ever longer steps are read through damage.
    const piece = await readWithin(source, offset, Math.min(stepBytes, ahead > 0 ? ahead : missingBytes * 4 ** stalls));
    scan.push(piece);
    stalls = scan.reachedAt === before ? stalls + 1 : 0;
    offset += piece.length;
  }
  if (offset >= source.sizeBytes) scan.end();
  if (taken.length === 0) throw new DamagedSource("The file has no FLAC frame where its plan has one.");
  if (!isSound) throw new SilentStretch("The recording is digital silence here.");
  const reached = firstSample + samples;
  if (reached < endSample - flac.maxBlockSamples)
    missing.push({ startMs: msOf(reached), endMs: msOf(endSample), reason: "damaged" });
  return {
    bytes: concatBytes([streamHeader(flac, samples), ...taken]),
    contentType: "audio/flac",
    startMs: (firstSample / sampleRate) * 1000,
    durationMs: (samples / sampleRate) * 1000,
    missing: joinTimes(missing),
    quiet: quietAmong(sounding, (index) => sounding[index]?.isQuiet ?? false),
  };
}

/**
 * A file whose frames are numbered from its own beginning. Frames that were copied out of another container say where they were
 * in the recording, and a browser's player takes that for its time. Frames that cannot be parsed stay as they are.
 */
export async function renumberFile(bytes: Uint8Array, work: Work): Promise<Uint8Array> {
  const source = memorySource(bytes);
  const flac = await readFlacStart(source);
  if (flac === null) return bytes;
  const all = { index: 0, startMs: 0, endMs: MAX_DURATION_MS, ownStartMs: 0, ownEndMs: MAX_DURATION_MS };
  const range = { offset: flac.start, length: bytes.length - flac.start };
  try {
    return (await extractFlac(source, { ...all, bytes: range, extra: { type: "flac", v: 1 } }, work)).bytes;
  } catch (error) {
    if (error instanceof DamagedSource || error instanceof SilentStretch) return bytes;
    throw error;
  }
}

function streamHeader(flac: Flac, samples: number): Uint8Array {
  const info = flac.streamInfo.slice();
  const view = viewOf(info);
  // Frames that carry their own number have one length, even if the file's header says otherwise.
  if (!flac.countsSamples) {
    view.setUint16(0, flac.blockSamples);
    view.setUint16(2, flac.blockSamples);
  }
  info.fill(0, 4, 10); // smallest and largest frame: unknown
  view.setUint8(13, (view.getUint8(13) & 0xf0) | Math.floor(samples / 2 ** 32));
  view.setUint32(14, samples >>> 0);
  info.fill(0, 18, 34); // MD5 of the samples: unknown
  return concatBytes([new Uint8Array([0x66, 0x4c, 0x61, 0x43, 0x80, 0, 0, 34]), info]);
}

export const flac = {
  name: "flac",
  begins: { by: "mark", mayFollowTags: true, isIn: (head) => asciiAt(head, 0, 4) === "fLaC" || isBareFrame(head) },
  extra: FlacExtra,
  plan: planFlac,
  extract: extractFlac,
  endsByTime: true,
  joined: (first) => first,
  sentBytesPerSecond: (bytesPerSecond) => bytesPerSecond,
} as const satisfies Container<z.infer<typeof FlacExtra>>;
