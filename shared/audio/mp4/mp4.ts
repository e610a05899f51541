import * as z from "zod";

import type { ByteSource } from "../reading/byte-source.ts";
import { asciiAt, concatBytes, fromBase64, toBase64 } from "../reading/bytes.ts";
import {
  DamagedSource,
  refuse,
  SilentStretch,
  type AudioPlan,
  type ChunkFile,
  type ChunkPlan,
} from "../chunks/chunk.ts";
import { soundAlone, type Container } from "../chunks/container.ts";
import { longestChunkMs, planCuts, type Listen } from "../chunks/cuts.ts";
import { cutOff } from "../chunks/missing.ts";
import { planFragmentedMp4 } from "./plan-fragments.ts";
import { HEAD_BYTES, MAX_DURATION_MS, MAX_INDEX_BYTES, MODEL_SAMPLE_RATE, type Wanted } from "../chunks/limits.ts";
import { pcmFrameBytes, PcmFormat } from "../wav/pcm.ts";
import { pcmFile } from "../wav/pcm-file.ts";
import { cutM4a } from "./m4a.ts";
import { describePackets, IndexedPackets, joinPackets, readPackets, readRuns } from "./packets.ts";
import { codecOf, entryOfChunk } from "./sample-entry.ts";
import { readMp4Track, type Mp4Track } from "./track.ts";
import { readTables, type SampleTables } from "./tables.ts";
import { windowOn } from "../reading/window.ts";
import type { Work } from "../reading/work.ts";

const Mp4Extra = z.object({
  type: z.literal("mp4"),
  v: z.literal(1),
  timescale: z.number(),
  /** The track's sample entry, in base64. */
  entry: z.string(),
  isQuickTime: z.boolean(),
  packets: IndexedPackets,
  pcm: PcmFormat.nullable(),
});
type Mp4Extra = z.infer<typeof Mp4Extra>;

/** The most packets in the eight seconds that are searched for a quiet place. Opus has 400 a second. */
const MAX_SEARCHED_PACKETS = 20_000;

export async function planMp4(source: ByteSource, limits: Wanted, work: Work): Promise<AudioPlan> {
  const window = windowOn(source, HEAD_BYTES);
  const track = await readMp4Track(window, limits.audioTrack, work);
  if ("type" in track) return track;
  const named = { tracks: track.tracks, track: track.track };
  const tables = await readTables(window, track, work);
  if (tables === null) return refuse("damaged", "The audio track's index is incomplete.");
  if (tables === "too_large") {
    return refuse(
      "index_too_large",
      `The audio track's index is over ${MAX_INDEX_BYTES / 2 ** 20} MB. Send only the audio.`,
    );
  }
  if (track.fragments !== null) {
    const planned = await planFragmentedMp4(source, { track, tables, limits }, work, (part) =>
      planMp4(part, limits, work),
    );
    if (planned?.type === "chunks") return { ...named, ...planned };
    if (planned !== null) return planned;
  }
  if (tables.samples === 0) return refuse("no_audio_track", "The audio track is empty.");
  const msOf = (ticks: number) => ((ticks - track.startTicks) / track.timescale) * 1000;
  const msAt = (sample: number) => msOf(tables.ticksAt(sample));
  const sampleAt = (timeMs: number) => tables.sampleAt((timeMs / 1000) * track.timescale + track.startTicks);
  const heldMs = msAt(tables.samples);
  // An index with an impossible duration is damage, even if the edit list is shorter.
  const durationMs = heldMs > MAX_DURATION_MS ? heldMs : Math.min(heldMs, msOf(track.endTicks));
  const { pcm } = track;
  const bytesPerSecond =
    pcm === null ? (tables.totalBytes / durationMs) * 1000 : 2 * Math.min(pcm.sampleRate, MODEL_SAMPLE_RATE);
  const listen: Listen = (fromMs, toMs) => {
    if (pcm !== null) return [];
    const first = sampleAt(fromMs);
    const count = Math.max(0, sampleAt(toMs) - first);
    // Packets are not that short, so these are samples.
    if (count > MAX_SEARCHED_PACKETS) return [];
    work.visit(4 * count);
    return Array.from({ length: count }, (_, index) => ({
      timeMs: msAt(first + index),
      weight: tables.sizeAt(first + index),
    }));
  };
  const there = tables.endWithin(source.sizeBytes);
  if (there === 0) {
    return refuse(
      "damaged",
      "The file has its index, but ends before its sound. Its upload or its download was interrupted: send it again.",
    );
  }
  const soundMs = there < tables.samples ? Math.min(durationMs, msAt(there)) : durationMs;
  const cuts = await planCuts(soundMs, longestChunkMs(bytesPerSecond, limits), listen, work);
  const chunks = cuts.map((chunk): ChunkPlan<Mp4Extra> => {
    const first = sampleAt(chunk.startMs + 1e-3);
    const end = chunk.endMs >= soundMs ? there : Math.min(there, sampleAt(chunk.endMs - 1e-3) + 1);
    return { ...chunk, extra: chunkExtra(track, tables, { first, end }, work) };
  });
  const gaps = cutOff(soundMs, durationMs);
  return {
    type: "chunks",
    container: "mp4",
    codec: track.codec,
    durationMs,
    chunks,
    gaps,
    ...named,
    ...(pcm !== null && { pcmChannels: pcm.channels }),
  };
}

function chunkExtra(
  track: Mp4Track,
  tables: SampleTables,
  range: { readonly first: number; readonly end: number },
  work: Work,
): Mp4Extra {
  return {
    type: "mp4",
    v: 1,
    timescale: track.timescale,
    entry: toBase64(track.sampleEntry),
    isQuickTime: track.isQuickTime,
    packets: describePackets(tables, { startTicks: track.startTicks, ...range }, work),
    pcm: track.pcm === null ? null : { ...track.pcm },
  };
}

async function extractMp4(source: ByteSource, chunk: ChunkPlan<Mp4Extra>, work: Work): Promise<ChunkFile> {
  const { extra, startMs, endMs } = chunk;
  const { timescale } = extra;
  if (extra.pcm !== null) {
    return extractPcm(
      source,
      extra.packets,
      { format: extra.pcm, timescale, startMs, endMs, channel: chunk.channel },
      work,
    );
  }
  const { packets, lost } = await readPackets(source, extra.packets, work);
  const sampleEntry = entryOfChunk(fromBase64(extra.entry));
  const track = { sampleEntry, codec: codecOf(sampleEntry), timescale, isQuickTime: extra.isQuickTime };
  const file = cutM4a({ ...track, packets, lost }, { startMs, endMs });
  if (file !== null) return file;
  if (lost.length === 0) throw new SilentStretch("The recording has no sound here.");
  throw new DamagedSource("The file does not have the sound that its index claims here.");
}

/** Cut PCM, which has samples instead of packets. A time gives the place of a sample. */
async function extractPcm(
  source: ByteSource,
  { firstTicks, runs }: IndexedPackets,
  {
    format,
    timescale,
    startMs,
    endMs,
    channel,
  }: { format: PcmFormat; timescale: number; startMs: number; endMs: number; channel: number | undefined },
  work: Work,
): Promise<ChunkFile> {
  const bytes = concatBytes((await readRuns(source, runs, work)).map((stretch) => stretch.bytes));
  const heldMs = (firstTicks / timescale) * 1000;
  const frameBytes = pcmFrameBytes(format);
  const frameAt = (timeMs: number) => Math.max(0, Math.round(((timeMs - heldMs) / 1000) * format.sampleRate));
  const own = bytes.subarray(frameAt(startMs) * frameBytes, frameAt(endMs) * frameBytes);
  if (own.length < frameBytes) throw new DamagedSource("The file ends before this part of it.");
  const file = pcmFile(format, channel);
  file.push(own.subarray(0, own.length - (own.length % frameBytes)));
  return file.end(heldMs + (frameAt(startMs) / format.sampleRate) * 1000);
}

const FIRST_BOXES = new Set(["ftyp", "moov", "mdat", "free", "skip", "wide", "styp"]);

export const mp4 = {
  name: "mp4",
  begins: { by: "mark", mayFollowTags: false, isIn: (head) => FIRST_BOXES.has(asciiAt(head, 4, 4)) },
  extra: Mp4Extra,
  plan: planMp4,
  extract: extractMp4,
  endsByTime: false,
  joined(first, next) {
    const packets = joinPackets(first.packets, next.packets);
    return packets === null ? null : { ...first, packets };
  },
  sentBytesPerSecond: soundAlone,
} as const satisfies Container<Mp4Extra>;
