import { concatBytes, fromBase64, toBase64 } from "../reading/bytes.ts";
import { readWithin, type ByteSource } from "../reading/byte-source.ts";
import { DamagedSource, refuse, type AudioPlan, type ChunkFile, type ChunkPlan, type Json } from "../chunks/chunk.ts";
import type { CallLimits } from "../chunks/call-limits.ts";
import { HEAD_BYTES } from "../chunks/limits.ts";
import { findAudio, readBeginning, type Found } from "./audio.ts";
import { findJoints } from "./joints.ts";
import { CLOCK_HZ, pcrIn, ptsIn, type Stamp } from "./packet.ts";
import { STRIPPED_ZERO_MS, stripTs, ticksSince } from "./strip.ts";
import { tablesFor } from "./tables.ts";
import { planParts } from "../chunks/parts.ts";
import { audioSpan, withAudioTrack } from "../chunks/remux.ts";
import { extractSpliced, planSpliced, type Cutter } from "../chunks/spliced.ts";
import type { Work } from "../reading/work.ts";

/** How far from its end a file's last audio is looked for. */
const TAIL_BYTES = 16 * 1024 * 1024;
/** A unit of packets with one time lasts no longer. */
const PES_MAX_MS = 2_000;

interface TsExtra {
  readonly [key: string]: Json;
  readonly audioPid: number;
  readonly clockPid: number;
  /** What goes in front of the packets, as base64. */
  readonly tables: string;
  /** The clock at the source's time zero. */
  readonly zeroTicks: number;
}

export async function planMpegTs(source: ByteSource, limits: CallLimits, work: Work): Promise<AudioPlan> {
  const found = await findAudio(source, work);
  if ("code" in found) return found;
  const { programmes, programme, stream, head } = found;
  const clock = { clockPid: programmes.length === 1 ? null : programme.clockPid, audioPid: stream.pid };
  const starts = await findJoints(source, clock, head, work);
  if (starts.length === 1) return planPart(source, found, limits, work);
  return planParts(source, starts, work, async (part) => {
    const inPart = await findAudio(part, work);
    return "code" in inPart ? inPart : planPart(part, inPart, limits, work);
  });
}

export async function extractMpegTs(source: ByteSource, chunk: ChunkPlan, work: Work): Promise<ChunkFile> {
  const { extra } = chunk;
  if (!isTsExtra(extra)) throw new DamagedSource("The chunk was not planned for MPEG-TS.");
  const audio = cutter(extra, work);
  const cutting: Cutter = {
    ...audio,
    // The clock goes on where the sound does not.
    points: (piece, base) => [...audio.points(piece, base), ...timed(pcrIn(piece, base, extra.clockPid, work), extra)],
    strip: () => stripTs({ ...extra, fromMs: chunk.startMs - PES_MAX_MS }, work),
  };
  return extractSpliced(source, cutting, { zeroMs: STRIPPED_ZERO_MS, chunk }, work);
}

async function planPart(source: ByteSource, found: Found, limits: CallLimits, work: Work): Promise<AudioPlan> {
  const { programmes, programme, stream } = found;
  const begun = await readBeginning(source, found, work);
  if (begun === null)
    return refuse("no_audio_track", "The transport stream names an audio track, but holds none of it.");
  const tables = tablesFor(programme, stream);
  const { pid: audioPid } = stream;
  const extra: TsExtra = {
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
  if (codec === null) throw new DamagedSource("its audio packets cannot be read.");
  const others = programmes.flatMap(({ streams }) => streams.filter((one) => one !== stream && one.kind !== "other"));
  const spliceable = {
    container: "mpegts",
    codec,
    durationMs: await readDuration(source, extra, work),
    zeroMs: STRIPPED_ZERO_MS,
    // Other sound lies between as video does.
    hasVideo: others.length > 0,
    bodyOffset: begun.offset,
    cutter: cutter(extra, work),
  } as const;
  return planSpliced(source, spliceable, { extra, limits }, work);
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

/** To the end of the last audio; of a picture that outlasts it by far, to the picture's. */
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
        return audioSpan(concatBytes([fromBase64(extra.tables), audio]), work);
      });
      return last.timeMs + (span === null ? 0 : span.endMs - span.startMs);
    }
    for (const { timeMs } of timed(pcrIn(bytes, offset, extra.clockPid, work), extra)) {
      soundlessMs = Math.max(soundlessMs, timeMs);
    }
    if (offset === 0 || length >= TAIL_BYTES) return soundlessMs;
  }
}

function isTsExtra(extra: ChunkPlan["extra"]): extra is TsExtra {
  return typeof extra === "object" && extra !== null && "zeroTicks" in extra && "tables" in extra;
}
