import { asciiAt, byteAt, viewOf } from "../reading/bytes.ts";
import { refuse, type Refusal } from "../chunks/chunk.ts";
import type { AudioTrack, TrackChoice } from "../chunks/audio-track.ts";
import { chooseTrack, languageOrNull, namedTrack, nameOf, titleOrNull, type Candidate } from "../chunks/tracks.ts";
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
  /** The media time at which the edit list starts. It is subtracted from media times. */
  readonly startTicks: number;
  /** The media time at which the edit list ends. Sound after it was trimmed. */
  readonly endTicks: number;
  readonly stbl: Box;
  readonly isQuickTime: boolean;
  readonly hasVideo: boolean;
  /** Defaults of a fragmented file (`trex`); null if the file is not fragmented. */
  readonly fragments: Fragments | null;
  readonly moov: Box;
}

export interface Fragments {
  readonly duration: number;
  readonly size: number;
  /** The total duration of all fragments, in the track's ticks; 0 if the file does not give it. */
  readonly saidTicks: number;
}

/** The longest sample entry. Each chunk has a copy. A codec's set-up takes a few hundred bytes, or some thousand for Vorbis. */
const MAX_ENTRY_BYTES = 64 * 1024;

const SEGMENT =
  "The file is a segment of a stream (.m4s) without its beginning. Join the segments first: cat init.mp4 segment-*.m4s > recording.mp4";

/** Read the audio tracks of an MP4 or QuickTime file, and choose the requested one. */
export async function readMp4Track(
  window: Window,
  choice: TrackChoice | undefined,
  work: Work,
): Promise<(Mp4Track & { readonly tracks: readonly AudioTrack[]; readonly track: number }) | Refusal> {
  let moov: Box | null = null;
  let isQuickTime = true; // files without `ftyp` are older than that box
  let hasFragments = false;
  for await (const box of boxesIn(window, 0, window.sizeBytes, work)) {
    if (box.name === "ftyp") isQuickTime = asciiAt(await window.at(box.bodyOffset, 4), 0, 4) === "qt  ";
    if (box.name === "moof") hasFragments = true;
    if (box.name === "moov") {
      moov = box;
      break;
    }
  }
  if (moov === null || moov.endOffset > window.sizeBytes) {
    if (moov === null && hasFragments) return refuse("unsupported_container", SEGMENT);
    return refuse(
      "damaged",
      "The file has no index (moov): its recording was interrupted or its upload is incomplete. Send it again, or repair it.",
    );
  }
  const mvhd = await findBox(window, moov, ["mvhd"], work);
  if (mvhd === null) return refuse("damaged", INCOMPLETE);
  const movieTimescale = readTimescale(await boxBody(window, mvhd, MAX_HEADER_BOX_BYTES));
  const described: DescribedTrack[] = [];
  let hasVideo = false;
  for await (const trak of boxesIn(window, moov.bodyOffset, moov.endOffset, work)) {
    if (trak.name !== "trak") continue;
    const hdlr = await findBox(window, trak, ["mdia", "hdlr"], work);
    if (hdlr === null) continue;
    const kind = asciiAt(await window.at(hdlr.bodyOffset, 12), 8, 4);
    if (kind === "vide") hasVideo = true;
    if (kind !== "soun") continue;
    work.keep(TRACK_ENTRIES);
    described.push(await describeTrack(window, trak, work));
    if (described.length > MAX_TRACKS)
      return refuse("damaged", `The file is damaged: it has more than ${MAX_TRACKS} audio tracks.`);
  }
  const index = chooseTrack(described, choice);
  if (typeof index !== "number") return index;
  const [chosen, mvex] = [described[index], await findBox(window, moov, ["mvex"], work)];
  const boxes = chosen?.boxes;
  if (chosen === undefined || boxes == null) return refuse("damaged", INCOMPLETE);
  const { elst, timescale, trackId } = boxes;
  const ticksPerMovieTick = timescale / Math.max(1, movieTimescale);
  return {
    trackId,
    timescale,
    codec: chosen.codec,
    pcm: boxes.pcm,
    sampleEntry: boxes.sampleEntry,
    ...(elst === null ? UNEDITED : readEdits(await boxBody(window, elst, MAX_HEADER_BOX_BYTES), ticksPerMovieTick)),
    stbl: boxes.stbl,
    isQuickTime,
    hasVideo,
    fragments: mvex === null ? null : await readDefaults(window, mvex, { trackId, ticksPerMovieTick }, work),
    moov,
    tracks: described.map(namedTrack),
    track: index,
  };
}

const INCOMPLETE = "The file's index (moov) is incomplete.";
/** More tracks than any film has languages. */
const MAX_TRACKS = 500;
/** The memory of a track's description. */
const TRACK_ENTRIES = 16;

interface DescribedTrack extends Candidate {
  readonly boxes: {
    readonly trackId: number;
    readonly timescale: number;
    readonly stbl: Box;
    readonly elst: Box | null;
    readonly sampleEntry: Uint8Array;
    readonly pcm: PcmFormat | null;
  } | null;
}

async function describeTrack(window: Window, trak: Box, work: Work): Promise<DescribedTrack> {
  const find = async (...path: readonly string[]) => findBox(window, trak, path, work);
  const [tkhd, elst, mdhd] = [await find("tkhd"), await find("edts", "elst"), await find("mdia", "mdhd")];
  const [elng, stbl] = [await find("mdia", "elng"), await find("mdia", "minf", "stbl")];
  const stsd = stbl === null ? null : await findBox(window, stbl, ["stsd"], work);
  const name = await find("udta", "name");
  const unknown = { codec: "unknown", language: null, title: null, channels: null, isEnabled: false, isDefault: false };
  const damaged = (message: string) => ({ ...unknown, refusal: refuse("damaged", message), boxes: null });
  if (tkhd === null || mdhd === null || stbl === null || stsd === null) return damaged(INCOMPLETE);
  const entries = await boxBody(window, stsd, MAX_HEADER_BOX_BYTES);
  const sampleEntry = entries.slice(8, 8 + (entries.length >= 16 ? viewOf(entries).getUint32(8) : 0));
  if (sampleEntry.length < 16) return damaged("The audio track has no description.");
  if (sampleEntry.length > MAX_ENTRY_BYTES)
    return damaged("The audio track's description is over 64 kB. Convert the file to M4A or MP3.");
  const media = await boxBody(window, mdhd, MAX_HEADER_BOX_BYTES);
  const timescale = readTimescale(media);
  if (timescale === 0) return damaged("The audio track's header has no time scale.");
  const track = await boxBody(window, tkhd, MAX_HEADER_BOX_BYTES);
  const codec = readSampleEntry(sampleEntry);
  const isRefused = "type" in codec;
  const extended = elng === null ? "" : nameOf((await boxBody(window, elng, MAX_HEADER_BOX_BYTES)).subarray(4));
  return {
    codec: isRefused ? asciiAt(sampleEntry, 4, 4).trim() : codec.codec,
    language: languageOrNull(extended) ?? languageOrNull(packedLanguage(viewOf(media), media[0] === 1 ? 32 : 20)),
    title: name === null ? null : titleOrNull(nameOf(await boxBody(window, name, MAX_HEADER_BOX_BYTES))),
    channels: channelsOf(sampleEntry),
    // The lowest bit of the header's flags.
    isEnabled: (byteAt(track, 3) & 1) === 1,
    isDefault: false,
    refusal: isRefused ? codec : null,
    boxes: {
      trackId: viewOf(track).getUint32(track[0] === 1 ? 20 : 12),
      timescale,
      stbl,
      elst,
      sampleEntry,
      pcm: isRefused ? null : (codec.pcm ?? null),
    },
  };
}

/** Read a language of three letters with five bits each (ISO/IEC 14496-12, 8.4.2). QuickTime uses lower numbers. */
function packedLanguage(view: DataView, at: number): string {
  const packed = at + 2 <= view.byteLength ? view.getUint16(at) : 0;
  if (packed < 0x400) return "";
  return String.fromCharCode(...[10, 5, 0].map((shift) => 0x60 + ((packed >> shift) & 31)));
}

function channelsOf(entry: Uint8Array): number | null {
  if (entry.length < 26) return null;
  const view = viewOf(entry);
  return view.getUint16(16) === 2 && entry.length >= 52 ? view.getUint32(48) : view.getUint16(24);
}

function readTimescale(body: Uint8Array): number {
  return viewOf(body).getUint32(body[0] === 1 ? 20 : 12);
}

type Edits = Pick<Mp4Track, "startTicks" | "endTicks">;

const UNEDITED: Edits = { startTicks: 0, endTicks: Infinity };

/**
 * Read the edit list. Empty edits delay the track. The first edit that is not empty gives the start of the track in the media. If it is
 * the last one and has a duration (in a fragmented file it does not), it also gives the end of the track.
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
