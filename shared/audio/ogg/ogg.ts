import { readWithin, type ByteSource } from "../reading/byte-source.ts";
import {
  DamagedSource,
  refuse,
  type AudioPlan,
  type ChunkFile,
  type ChunkPlan,
  type Refusal,
} from "../chunks/chunk.ts";
import type { CallLimits } from "../chunks/call-limits.ts";
import { HEAD_BYTES, READ_BYTES } from "../chunks/limits.ts";
import { readStart, readStream, type NoStream, type OggStream } from "./head.ts";
import { findLinks } from "./links.ts";
import { lastPageIn, MAX_HEADER_BYTES, pagesIn, type OggPage } from "./page.ts";
import { stripOgg, type Filling } from "./strip.ts";
import { planParts } from "../chunks/parts.ts";
import { refuseRate } from "../reading/sample-rate.ts";
import { extractSpliced, planSpliced, type Cutter } from "../chunks/spliced.ts";
import type { Work } from "../reading/work.ts";

const LOOK_BACK_BYTES = 8 * 1024;
/** A picture that outlasts the sound by more is not looked through. */
const MAX_LOOK_BACK_BYTES = 512 * 1024 * 1024;

export async function planOgg(source: ByteSource, limits: CallLimits, work: Work): Promise<AudioPlan> {
  const starts = await findLinks(source, work);
  if (starts.length === 1) return planLink(source, limits, work);
  return planParts(source, starts, work, async (link) => {
    const planned = await planLink(link, limits, work);
    // Nothing of it is lost: the source ends, or goes on with the next link, before its sound begins.
    const isHeadOnly = planned.type === "refused" && planned.code === "damaged" && link.sizeBytes < HEAD_BYTES;
    return isHeadOnly ? noStream("no_audio") : planned;
  });
}

async function planLink(source: ByteSource, limits: CallLimits, work: Work): Promise<AudioPlan> {
  const start = await readStart(source, work);
  if (typeof start === "string" || "codec" in start) return noStream(start);
  const { stream, zeroMs, hasVideo } = start;
  const refused = refuseRate(stream.sampleRate);
  if (refused !== null) return refused;
  const end = await readEnd(source, stream, work);
  if (end === null) return noStream("no_audio");
  const durationMs = msAt(stream, end.granule) - zeroMs;
  if (Math.round(durationMs) <= 0) return noStream("no_audio");
  const spliceable = {
    container: "ogg",
    codec: stream.codec,
    durationMs,
    zeroMs,
    hasVideo,
    bodyOffset: stream.headBytes,
    cutter: cutter(stream, { zeroMs, filling: null }, work),
  } as const;
  // A picture that outlasts the sound is not read.
  const sounding = { ...source, sizeBytes: end.offset };
  return planSpliced(sounding, spliceable, { extra: { headBytes: stream.headBytes, zeroMs }, limits }, work);
}

function noStream(reason: NoStream): Refusal {
  if (reason === "incomplete") return refuse("damaged", "The Ogg file's headers are incomplete.");
  if (reason === "no_audio") return refuse("no_audio_track", "The Ogg file holds no audio.");
  return refuse(
    "unsupported_codec",
    `The Ogg file holds ${reason.codec}, which cannot be cut in Ogg. Convert it to Opus or Vorbis.`,
  );
}

export async function extractOgg(source: ByteSource, chunk: ChunkPlan, work: Work): Promise<ChunkFile> {
  const { headBytes, zeroMs } = extraOf(chunk);
  const stream = await readStream(source, headBytes, work);
  if (stream === null) throw new DamagedSource("The Ogg file's headers are not as planned.");
  const filling = stream.isPlainOpus ? { untilGranule: (chunk.endMs + zeroMs) * 48 + stream.preSkip } : null;
  return extractSpliced(source, cutter(stream, { zeroMs, filling }, work), { zeroMs, chunk }, work);
}

function extraOf({ extra }: ChunkPlan): { readonly headBytes: number; readonly zeroMs: number } {
  if (typeof extra !== "object" || extra === null || !("headBytes" in extra))
    throw new Error("The chunk was not planned for Ogg.");
  return { headBytes: Number(extra.headBytes), zeroMs: "zeroMs" in extra ? Number(extra.zeroMs) : 0 };
}

function cutter(
  stream: OggStream,
  { zeroMs, filling }: { readonly zeroMs: number; readonly filling: Filling | null },
  work: Work,
): Cutter {
  return {
    head: stream.head,
    points(bytes, base) {
      // A page says when it ends: a stretch begins behind it, at a page that begins with a packet.
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
      // A time is rounded to a millisecond: at the very end there is nothing more to come.
      return { ...strip, reachedMs: () => msAt(stream, strip.reachedGranule()) - zeroMs + 1 };
    },
  };
}

function msAt({ preSkip, sampleRate }: OggStream, granule: number): number {
  return ((granule - preSkip) / sampleRate) * 1000;
}

/** Where the sound ends, and when: the last whole page on which a packet does. */
async function readEnd(
  source: ByteSource,
  { serial, headBytes }: OggStream,
  work: Work,
): Promise<{ readonly offset: number; readonly granule: number } | null> {
  let length = LOOK_BACK_BYTES;
  const least = Math.max(headBytes, source.sizeBytes - MAX_LOOK_BACK_BYTES);
  for (let until = source.sizeBytes; until > least; length = Math.min(READ_BYTES, 4 * length)) {
    const from = Math.max(least, until - length);
    const bytes = await readWithin(source, from, until - from + MAX_HEADER_BYTES);
    const counts = (page: OggPage) => page.granule >= 0 && from + page.at + page.length <= source.sizeBytes;
    const last = lastPageIn(bytes, work, counts, serial);
    if (last !== undefined) return { offset: from + last.at + last.length, granule: last.granule };
    until = from;
  }
  return null;
}
