import { byteAt, concatBytes, fromBase64, toBase64 } from "./bytes.ts";
import { readWithin, type ByteSource } from "./byte-source.ts";
import {
  DamagedSource,
  refuse,
  type AudioPlan,
  type ChunkFile,
  type ChunkPlan,
  type Json,
  type Refusal,
} from "./chunk.ts";
import type { CallLimits } from "./call-limits.ts";
import { HEAD_BYTES, READ_BYTES } from "./limits.ts";
import { findJoints } from "./mpegts-joints.ts";
import {
  CLOCK_HZ,
  CLOCK_WRAP,
  packetsIn,
  pcrIn,
  ptsIn,
  readStamp,
  stampPlaces,
  ticksBetween,
  type Stamp,
} from "./mpegts-packet.ts";
import { STRIPPED_ZERO_MS, stripTs, ticksSince } from "./mpegts-strip.ts";
import { readProgrammes, tablesFor, type Programme, type Stream } from "./mpegts-tables.ts";
import { planParts } from "./parts.ts";
import { audioSpan, withAudioTrack } from "./remux.ts";
import { extractSpliced, planSpliced, type Cutter } from "./spliced.ts";

const NULL_PID = 0x1fff;
/** How far the first audio is looked for: half a minute of HD video. */
const FIRST_AUDIO_BYTES = 24 * 1024 * 1024;
/** Video that begins longer before the audio is another recording's end. */
const LONGEST_LEAD_TICKS = 3_600 * CLOCK_HZ;
/** Longer than any packet of audio, of which a chunk may hold one more than was asked for. */
const PACKET_MAX_MS = 500;
/** At its end a file's clock is behind what was sent last by as much as a decoder holds. */
const CLOCK_LAG_MS = 3_000;

interface TsExtra {
  readonly [key: string]: Json;
  readonly audioPid: number;
  readonly clockPid: number;
  /** What goes in front of the packets, as base64. */
  readonly tables: string;
  /** The clock at the source's time zero. */
  readonly zeroTicks: number;
}

interface Found {
  readonly programmes: readonly Programme[];
  readonly programme: Programme;
  readonly stream: Stream;
  readonly head: Uint8Array;
}

export async function planMpegTs(source: ByteSource, limits: CallLimits): Promise<AudioPlan> {
  const found = await findAudio(source);
  if ("code" in found) return found;
  const { programmes, programme, stream, head } = found;
  const clock = { clockPid: programmes.length === 1 ? null : programme.clockPid, audioPid: stream.pid };
  const starts = await findJoints(source, clock, head);
  if (starts.length === 1) return planPart(source, found, limits);
  return planParts(source, starts, async (part) => {
    const inPart = await findAudio(part);
    return "code" in inPart ? inPart : planPart(part, inPart, limits);
  });
}

export async function extractMpegTs(source: ByteSource, chunk: ChunkPlan): Promise<ChunkFile> {
  const { extra } = chunk;
  if (!isTsExtra(extra)) throw new Error("The chunk was not planned for MPEG-TS.");
  const audio = cutter(extra);
  const reached = { soundBytes: 0, clockMs: -1 };
  const cutting: Cutter = {
    head: audio.head,
    points(bytes, base) {
      const clock = timed(pcrIn(bytes, base, extra.clockPid), extra);
      reached.clockMs = Math.max(reached.clockMs, ...clock.map(({ timeMs }) => timeMs));
      return [...audio.points(bytes, base), ...clock];
    },
    strip() {
      const strip = audio.strip();
      return {
        push(piece) {
          const kept = strip.push(piece);
          reached.soundBytes += kept.length;
          return kept;
        },
      };
    },
  };
  try {
    const file = await extractSpliced(source, cutting, STRIPPED_ZERO_MS, chunk);
    // A packet lasts until the next one, and before a pause that is the pause.
    return { ...file, durationMs: Math.min(file.durationMs, chunk.endMs - chunk.startMs + PACKET_MAX_MS) };
  } catch (error) {
    const isSoundless = error instanceof SilentStretch || (error instanceof DamagedSource && reached.soundBytes === 0);
    if (!isSoundless) throw error;
    // The clock goes on where the sound does not: all that plays before it has been sent, or is not there.
    if (reached.clockMs >= chunk.endMs - CLOCK_LAG_MS) throw new SilentStretch("The recording has no sound here.");
    throw new DamagedSource("The place of this part in the transport stream cannot be found.", { cause: error });
  }
}

/** The tables and the audio stream that is cut: the first, of the first programme that has one which can be read. */
async function findAudio(source: ByteSource): Promise<Found | Refusal> {
  let head = new Uint8Array();
  let programmes: readonly Programme[] | null = null;
  for (let length = HEAD_BYTES; length <= 64 * HEAD_BYTES && programmes === null; length *= 4) {
    head = new Uint8Array(await readWithin(source, 0, length));
    if (isScrambled(head)) {
      return refuse("encrypted", "The transport stream is scrambled. Send a copy without copy protection.");
    }
    programmes = readProgrammes(head);
    if (head.length === source.sizeBytes) break;
  }
  if (programmes === null) return refuse("damaged", "The transport stream's tables are missing.");
  const audio = programmes.flatMap((programme) =>
    programme.streams.filter(({ kind }) => kind === "audio").map((stream) => ({ programme, stream })),
  );
  const readable = audio.find(({ stream }) => stream.unreadable === undefined);
  if (readable !== undefined) return { programmes, ...readable, head };
  const [named] = audio.map(({ stream }) => stream.unreadable ?? "");
  if (named === undefined) return refuse("no_audio_track", "The transport stream has no audio.");
  const message = `The audio of the transport stream is ${named}, which cannot be cut. Convert it to AAC or MP3.`;
  return refuse("unsupported_codec", message);
}

async function planPart(source: ByteSource, found: Found, limits: CallLimits): Promise<AudioPlan> {
  const { programmes, programme, stream } = found;
  const begun = await readBeginning(source, found);
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
  const codec = await withAudioTrack(concatBytes([tables, begun.audio]), async (track) => track?.getCodec() ?? null);
  if (codec === null) throw new DamagedSource("its audio packets cannot be read.");
  const others = programmes.flatMap(({ streams }) => streams.filter((one) => one !== stream && one.kind !== "other"));
  const spliceable = {
    container: "mpegts",
    codec,
    durationMs: await readDuration(source, extra),
    zeroMs: STRIPPED_ZERO_MS,
    // Other sound lies between as video does.
    hasVideo: others.length > 0,
    bodyOffset: 0,
    cutter: cutter(extra),
  } as const;
  return planSpliced(source, spliceable, { extra, limits });
}

/** The first audio, and the time at which a player begins: with the picture, where that comes first. */
async function readBeginning(source: ByteSource, { programme, stream, head }: Found) {
  const strip = stripTs(stream.pid, 0);
  const kept: Uint8Array[] = [];
  const pictures: number[] = [];
  const audio: number[] = [];
  for (let offset = 0; offset < Math.min(source.sizeBytes, FIRST_AUDIO_BYTES);) {
    const piece = offset === 0 ? head : await readWithin(source, offset, Math.min(READ_BYTES, 3 * offset));
    for (const packet of packetsIn(piece)) {
      const [place] = stampPlaces(piece, packet);
      const isPicture = programme.streams.some(({ pid, kind }) => pid === packet.pid && kind === "video");
      if (place !== undefined && isPicture) pictures.push(readStamp(piece, place));
      if (place !== undefined && packet.pid === stream.pid) audio.push(readStamp(piece, place));
    }
    kept.push(strip.push(piece));
    offset += piece.length;
    // The first is whole where the next begins.
    if (audio.length > 1) break;
  }
  const [first] = audio;
  if (first === undefined) return null;
  const leads = pictures.map((ticks) => ticksBetween(ticks, first)).filter((ticks) => ticks < LONGEST_LEAD_TICKS);
  const zeroTicks = (first - Math.max(0, ...leads) + CLOCK_WRAP) % CLOCK_WRAP;
  return { zeroTicks, audio: concatBytes(kept) };
}

function cutter(extra: TsExtra): Cutter {
  return {
    head: fromBase64(extra.tables),
    points: (bytes, base) => timed(ptsIn(bytes, base, extra.audioPid), extra),
    strip: () => stripTs(extra.audioPid, extra.zeroTicks),
  };
}

function timed(stamps: readonly Stamp[], { zeroTicks }: TsExtra) {
  return stamps.map(({ offset, ticks }) => ({ offset, timeMs: (ticksSince(zeroTicks, ticks) / CLOCK_HZ) * 1000 }));
}

async function readDuration(source: ByteSource, extra: TsExtra): Promise<number> {
  let soundlessMs = 0;
  for (let length = HEAD_BYTES; ; length *= 4) {
    const offset = Math.max(0, source.sizeBytes - length);
    const bytes = await readWithin(source, offset, length);
    const last = timed(ptsIn(bytes, offset, extra.audioPid), extra).at(-1);
    if (last !== undefined) {
      const audio = cutter(extra)
        .strip()
        .push(bytes.subarray(last.offset - offset));
      const span = await audioSpan(concatBytes([fromBase64(extra.tables), audio]));
      return last.timeMs + (span === null ? 0 : span.endMs - span.startMs);
    }
    soundlessMs = Math.max(
      soundlessMs,
      ...timed(pcrIn(bytes, offset, extra.clockPid), extra).map(({ timeMs }) => timeMs),
    );
    if (offset === 0 || length > 32 * 1024 * 1024) return soundlessMs;
  }
}

/** Most packets that are no table say so in two bits of their header; what they hold is then noise. */
function isScrambled(bytes: Uint8Array): boolean {
  let balance = 0;
  for (const { at, pid } of packetsIn(bytes)) {
    if (pid < 0x20 || pid === NULL_PID) continue;
    balance += byteAt(bytes, at + 3) & 0xc0 ? 1 : -1;
  }
  return balance > 0;
}

function isTsExtra(extra: ChunkPlan["extra"]): extra is TsExtra {
  return typeof extra === "object" && extra !== null && "zeroTicks" in extra && "tables" in extra;
}
