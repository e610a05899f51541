import * as z from "zod";

import { concatBytes, fromBase64, toBase64 } from "../reading/bytes.ts";
import { readWithin, type ByteSource } from "../reading/byte-source.ts";
import { DamagedSource, refuse, type AudioPlan, type ChunkFile, type ChunkPlan } from "../chunks/chunk.ts";
import { soundAlone, type Container } from "../chunks/container.ts";
import { HEAD_BYTES, type CallLimits, type Wanted } from "../chunks/limits.ts";
import { findAudio, readBeginning, type Found } from "./audio.ts";
import { findJoints } from "./joints.ts";
import { CLOCK_HZ, isPackets, nextSync, PACKET_BYTES, packetsIn, pcrIn, ptsIn, type Stamp, SYNC } from "./packet.ts";
import { STRIPPED_ZERO_MS, stripTs, ticksSince } from "./strip.ts";
import { tablesFor } from "./tables.ts";
import { planParts } from "../chunks/parts.ts";
import { audioSpan, withAudioTrack } from "../chunks/packets.ts";
import { extractSpliced, planSpliced, type Cutter } from "../chunks/spliced.ts";
import { WorkSpent, type Work } from "../reading/work.ts";

/** The bytes before the end of a file in which its last audio is searched. */
const TAIL_BYTES = 16 * 1024 * 1024;
/** The longest unit of packets that share one time. */
const PES_MAX_MS = 2_000;

const TsExtra = z.object({
  type: z.literal("mpegts"),
  v: z.literal(1),
  audioPid: z.number(),
  clockPid: z.number(),
  /** The tables that go in front of a chunk's packets, in base64. */
  tables: z.string(),
  /** The clock at the source's time zero. */
  zeroTicks: z.number(),
});
export type TsExtra = z.infer<typeof TsExtra>;

async function planMpegTs(source: ByteSource, limits: Wanted, work: Work): Promise<AudioPlan> {
  const found = await findAudio(source, limits.audioTrack, work);
  if ("code" in found) return found;
  const { programmes, programme, stream, head } = found;
  const clock = { clockPid: programmes.length === 1 ? null : programme.clockPid, audioPid: stream.pid };
  const starts = await findJoints(source, clock, head, work);
  if (starts.length === 1) return planPart(source, found, limits, work);
  return planParts(source, starts, work, async (part) => {
    const inPart = await findAudio(part, limits.audioTrack, work);
    return "code" in inPart ? inPart : planPart(part, inPart, limits, work);
  });
}

async function extractMpegTs(source: ByteSource, chunk: ChunkPlan<TsExtra>, work: Work): Promise<ChunkFile> {
  const { extra } = chunk;
  const audio = cutter(extra, work);
  const cutting: Cutter = {
    ...audio,
    // The clock continues during pauses in the sound.
    points: (piece, base) => [...audio.points(piece, base), ...timed(pcrIn(piece, base, extra.clockPid, work), extra)],
    strip: () => stripTs({ ...extra, fromMs: chunk.startMs - PES_MAX_MS }, work),
  };
  return extractSpliced(source, cutting, { zeroMs: STRIPPED_ZERO_MS, chunk }, work);
}

async function planPart(source: ByteSource, found: Found, limits: CallLimits, work: Work): Promise<AudioPlan> {
  const { programmes, programme, stream } = found;
  const begun = await readBeginning(source, found, work);
  if (begun === null)
    return refuse("no_audio_track", "The transport stream names an audio track, but has no packets of it.");
  const tables = tablesFor(programme, stream);
  const { pid: audioPid } = stream;
  const extra: TsExtra = {
    type: "mpegts",
    v: 1,
    audioPid,
    clockPid: programme.clockPid,
    tables: toBase64(tables),
    zeroTicks: begun.zeroTicks,
  };
  const codec = await withAudioTrack(
    concatBytes([tables, begun.audio]),
    work,
    async (track) => track?.getCodec() ?? null,
  );
  if (codec === null) throw new DamagedSource("The file is damaged: its audio packets cannot be read.");
  const others = programmes.flatMap(({ streams }) => streams.filter((one) => one !== stream && one.kind !== "other"));
  const soundMs = await readDuration(source, extra, work);
  const isBrokenOff = await endsWithinPacket(source, work);
  const spliceable = {
    codec,
    soundMs,
    durationMs: isBrokenOff ? soundMs + BROKEN_MS : soundMs,
    isBrokenOff,
    zeroMs: STRIPPED_ZERO_MS,
    // Other sound lies between the packets, like video.
    hasVideo: others.length > 0,
    bodyOffset: begun.offset,
    cutter: cutter(extra, work),
  } as const;
  const planned = await planSpliced(source, spliceable, { extra, limits }, work);
  return planned.type === "refused" ? planned : { ...planned, tracks: found.tracks, track: found.track };
}

/** Stands for the packet of sound that the file does not have whole. */
const BROKEN_MS = 20;

/** Recorders write whole packets of the transport stream, so that a file which ends within one was cut off. */
async function endsWithinPacket(source: ByteSource, work: Work): Promise<boolean> {
  const bytes = await readWithin(source, Math.max(0, source.sizeBytes - 4 * PACKET_BYTES), 4 * PACKET_BYTES);
  let end = nextSync(bytes, 0, work);
  for (const { at } of packetsIn(bytes, work)) end = at + PACKET_BYTES;
  return end < bytes.length && bytes.indexOf(SYNC, end) === end;
}

function unlessDamaged(error: unknown): null {
  if (error instanceof DamagedSource && !(error instanceof WorkSpent)) return null;
  throw error;
}

function cutter(extra: TsExtra, work: Work): Cutter {
  return {
    head: fromBase64(extra.tables),
    points: (bytes, base) => timed(ptsIn(bytes, base, extra.audioPid, work), extra),
    strip: () => stripTs({ audioPid: extra.audioPid, zeroTicks: extra.zeroTicks }, work),
  };
}

function timed(stamps: readonly Stamp[], { zeroTicks }: TsExtra) {
  return stamps.map(({ offset, ticks }) => ({ offset, timeMs: (ticksSince(zeroTicks, ticks) / CLOCK_HZ) * 1000 }));
}

/** Find the end of the last audio, or of the picture if that lasts far longer. */
async function readDuration(source: ByteSource, extra: TsExtra, work: Work): Promise<number> {
  let soundlessMs = 0;
  for (let length = HEAD_BYTES; ; length *= 4) {
    const offset = Math.max(0, source.sizeBytes - length);
    const bytes = await readWithin(source, offset, length);
    const last = timed(ptsIn(bytes, offset, extra.audioPid, work), extra).at(-1);
    if (last !== undefined) {
      const span = await work.borrow(async () => {
        const audio = cutter(extra, work)
          .strip()
          .push(bytes.subarray(last.offset - offset));
        // If the file does not have a complete unit, its beginning is used.
        return audioSpan(concatBytes([fromBase64(extra.tables), audio]), work).catch(unlessDamaged);
      });
      return last.timeMs + (span === null ? 0 : span.endMs - span.startMs);
    }
    for (const { timeMs } of timed(pcrIn(bytes, offset, extra.clockPid, work), extra)) {
      soundlessMs = Math.max(soundlessMs, timeMs);
    }
    if (offset === 0 || length >= TAIL_BYTES) return soundlessMs;
  }
}

export const mpegts = {
  name: "mpegts",
  begins: { by: "mark", mayFollowTags: false, isIn: isPackets },
  extra: TsExtra,
  plan: planMpegTs,
  extract: extractMpegTs,
  endsByTime: true,
  joined: (first) => first,
  sentBytesPerSecond: soundAlone,
} as const satisfies Container<TsExtra>;
