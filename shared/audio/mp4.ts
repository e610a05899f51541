import { viewOf } from "./bytes.ts";
import { readWithin, type ByteSource } from "./byte-source.ts";
import { DamagedSource, refuse, type AudioPlan, type ChunkFile, type ChunkPlan, type Json } from "./chunk.ts";
import { longestChunkMs, planCuts } from "./cuts.ts";
import { planFragmentedMp4 } from "./fmp4.ts";
import { CHUNK_MAX_READS, HEAD_BYTES, MAX_INDEX_BYTES, MODEL_SAMPLE_RATE, READ_BYTES } from "./limits.ts";
import { writeM4a } from "./m4a.ts";
import { readMp4Track, type Mp4Track } from "./mp4-track.ts";
import { readTables, type SampleTables } from "./mp4-tables.ts";
import { pcmFrameBytes, type PcmFormat } from "./pcm.ts";
import { pcmFile } from "./pcm-file.ts";
import { windowOn } from "./window.ts";

/** A chunk carries its piece of the index, so that no chunk reads the whole index again. */
interface Mp4Extra {
  readonly [key: string]: Json;
  readonly timescale: number;
  readonly entry: string;
  readonly isQuickTime: boolean;
  /** Media time of the first packet, after the edit list. */
  readonly firstTicks: number;
  /** Durations as count, ticks, count, ticks, … */
  readonly durations: readonly number[];
  /** Stretches of packets that lie together, as offset, bytes, packets, offset, bytes, packets, … */
  readonly runs: readonly number[];
  /** Where the sizes of the packets stand (4 bytes each); 0 where all have `size`. */
  readonly sizesAt: number;
  readonly size: number;
  readonly pcm: { readonly [key: string]: Json } | null;
}

export async function planMp4(source: ByteSource): Promise<AudioPlan> {
  const window = windowOn(source, HEAD_BYTES);
  const track = await readMp4Track(window);
  if ("type" in track) return track;
  if (track.fragments !== null) return planFragmentedMp4(source, track);
  const tables = await readTables(window, track);
  if (tables === null) return refuse("damaged", "The audio track's index is incomplete.");
  if (tables === "too_large") {
    return refuse(
      "index_too_large",
      `The audio track's index is over ${MAX_INDEX_BYTES / 2 ** 20} MB. Send the audio alone.`,
    );
  }
  if (tables.samples === 0) return refuse("no_audio_track", "The audio track is empty.");
  const msAt = (sample: number) => ((tables.ticksAt(sample) - track.startTicks) / track.timescale) * 1000;
  const sampleAt = (timeMs: number) => tables.sampleAt((timeMs / 1000) * track.timescale + track.startTicks);
  const durationMs = msAt(tables.samples);
  const { pcm } = track;
  const bytesPerSecond =
    pcm === null ? (tables.totalBytes / durationMs) * 1000 : 2 * Math.min(pcm.sampleRate, MODEL_SAMPLE_RATE);
  const cuts = await planCuts(durationMs, longestChunkMs(bytesPerSecond), (fromMs, toMs) => {
    if (pcm !== null) return [];
    const first = sampleAt(fromMs);
    return Array.from({ length: Math.max(0, sampleAt(toMs) - first) }, (_, index) => ({
      timeMs: msAt(first + index),
      weight: tables.sizeAt(first + index),
    }));
  });
  const chunks = cuts.map((chunk): ChunkPlan => {
    const first = sampleAt(chunk.startMs + 1e-3);
    const end = chunk.endMs >= durationMs ? tables.samples : Math.min(tables.samples, sampleAt(chunk.endMs - 1e-3) + 1);
    return { ...chunk, extra: chunkExtra(track, tables, first, end) };
  });
  return { type: "chunks", container: "mp4", codec: track.codec, durationMs, chunks };
}

function chunkExtra(track: Mp4Track, tables: SampleTables, first: number, end: number): Mp4Extra {
  return {
    timescale: track.timescale,
    entry: btoa(String.fromCharCode(...track.sampleEntry)),
    isQuickTime: track.isQuickTime,
    firstTicks: tables.ticksAt(first) - track.startTicks,
    durations: tables.durations(first, end),
    runs: tables.runs(first, end),
    sizesAt: tables.fixedSize === 0 ? tables.sizesOffset + first * 4 : 0,
    size: tables.fixedSize,
    pcm: track.pcm === null ? null : { ...track.pcm },
  };
}

export async function extractMp4(source: ByteSource, chunk: ChunkPlan): Promise<ChunkFile> {
  const { extra } = chunk;
  if (!isMp4Extra(extra)) throw new DamagedSource("The chunk was not planned for MP4.");
  const { timescale, durations } = extra;
  const startMs = (extra.firstTicks / timescale) * 1000;
  const stretches = await readRuns(source, extra.runs);
  if (extra.pcm !== null)
    return pcmFile(
      stretches.map(({ bytes }) => bytes),
      readPcm(extra.pcm),
      startMs,
    );

  const samples = stretches.reduce((sum, stretch) => sum + stretch.samples, 0);
  const sizes = extra.sizesAt === 0 ? null : viewOf(await readWithin(source, extra.sizesAt, samples * 4));
  const packets: { readonly data: Uint8Array; readonly duration: number }[] = [];
  let sample = 0;
  let durationAt = 0;
  let left = durations[0] ?? 0;
  for (const { bytes, samples: count } of stretches) {
    for (let at = 0, index = 0; index < count; index++, sample++) {
      const size = sizes === null ? extra.size : sizes.getUint32(sample * 4);
      for (; left === 0 && durationAt + 2 < durations.length; left = durations[durationAt] ?? 0) durationAt += 2;
      packets.push({ data: bytes.subarray(at, at + size), duration: durations[durationAt + 1] ?? 0 });
      left -= 1;
      at += size;
    }
  }
  // A halved chunk keeps its parent's extra: only the packets of its own time are written.
  const kept: typeof packets = [];
  let ticks = extra.firstTicks;
  let keptTicks: number | null = null;
  for (const packet of packets) {
    const fromMs = (ticks / timescale) * 1000;
    ticks += packet.duration;
    if ((ticks / timescale) * 1000 <= chunk.startMs || fromMs >= chunk.endMs + 1000) continue;
    keptTicks ??= ticks - packet.duration;
    if (fromMs < chunk.endMs) kept.push(packet);
  }
  const keptDuration = kept.reduce((sum, packet) => sum + packet.duration, 0);
  const sampleEntry = Uint8Array.from(atob(extra.entry), (character) => character.charCodeAt(0));
  return {
    bytes: writeM4a({ sampleEntry, timescale, packets: kept, isQuickTime: extra.isQuickTime }),
    contentType: "audio/mp4",
    startMs: ((keptTicks ?? 0) / timescale) * 1000,
    durationMs: (keptDuration / timescale) * 1000,
  };
}

interface Stretch {
  readonly offset: number;
  readonly length: number;
  readonly samples: number;
}

/** Read what lies among video in few reads: the widest gaps are left out, the rest is read and dropped. */
async function readRuns(
  source: ByteSource,
  flat: readonly number[],
): Promise<readonly { bytes: Uint8Array; samples: number }[]> {
  const runs: Stretch[] = [];
  for (let at = 0; at + 2 < flat.length; at += 3) {
    runs.push({ offset: flat[at] ?? 0, length: flat[at + 1] ?? 0, samples: flat[at + 2] ?? 0 });
  }
  const gapBefore = (index: number) => {
    const [before, run] = [runs[index - 1], runs[index]];
    return before === undefined || run === undefined ? 0 : Math.abs(run.offset - before.offset - before.length);
  };
  const widest = runs.map((_, index) => index).toSorted((left, right) => gapBefore(right) - gapBefore(left));
  const breaks = new Set(widest.slice(0, CHUNK_MAX_READS - 3));
  const read: { bytes: Uint8Array; samples: number }[] = [];
  for (let from = 0; from < runs.length;) {
    let to = from + 1;
    const base = runs[from]?.offset ?? 0;
    let end = base + (runs[from]?.length ?? 0);
    for (let next = runs[to]; next !== undefined && !breaks.has(to) && next.offset >= end; next = runs[to]) {
      if (next.offset + next.length - base > 2 * READ_BYTES) break; // bounded memory before few reads
      end = next.offset + next.length;
      to += 1;
    }
    const bytes = await readWithin(source, base, end - base);
    for (const run of runs.slice(from, to)) {
      // Copied: a view would keep the video around it in memory.
      read.push({ bytes: bytes.slice(run.offset - base, run.offset - base + run.length), samples: run.samples });
    }
    from = to;
  }
  return read;
}

function readPcm(pcm: { readonly [key: string]: Json }): PcmFormat {
  const { encoding, bytesPerSample, channels, sampleRate, littleEndian } = pcm;
  const known = (["int", "uint8", "float", "alaw", "ulaw"] as const).find((name) => name === encoding);
  const format = {
    encoding: known ?? "int",
    bytesPerSample: Number(bytesPerSample),
    channels: Number(channels),
    sampleRate: Number(sampleRate),
    littleEndian: littleEndian === true,
  } satisfies PcmFormat;
  if (pcmFrameBytes(format) === 0) throw new DamagedSource("The chunk's sample format is empty.");
  return format;
}

function isMp4Extra(extra: ChunkPlan["extra"]): extra is Mp4Extra {
  return typeof extra === "object" && extra !== null && "runs" in extra && "entry" in extra;
}
