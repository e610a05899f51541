import { byteAt, concatBytes } from "./bytes.ts";
import { readWithin, type ByteSource } from "./byte-source.ts";
import { refuse, type AudioPlan, type ChunkFile, type ChunkPlan, type Json } from "./chunk.ts";
import type { CallLimits } from "./call-limits.ts";
import { HEAD_BYTES } from "./limits.ts";
import { withAudioTrack, audioSpan } from "./remux.ts";
import { extractSpliced, planSpliced, type Cutter } from "./spliced.ts";
import type { Point } from "./time-map.ts";

const PACKET_BYTES = 188;
const SYNC = 0x47;
const NULL_PID = 0x1fff;
const CLOCK_HZ = 90_000;
const CLOCK_WRAP = 2 ** 33;

interface TsExtra {
  readonly [key: string]: Json;
  readonly audioPid: number;
  readonly tablePids: readonly number[];
  readonly firstPts: number;
  readonly zeroMs: number;
}

export async function planMpegTs(source: ByteSource, limits: CallLimits): Promise<AudioPlan> {
  // A broadcast may begin with seconds of video before the first audio.
  let head = new Uint8Array();
  let found: { readonly audioPid: number; readonly codec: string; readonly hasVideo: boolean } | "none" | null = null;
  for (let length = HEAD_BYTES; length <= 64 * HEAD_BYTES && found === null; length *= 4) {
    head = new Uint8Array(await readWithin(source, 0, length));
    if (isScrambled(head)) {
      return refuse("encrypted", "The transport stream is scrambled. Send a copy without copy protection.");
    }
    found = await findTrack(head);
    if (head.length === source.sizeBytes) break;
  }
  if (found === null) return refuse("damaged", "The transport stream's tables are missing.");
  if (found === "none") return refuse("no_audio_track", "The transport stream has no audio that can be read.");
  const { audioPid, codec, hasVideo } = found;
  const tablePids = [0, ...readPmtPids(head)];
  const first = await audioSpan(stripTs([...tablePids, audioPid]).push(head));
  const [firstPoint] = ptsIn(head, 0, audioPid);
  if (first === null || firstPoint === undefined)
    return refuse("no_audio_track", "The transport stream holds no audio.");
  const extra: TsExtra = { audioPid, tablePids, firstPts: firstPoint.pts, zeroMs: first.startMs };
  const durationMs = await readDuration(source, extra);
  const spliceable = {
    container: "mpegts",
    codec,
    durationMs,
    zeroMs: first.startMs,
    hasVideo,
    bodyOffset: firstPoint.offset,
    cutter: cutter(extra, tablesOf(head, tablePids)),
  } as const;
  return planSpliced(source, spliceable, { extra, limits });
}

export async function extractMpegTs(source: ByteSource, chunk: ChunkPlan): Promise<ChunkFile> {
  if (!isTsExtra(chunk.extra)) throw new Error("The chunk was not planned for MPEG-TS.");
  const head = await readWithin(source, 0, HEAD_BYTES / 4);
  return extractSpliced(source, cutter(chunk.extra, tablesOf(head, chunk.extra.tablePids)), chunk.extra.zeroMs, chunk);
}

function cutter(extra: TsExtra, tables: Uint8Array): Cutter {
  return {
    head: tables,
    points: (bytes, base): readonly Point[] =>
      ptsIn(bytes, base, extra.audioPid).map(({ offset, pts }) => ({ offset, timeMs: msSince(extra.firstPts, pts) })),
    strip: () => stripTs([...extra.tablePids, extra.audioPid]),
  };
}

function msSince(firstPts: number, pts: number): number {
  const ticks = pts - firstPts;
  // A little before the first is the first again; far before it, the clock went round (every 26.5 hours).
  return ((ticks < -CLOCK_WRAP / 2 ? ticks + CLOCK_WRAP : ticks) / CLOCK_HZ) * 1000;
}

async function findTrack(head: Uint8Array) {
  try {
    return await withAudioTrack(head, async (track) => {
      if (track === null) return "none" as const;
      const codec = await track.getCodec();
      if (codec === null) return "none" as const;
      return { audioPid: track.id, codec, hasVideo: (await track.input.getVideoTracks()).length > 0 };
    });
  } catch {
    return null; // not enough of it yet
  }
}

async function readDuration(source: ByteSource, extra: TsExtra): Promise<number> {
  for (let length = HEAD_BYTES; ; length *= 4) {
    const offset = Math.max(0, source.sizeBytes - length);
    const bytes = await readWithin(source, offset, length);
    const last = ptsIn(bytes, offset, extra.audioPid).at(-1);
    if (last !== undefined) {
      const head = await readWithin(source, 0, HEAD_BYTES / 4);
      const stretch = stripTs([...extra.tablePids, extra.audioPid]).push(bytes.subarray(last.offset - offset));
      const span = await audioSpan(concatBytes([tablesOf(head, extra.tablePids), stretch]));
      const tailMs = span === null ? 0 : span.endMs - span.startMs;
      return msSince(extra.firstPts, last.pts) + tailMs;
    }
    if (offset === 0 || length > 32 * 1024 * 1024) return 0;
  }
}

/** Packets begin every 188 bytes from here. */
function alignment(bytes: Uint8Array): number {
  for (let at = 0; at < PACKET_BYTES && at < bytes.length; at++) {
    let matches = true;
    for (let next = at; next < Math.min(bytes.length, at + 5 * PACKET_BYTES); next += PACKET_BYTES) {
      if (bytes[next] !== SYNC) matches = false;
    }
    if (matches) return at;
  }
  return bytes.length;
}

/** Most packets that are no table say so in two bits of their header; what they hold is then noise. */
function isScrambled(bytes: Uint8Array): boolean {
  let balance = 0;
  for (let at = alignment(bytes); at + PACKET_BYTES <= bytes.length; at += PACKET_BYTES) {
    const pid = pidAt(bytes, at);
    if (pid < 0x20 || pid === NULL_PID) continue;
    balance += byteAt(bytes, at + 3) & 0xc0 ? 1 : -1;
  }
  return balance > 0;
}

function pidAt(bytes: Uint8Array, at: number): number {
  return ((byteAt(bytes, at + 1) & 0x1f) << 8) | byteAt(bytes, at + 2);
}

function startsUnit(bytes: Uint8Array, at: number): boolean {
  return (byteAt(bytes, at + 1) & 0x40) !== 0;
}

function payloadAt(bytes: Uint8Array, at: number): number {
  return byteAt(bytes, at + 3) & 0x20 ? at + 5 + byteAt(bytes, at + 4) : at + 4;
}

function ptsIn(
  bytes: Uint8Array,
  base: number,
  pid: number,
): readonly { readonly offset: number; readonly pts: number }[] {
  const found: { readonly offset: number; readonly pts: number }[] = [];
  for (let at = alignment(bytes); at + PACKET_BYTES <= bytes.length; at += PACKET_BYTES) {
    if (pidAt(bytes, at) !== pid || !startsUnit(bytes, at)) continue;
    const pes = payloadAt(bytes, at);
    if (byteAt(bytes, pes) !== 0 || byteAt(bytes, pes + 2) !== 1 || (byteAt(bytes, pes + 7) & 0x80) === 0) continue;
    const high = (byteAt(bytes, pes + 9) >> 1) & 7;
    const middle = ((byteAt(bytes, pes + 10) << 8) | byteAt(bytes, pes + 11)) >> 1;
    const low = ((byteAt(bytes, pes + 12) << 8) | byteAt(bytes, pes + 13)) >> 1;
    found.push({ offset: base + at, pts: high * 2 ** 30 + middle * 2 ** 15 + low });
  }
  return found;
}

function readPmtPids(bytes: Uint8Array): readonly number[] {
  for (let at = alignment(bytes); at + PACKET_BYTES <= bytes.length; at += PACKET_BYTES) {
    if (pidAt(bytes, at) !== 0 || !startsUnit(bytes, at)) continue;
    const section = payloadAt(bytes, at) + 1 + byteAt(bytes, payloadAt(bytes, at));
    const end = section + 3 + (((byteAt(bytes, section + 1) & 15) << 8) | byteAt(bytes, section + 2)) - 4;
    const pids: number[] = [];
    for (let entry = section + 8; entry + 4 <= Math.min(end, at + PACKET_BYTES); entry += 4) {
      if (byteAt(bytes, entry) !== 0 || byteAt(bytes, entry + 1) !== 0) pids.push(pidAt(bytes, entry + 1));
    }
    return pids;
  }
  return [];
}

/** The first packet of each table. */
function tablesOf(head: Uint8Array, pids: readonly number[]): Uint8Array {
  const tables: Uint8Array[] = [];
  for (const pid of pids) {
    for (let at = alignment(head); at + PACKET_BYTES <= head.length; at += PACKET_BYTES) {
      if (pidAt(head, at) !== pid || !startsUnit(head, at)) continue;
      tables.push(head.slice(at, at + PACKET_BYTES));
      break;
    }
  }
  return concatBytes(tables);
}

function stripTs(pids: readonly number[]): { push(piece: Uint8Array): Uint8Array } {
  const wanted = new Set(pids);
  let held: Uint8Array | null = null;
  return {
    push(piece) {
      const bytes: Uint8Array = held === null ? piece.subarray(alignment(piece)) : concatBytes([held, piece]);
      const kept: Uint8Array[] = [];
      let at = 0;
      for (; at + PACKET_BYTES <= bytes.length; at += PACKET_BYTES) {
        if (bytes[at] === SYNC && wanted.has(pidAt(bytes, at))) kept.push(bytes.subarray(at, at + PACKET_BYTES));
      }
      held = bytes.slice(at);
      return concatBytes(kept);
    },
  };
}

function isTsExtra(extra: ChunkPlan["extra"]): extra is TsExtra {
  return typeof extra === "object" && extra !== null && "audioPid" in extra;
}
