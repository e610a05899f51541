import { concatBytes, viewOf } from "../reading/bytes.ts";
import { memorySource, readWithin, type ByteSource } from "../reading/byte-source.ts";
import { CHUNK_MAX_READS, MAX_DURATION_MS, READ_BYTES } from "../chunks/limits.ts";
import {
  DamagedSource,
  type ByteRange,
  type ChunkFile,
  type ChunkPlan,
  type Missing,
  SilentStretch,
  type Times,
} from "../chunks/chunk.ts";
import type { Timed } from "../chunks/pauses.ts";
import { joinTimes } from "../chunks/missing.ts";
import { isQuiet, isSilent, quietAmong } from "../chunks/silence.ts";
import { renumberFlac, silentFlac, type Flac } from "./frame.ts";
import { scanFlac } from "./scan.ts";
import { readFlacStart } from "./stream.ts";
import type { Work } from "../reading/work.ts";

/** Holds at least one frame of 4096 samples of 16-bit stereo, and the header after it that proves it. */
export const PROBE_BYTES = 40 * 1024;

/** How far the next frame is searched where frames are missing. This takes a few reads. */
export const SEARCH_BYTES = 32 * 1024 * 1024;

/** FLAC of music takes 0.5 to 0.7 times the size of PCM. */
const PACKED_SHARE = 0.7;

/** The work of writing a frame of silence, which has two checksums. */
const SILENCE_ELEMENTS = 16;

/** Cut a planned chunk. The header is read again. */
export async function extractFlac(source: ByteSource, chunk: ChunkPlan, work: Work): Promise<ChunkFile> {
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
