import { asciiAt, viewOf } from "../reading/bytes.ts";
import { refuse, type Refusal } from "../chunks/chunk.ts";
import { boxBody, boxesIn, findBox, MAX_HEADER_BOX_BYTES, type Box } from "./boxes.ts";
import { readSampleEntry } from "./sample-entry.ts";
import type { PcmFormat } from "../wav/pcm.ts";
import type { Window } from "../reading/window.ts";
import type { Work } from "../reading/work.ts";

export interface Mp4Track {
  readonly trackId: number;
  readonly timescale: number;
  readonly codec: string;
  readonly pcm: PcmFormat | null;
  readonly sampleEntry: Uint8Array;
  /** The media time that the edit list makes the start. It is subtracted from media times. */
  readonly startTicks: number;
  /** Media time at which the edit list ends. Sound behind it was trimmed away. */
  readonly endTicks: number;
  readonly stbl: Box;
  readonly isQuickTime: boolean;
  readonly hasVideo: boolean;
  /** Defaults of a fragmented file (`trex`); null where the file is not fragmented. */
  readonly fragments: Fragments | null;
  readonly moov: Box;
}

export interface Fragments {
  readonly duration: number;
  readonly size: number;
  /** How long all fragments last together, in the track's ticks; 0 where the file does not say. */
  readonly saidTicks: number;
}

/** The longest sample entry, since each chunk carries it. A codec's set-up takes a few hundred bytes, that of Vorbis some thousand. */
const MAX_ENTRY_BYTES = 64 * 1024;

/** The first audio track of an MP4 or QuickTime file. */
export async function readMp4Track(window: Window, work: Work): Promise<Mp4Track | Refusal> {
  let moov: Box | null = null;
  let isQuickTime = true; // files without `ftyp` are older than it
  for await (const box of boxesIn(window, 0, window.sizeBytes, work)) {
    if (box.name === "ftyp") isQuickTime = asciiAt(await window.at(box.bodyOffset, 4), 0, 4) === "qt  ";
    if (box.name === "moov") {
      moov = box;
      break;
    }
  }
  if (moov === null || moov.endOffset > window.sizeBytes) {
    return refuse(
      "damaged",
      "The file has no index (moov): its recording was interrupted or its upload is incomplete. Send it again, or repair it.",
    );
  }
  const mvhd = await findBox(window, moov, ["mvhd"], work);
  if (mvhd === null) return refuse("damaged", "The file's index (moov) is incomplete.");
  const movieTimescale = readTimescale(await boxBody(window, mvhd, MAX_HEADER_BOX_BYTES));
  let audio: Box | null = null;
  let hasVideo = false;
  for await (const trak of boxesIn(window, moov.bodyOffset, moov.endOffset, work)) {
    if (trak.name !== "trak") continue;
    const hdlr = await findBox(window, trak, ["mdia", "hdlr"], work);
    if (hdlr === null) continue;
    const kind = asciiAt(await window.at(hdlr.bodyOffset, 12), 8, 4);
    if (kind === "vide") hasVideo = true;
    if (kind === "soun") audio ??= trak;
  }
  if (audio === null) return refuse("no_audio_track", "The file has no audio track.");

  const [tkhd, mdhd, stbl, stsd, elst, mvex] = [
    await findBox(window, audio, ["tkhd"], work),
    await findBox(window, audio, ["mdia", "mdhd"], work),
    await findBox(window, audio, ["mdia", "minf", "stbl"], work),
    await findBox(window, audio, ["mdia", "minf", "stbl", "stsd"], work),
    await findBox(window, audio, ["edts", "elst"], work),
    await findBox(window, moov, ["mvex"], work),
  ];
  if (tkhd === null || mdhd === null || stbl === null || stsd === null) {
    return refuse("damaged", "The file's index (moov) is incomplete.");
  }
  const entries = await boxBody(window, stsd, MAX_HEADER_BOX_BYTES);
  const sampleEntry = entries.slice(8, 8 + (entries.length >= 16 ? viewOf(entries).getUint32(8) : 0));
  if (sampleEntry.length < 16) return refuse("damaged", "The audio track has no description.");
  if (sampleEntry.length > MAX_ENTRY_BYTES) {
    return refuse("damaged", "The audio track's description is over 64 kB. Convert the file to M4A or MP3.");
  }
  const codec = readSampleEntry(sampleEntry);
  if ("type" in codec) return codec;
  const timescale = readTimescale(await boxBody(window, mdhd, MAX_HEADER_BOX_BYTES));
  const track = await boxBody(window, tkhd, MAX_HEADER_BOX_BYTES);
  const trackId = viewOf(track).getUint32(track[0] === 1 ? 20 : 12);
  if (timescale === 0) return refuse("damaged", "The audio track's header has no time scale.");
  return {
    trackId,
    timescale,
    codec: codec.codec,
    pcm: codec.pcm ?? null,
    sampleEntry,
    ...(elst === null
      ? UNEDITED
      : readEdits(await boxBody(window, elst, MAX_HEADER_BOX_BYTES), timescale / Math.max(1, movieTimescale))),
    stbl,
    isQuickTime,
    hasVideo,
    fragments:
      mvex === null
        ? null
        : await readDefaults(
            window,
            mvex,
            { trackId, ticksPerMovieTick: timescale / Math.max(1, movieTimescale) },
            work,
          ),
    moov,
  };
}

function readTimescale(body: Uint8Array): number {
  return viewOf(body).getUint32(body[0] === 1 ? 20 : 12);
}

type Edits = Pick<Mp4Track, "startTicks" | "endTicks">;

const UNEDITED: Edits = { startTicks: 0, endTicks: Infinity };

/**
 * Empty edits delay the track. The first edit that is not empty says where in the media the track begins. If it is the
 * last one and has a duration (that of a fragmented file has none), it also says where the track ends.
 */
function readEdits(body: Uint8Array, ticksPerMovieTick: number): Edits {
  const view = viewOf(body);
  const isLong = body[0] === 1;
  const entryBytes = isLong ? 20 : 12;
  let delayTicks = 0;
  for (let at = 8; at + entryBytes <= body.length; at += entryBytes) {
    const length = isLong ? Number(view.getBigUint64(at)) : view.getUint32(at);
    const mediaTime = isLong ? Number(view.getBigInt64(at + 8)) : view.getInt32(at + 4);
    const ticks = length * ticksPerMovieTick;
    if (mediaTime >= 0) {
      const isLast = at + 2 * entryBytes > body.length;
      return { startTicks: mediaTime - delayTicks, endTicks: isLast && length > 0 ? mediaTime + ticks : Infinity };
    }
    delayTicks += Math.round(ticks);
  }
  return { startTicks: -delayTicks, endTicks: Infinity };
}

async function readDefaults(
  window: Window,
  mvex: Box,
  { trackId, ticksPerMovieTick }: { readonly trackId: number; readonly ticksPerMovieTick: number },
  work: Work,
): Promise<Fragments> {
  let saidTicks = 0;
  let own = { duration: 0, size: 0 };
  for await (const box of boxesIn(window, mvex.bodyOffset, mvex.endOffset, work)) {
    if (box.name !== "trex" && box.name !== "mehd") continue;
    const body = await boxBody(window, box, MAX_HEADER_BOX_BYTES);
    const view = viewOf(body);
    if (box.name === "mehd") {
      saidTicks = ticksPerMovieTick * (body[0] === 1 ? Number(view.getBigUint64(4)) : view.getUint32(4));
    } else if (view.getUint32(4) === trackId) own = { duration: view.getUint32(12), size: view.getUint32(16) };
  }
  return { ...own, saidTicks };
}
