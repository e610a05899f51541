import * as z from "zod";

import {
  DamagedSource,
  refuse,
  type AudioPlan,
  type ChunkFile,
  type ChunkPlan,
  type Refusal,
} from "../chunks/chunk.ts";
import { soundAlone, type Container } from "../chunks/container.ts";
import { findStarts, type Beginning } from "../chunks/joined.ts";
import { HEAD_BYTES, type CallLimits, type Wanted } from "../chunks/limits.ts";
import type { TrackChoice } from "../chunks/audio-track.ts";
import { planParts } from "../chunks/parts.ts";
import { extractSpliced, planSpliced, type Cutter } from "../chunks/spliced.ts";
import { asciiAt, fromBase64, indexOfBytes, toBase64 } from "../reading/bytes.ts";
import type { ByteSource } from "../reading/byte-source.ts";
import type { Work } from "../reading/work.ts";
import { readCues } from "./cues.ts";
import { clustersIn, readEnd } from "./end.ts";
import { readStart, type Matroska, type Track } from "./start.ts";
import { stripMatroska } from "./strip.ts";

/** A chunk stores the headers, or only their length if they are too long. */
const MatroskaExtra = z.union([
  z.object({
    type: z.literal("matroska"),
    v: z.literal(1),
    /** In base64. */
    head: z.string(),
    trackNumber: z.number(),
    tickMs: z.number(),
  }),
  z.object({
    type: z.literal("matroska"),
    v: z.literal(1),
    headBytes: z.number(),
    /** The index of the audio track. Chunks of earlier versions have the first. */
    track: z.number().exactOptional(),
  }),
]);
type MatroskaExtra = z.infer<typeof MatroskaExtra>;

/** The longest headers that a chunk stores, so that it need not read them again. They have a few hundred bytes, or 4,000 for Vorbis. */
const MAX_CARRIED_BYTES = 8 * 1024;

/** The header at the start of a file, which has a `DocType` (RFC 8794). */
const BEGINNING: Beginning = {
  mark: [0x1a, 0x45, 0xdf, 0xa3],
  startOf: (bytes, at, work) => (indexOfBytes(bytes.subarray(at, at + 48), [0x42, 0x82], 0, work) === -1 ? null : at),
};

/** Read the headers and the duration of the file. */
async function readFile(source: ByteSource, choice: TrackChoice | undefined, work: Work): Promise<Matroska | Refusal> {
  const file = await readStart(source, { lookBytes: HEAD_BYTES, choice }, work);
  if ("type" in file) return file;
  const end = await readEnd(source, file, work);
  if (end === null) {
    return refuse(
      "damaged",
      "The file has headers but no sound after them. Its upload or its download was interrupted: send it again.",
    );
  }
  return end.durationMs > 0 ? { ...file, ...end } : refuse("no_audio_track", "The file holds no audio.");
}

async function planMatroska(source: ByteSource, limits: Wanted, work: Work): Promise<AudioPlan> {
  const file = await readFile(source, limits.audioTrack, work);
  if ("code" in file) return file;
  const timeIn = (bytes: Uint8Array, base: number) =>
    clustersIn(bytes, { base, tickMs: file.tickMs, most: 1 }, work)[0]?.timeMs ?? null;
  const starts = await findStarts(source, { timeIn, endMs: file.soundMs, beginning: BEGINNING }, work);
  if (starts.length === 1) return planFile(source, file, limits, work);
  return planParts(source, starts, work, async (part) => {
    const inPart = await readFile(part, limits.audioTrack, work);
    return "code" in inPart ? inPart : planFile(part, inPart, limits, work);
  });
}

async function planFile(source: ByteSource, file: Matroska, limits: CallLimits, work: Work): Promise<AudioPlan> {
  const spliceable = {
    codec: file.codec,
    durationMs: file.durationMs,
    soundMs: file.soundMs,
    isBrokenOff: file.isBrokenOff,
    zeroMs: 0,
    hasVideo: file.hasVideo,
    bodyOffset: file.headBytes,
    cutter: cutter(file, work),
    places: file.cuesAt === null ? [] : await readCues(source, { ...file, cuesAt: file.cuesAt }, work),
    ...(file.isPcmRate !== null && { isPcmRate: file.isPcmRate }),
  } as const;
  const { headBytes, head, trackNumber, tickMs, tracks, track } = file;
  const tag = { type: "matroska", v: 1 } as const;
  const extra: MatroskaExtra =
    head.length > MAX_CARRIED_BYTES
      ? { ...tag, headBytes, track }
      : { ...tag, head: toBase64(head), trackNumber, tickMs };
  const planned = await planSpliced(source, spliceable, { extra, limits }, work);
  return planned.type === "refused"
    ? planned
    : { ...planned, tracks, track, ...(file.pcmChannels !== null && { pcmChannels: file.pcmChannels }) };
}

async function extractMatroska(
  source: ByteSource,
  { extra, ...chunk }: ChunkPlan<MatroskaExtra>,
  work: Work,
): Promise<ChunkFile> {
  const file =
    "head" in extra
      ? { ...extra, head: fromBase64(extra.head) }
      : await readStart(source, { lookBytes: extra.headBytes, choice: extra.track }, work);
  if ("code" in file) throw new DamagedSource(file.message);
  return extractSpliced(source, cutter(file, work), { zeroMs: 0, chunk }, work);
}

function cutter(file: Track, work: Work): Cutter {
  return {
    head: file.head,
    points: (bytes, base) => clustersIn(bytes, { base, tickMs: file.tickMs }, work),
    strip: () => stripMatroska(file.trackNumber, file.tickMs, work),
  };
}

export const matroska = {
  name: "matroska",
  begins: { by: "mark", mayFollowTags: false, isIn: (head) => asciiAt(head, 0, 4) === "\x1a\x45\xdf\xa3" },
  extra: MatroskaExtra,
  plan: planMatroska,
  extract: extractMatroska,
  endsByTime: true,
  joined: (first) => first,
  sentBytesPerSecond: soundAlone,
} as const satisfies Container<MatroskaExtra>;
