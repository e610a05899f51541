import * as z from "zod";

import { asciiAt, indexOfBytes, viewOf } from "../reading/bytes.ts";
import { readWithin, type ByteSource } from "../reading/byte-source.ts";
import { READ_BYTES, type CallLimits } from "../chunks/limits.ts";
import { refuse, type AudioPlan, type ChunkPlan, refuseRate } from "../chunks/chunk.ts";
import { longestChunkMs, planCuts, splitChunk } from "../chunks/cuts.ts";
import { cutOff } from "../chunks/missing.ts";
import type { Point } from "../reading/points.ts";
import type { Container } from "../chunks/container.ts";
import { findFlacFrame, type Flac, type FlacFrame } from "./frame.ts";
import { extractFlac, PROBE_BYTES, SEARCH_BYTES } from "./cut.ts";
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

const END_BYTES = 4 * PROBE_BYTES;
/** Number of places along the file at which the sample numbers must have increased. */
const PROBES = 8;
/** "fLaC". The header of the first block, which has 34 bytes, follows it. */
const FILE_MARK = [0x66, 0x4c, 0x61, 0x43];
const MARK_BYTES = 8;
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
