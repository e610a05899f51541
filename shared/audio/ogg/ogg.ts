import * as z from "zod";

import { asciiAt } from "../reading/bytes.ts";
import { readWithin, type ByteSource } from "../reading/byte-source.ts";
import type { Container } from "../chunks/container.ts";
import { HEAD_BYTES, READ_BYTES, type Wanted } from "../chunks/limits.ts";
import {
  DamagedSource,
  refuse,
  type AudioPlan,
  type ChunkFile,
  type ChunkPlan,
  type Refusal,
  refuseRate,
} from "../chunks/chunk.ts";
import { cutOggFlac } from "./flac-in-ogg.ts";
import { readStart, readStream, type NoStream, type OggStream } from "./head.ts";
import { findLinks } from "./links.ts";
import { CAPTURE, lastPageIn, MAX_HEADER_BYTES, pagesIn, type OggPage } from "./page.ts";
import { stripOgg, type Filling } from "./strip.ts";
import { planParts } from "../chunks/parts.ts";
import { saidDuration } from "../chunks/missing.ts";
import { extractSpliced, planSpliced, type Cutter } from "../chunks/spliced.ts";
import type { Work } from "../reading/work.ts";

const OggExtra = z.object({
  type: z.literal("ogg"),
  v: z.literal(1),
  headBytes: z.number(),
  /** The time by the stream's clock that is the source's time 0. */
  zeroMs: z.number(),
  /** Which track of sound. Chunks of earlier versions have the first readable one. */
  track: z.number().exactOptional(),
  /** Only for FLAC: the number of its first sample. */
  zeroSample: z.number().exactOptional(),
});
type OggExtra = z.infer<typeof OggExtra>;

const LOOK_BACK_BYTES = 8 * 1024;
/** How far from the end of the file its last sound is searched. A picture may outlast the sound. */
const MAX_LOOK_BACK_BYTES = 512 * 1024 * 1024;

async function planOgg(source: ByteSource, limits: Wanted, work: Work): Promise<AudioPlan> {
  const starts = await findLinks(source, work);
  if (starts.length === 1) return planLink(source, limits, work);
  return planParts(source, starts, work, async (link) => {
    const planned = await planLink(link, limits, work);
    // No sound is lost: the file ends, or continues with the next link, before this link's sound begins.
    const isHeadOnly = planned.type === "refused" && planned.code === "damaged" && link.sizeBytes < HEAD_BYTES;
    return isHeadOnly ? noStream("no_audio") : planned;
  });
}

async function planLink(source: ByteSource, limits: Wanted, work: Work): Promise<AudioPlan> {
  const start = await readStart(source, limits.audioTrack, work);
  if (typeof start === "string") return noStream(start);
  if ("type" in start) return start;
  const { stream, zeroMs, hasVideo } = start;
  const refused = refuseRate(stream.sampleRate);
  if (refused !== null) return refused;
  const end = await readEnd(source, stream, work);
  if (end === null) return noStream("no_audio");
  const soundMs = msAt(stream, end.granule) - zeroMs;
  // A file that was copied out of a longer recording has the header of that recording.
  const saidMs = start.zeroSample === 0 ? msAt(stream, stream.flac?.totalSamples ?? 0) - zeroMs : 0;
  const durationMs = Math.max(saidDuration(saidMs, soundMs), msAt(stream, end.claimedGranule) - zeroMs);
  if (Math.round(soundMs) <= 0) return noStream("no_audio");
  const spliceable = {
    codec: stream.codec,
    durationMs,
    soundMs,
    isBrokenOff: end.claimedGranule > end.granule,
    zeroMs: packetZeroMs(stream, zeroMs),
    hasVideo,
    // mediabunny does not read FLAC in Ogg.
    hasPackets: stream.flac === null,
    bodyOffset: stream.headBytes,
    cutter: cutter(stream, { zeroMs, filling: null }, work),
  } as const;
  // Pages of a picture after the end of the sound are not read.
  const sounding = { ...source, sizeBytes: end.offset };
  const extra: OggExtra = {
    type: "ogg",
    v: 1,
    headBytes: stream.headBytes,
    zeroMs,
    ...(limits.audioTrack !== undefined && { track: start.track }),
    ...(stream.flac !== null && { zeroSample: start.zeroSample }),
  };
  const planned = await planSpliced(sounding, spliceable, { extra, limits }, work);
  return planned.type === "refused" ? planned : { ...planned, tracks: start.tracks, track: start.track };
}

function noStream(reason: NoStream): Refusal {
  if (reason === "incomplete") return refuse("damaged", "The Ogg file's headers are incomplete.");
  return refuse("no_audio_track", "The Ogg file holds no audio.");
}

async function extractOgg(source: ByteSource, chunk: ChunkPlan<OggExtra>, work: Work): Promise<ChunkFile> {
  const { headBytes, zeroMs, zeroSample = 0 } = chunk.extra;
  const stream = await readStream(source, { headBytes, choice: chunk.extra.track }, work);
  if (stream === null) throw new DamagedSource("The Ogg file's headers are not as planned.");
  const filling = stream.isPlainOpus ? { untilGranule: (chunk.endMs + zeroMs) * 48 + stream.preSkip } : null;
  const { flac } = stream;
  return extractSpliced(
    source,
    {
      ...cutter(stream, { zeroMs, filling }, work),
      ...(flac !== null && {
        write: (pages, { startMs, endMs }) => cutOggFlac(flac, pages, { startMs, endMs, zeroSample }, work),
      }),
    },
    { zeroMs: packetZeroMs(stream, zeroMs), chunk },
    work,
  );
}

function cutter(
  stream: OggStream,
  { zeroMs, filling }: { readonly zeroMs: number; readonly filling: Filling | null },
  work: Work,
): Cutter {
  return {
    head: stream.head,
    points(bytes, base) {
      // A page says at which time it ends. So a stretch begins after it, at a page that begins with a packet.
      const points: { readonly offset: number; readonly timeMs: number }[] = [];
      let before: OggPage | null = null;
      for (const page of pagesIn(bytes, work, stream.serial)) {
        if (before !== null && before.granule >= 0 && !before.isOpen && !page.isContinued) {
          points.push({ offset: base + page.at, timeMs: msAt(stream, before.granule) - zeroMs });
          work.peak(points.length);
        }
        before = page;
      }
      return points;
    },
    strip() {
      const strip = stripOgg(stream.serial, filling, work);
      // Plans round times to a millisecond, so the last one may be past the last sample.
      return {
        ...strip,
        reachedMs: () => msAt(stream, strip.reachedGranule()) - zeroMs + 1,
        lost: () =>
          strip.lostGranules().map(({ from, to, isFilled }) => ({
            startMs: msAt(stream, from) - zeroMs,
            endMs: msAt(stream, to) - zeroMs,
            ...(isFilled && { isFilled }),
          })),
      };
    },
  };
}

/** When packets begin that are read after headers without the pre-skip. */
function packetZeroMs({ preSkip, sampleRate }: OggStream, zeroMs: number): number {
  return zeroMs + (preSkip / sampleRate) * 1000;
}

function msAt({ preSkip, sampleRate }: OggStream, granule: number): number {
  return ((granule - preSkip) / sampleRate) * 1000;
}

/** A page that the file does not have whole claims at most this, and at least one packet of 20 ms. */
const MAX_PAGE_SECONDS = 30;
const PACKET_SECONDS = 0.02;

interface OggEnd {
  readonly offset: number;
  readonly granule: number;
  /** Later where the file ends within a page: the time up to which that page would go. */
  readonly claimedGranule: number;
}

/** The place and time at which the sound ends: the last whole page on which a packet ends. */
async function readEnd(
  source: ByteSource,
  { serial, headBytes, sampleRate }: OggStream,
  work: Work,
): Promise<OggEnd | null> {
  let broken: OggPage | undefined;
  let length = LOOK_BACK_BYTES;
  const least = Math.max(headBytes, source.sizeBytes - MAX_LOOK_BACK_BYTES);
  for (let until = source.sizeBytes; until > least; length = Math.min(READ_BYTES, 4 * length)) {
    const from = Math.max(least, until - length);
    const bytes = await readWithin(source, from, until - from + MAX_HEADER_BYTES);
    const counts = (page: OggPage) => page.granule >= 0 && from + page.at + page.length <= source.sizeBytes;
    const last = lastPageIn(bytes, work, counts, serial);
    broken ??= lastPageIn(bytes, work, (page) => from + page.at + page.length > source.sizeBytes, serial);
    if (last !== undefined) {
      const { granule } = last;
      const [shortest, longest] = [PACKET_SECONDS * sampleRate, MAX_PAGE_SECONDS * sampleRate];
      const isBroken = broken !== undefined || (until === source.sizeBytes && endsWithinHeader(bytes, work));
      const claimed = Math.min(longest, Math.max(shortest, (broken?.granule ?? 0) - granule));
      const claimedGranule = isBroken ? granule + claimed : granule;
      return { offset: from + last.at + last.length, granule, claimedGranule };
    }
    until = from;
  }
  return null;
}

/** Whether another page begins after the last whole one. Its own header need not be whole. */
function endsWithinHeader(bytes: Uint8Array, work: Work): boolean {
  const whole = lastPageIn(bytes, work, (page) => page.at + page.length <= bytes.length);
  const end = whole === undefined ? bytes.length : whole.at + whole.length;
  return end < bytes.length && CAPTURE.every((byte, index) => (bytes[end + index] ?? byte) === byte);
}

export const ogg = {
  name: "ogg",
  begins: { by: "mark", mayFollowTags: false, isIn: (head) => asciiAt(head, 0, 4) === "OggS" },
  extra: OggExtra,
  plan: planOgg,
  extract: extractOgg,
  endsByTime: true,
  joined: (first) => first,
  sentBytesPerSecond: (bytesPerSecond) => bytesPerSecond,
} as const satisfies Container<OggExtra>;
