import { asciiAt, indexOfBytes } from "./reading/bytes.ts";
import { readWithin, type ByteSource } from "./reading/byte-source.ts";
import { refuse, type Refusal } from "./chunks/chunk.ts";
import type { Container } from "./chunks/container.ts";
import { CONTAINERS } from "./containers.ts";
import { findFrame, JUNK_BYTES, type FrameHeader, type ParseFrame } from "./frames/find.ts";
import { behindTags } from "./reading/tags.ts";
import { windowOn } from "./reading/window.ts";
import type { Work } from "./reading/work.ts";

/** Formats that are not supported, with the bytes at the start of their files. */
const OTHERS: readonly { readonly at: number; readonly text: string; readonly name: string }[] = [
  { at: 8, text: "AVI ", name: "AVI" },
  { at: 0, text: "riff\x2e\x91\xcf\x11", name: "Wave64 (W64)" },
  { at: 0, text: "\x00\x00\x01\xba", name: "MPEG programme stream (MPG, VOB)" },
  { at: 0, text: "\x0b\x77", name: "Dolby Digital (AC-3)" },
  { at: 0, text: "\x7f\xfe\x80\x01", name: "DTS" },
  { at: 0, text: "\xfe\x7f\x01\x80", name: "DTS" },
  { at: 0, text: "FLV", name: "Flash video (FLV)" },
  { at: 0, text: "#!AMR", name: "AMR" },
  { at: 0, text: ".RMF", name: "RealMedia" },
  { at: 0, text: "\x30\x26\xb2\x75", name: "Windows Media" },
  { at: 0, text: "MThd", name: "MIDI" },
  { at: 0, text: "wvpk", name: "WavPack" },
  { at: 0, text: "MAC ", name: "Monkey's Audio" },
  { at: 0, text: "TTA1", name: "True Audio (TTA)" },
  { at: 0, text: "MPCK", name: "Musepack" },
  { at: 0, text: "MP+", name: "Musepack" },
  { at: 0, text: "DSD ", name: "DSD" },
];
/** The first bytes of pictures, documents, archives and web pages. If one of them seems to contain a frame of sound, that is chance. */
const NO_SOUND = ["\xff\xd8\xff", "\x89PNG", "GIF8", "%PDF", "PK\x03\x04", "Rar!", "7z\xbc\xaf", "\x1f\x8b", "<"];

const UNKNOWN =
  "The file is not a recording in a supported format: WAV, AIFF, AU, CAF, MP3, M4A, AAC, FLAC, Ogg, WebM, MKV, MP4, MOV, MPEG-TS or M2TS. Convert it to one of them.";

const SNIFF_BYTES = 8 * 1024;
/** The number of frames in a row that proves that sound follows other bytes. Three may be chance. */
const SURE_FRAMES = 8;

const MARKED = CONTAINERS.flatMap((container) =>
  container.begins?.by === "mark" ? [{ container, ...container.begins }] : [],
);

/** Containers whose files are frames end to end. */
const FRAMED = CONTAINERS.flatMap((container) =>
  container.begins?.by === "frame" ? [{ container, parse: container.begins.parse }] : [],
);

/** Return the container of a file by its bytes, because the names and content types that clients send are often wrong. */
export async function sniffContainer(source: ByteSource, work: Work): Promise<Found | Refusal> {
  const window = windowOn(source, SNIFF_BYTES);
  const base = await behindTags(window);
  const head = (await window.at(base, SNIFF_BYTES)).subarray(0, SNIFF_BYTES);
  const marked = MARKED.find(({ isIn }) => isIn(head));
  if (marked !== undefined && base > 0 && !marked.mayFollowTags) {
    return refuse(
      "unsupported_container",
      "The file begins with an ID3 or APE tag, which only MP3, AAC, FLAC and WAV files may have. Remove the tag.",
    );
  }
  if (marked !== undefined) return { container: marked.container, start: 0 };
  const other = refuseOther(head);
  if (other !== null) return other;
  const framed = byFrames(head, work);
  if (framed !== null) return { container: framed, start: 0 };
  const hasNoSound = NO_SOUND.some((mark) => asciiAt(head, 0, mark.length) === mark);
  if (hasNoSound) return refuse("unsupported_container", UNKNOWN);
  const junk = await readWithin(source, base, JUNK_BYTES);
  const goingOn = behindJunkOf(junk, work);
  if (goingOn !== null) return { container: goingOn, start: 0 };
  return laterMark(junk, base, work) ?? refuse("unsupported_container", UNKNOWN);
}

/** A container, and where its file begins. A container whose files have no mark finds its first frame itself. */
export interface Found {
  readonly container: Container;
  readonly start: number;
}

/** Marks that are too long to occur by chance. */
const LATE_MARKS = [
  { name: "ogg", mark: [0x4f, 0x67, 0x67, 0x53, 0, 2] },
  { name: "flac", mark: [0x66, 0x4c, 0x61, 0x43, 0, 0, 0, 34] },
  { name: "flac", mark: [0x66, 0x4c, 0x61, 0x43, 0x80, 0, 0, 34] },
] as const;

/** Find a file that follows the rest of another file. Players skip what they do not recognise. */
function laterMark(bytes: Uint8Array, base: number, work: Work): Found | null {
  for (const { name, mark } of LATE_MARKS) {
    const at = indexOfBytes(bytes, mark, 0, work);
    const container = CONTAINERS.find((one) => one.name === name);
    if (at !== -1 && container !== undefined) return { container, start: base + at };
  }
  return null;
}

function refuseOther(head: Uint8Array): Refusal | null {
  for (const { at, text, name } of OTHERS) {
    if (asciiAt(head, at, text.length) === text) {
      return refuse(
        "unsupported_container",
        `${name} files are not supported. Convert the file: ffmpeg -i recording recording.flac`,
      );
    }
  }
  return null;
}

/** Return the container whose frame comes first. Two more frames must follow it. */
function byFrames(head: Uint8Array, work: Work): Container | null {
  let first: Container | null = null;
  let firstAt = Infinity;
  for (const { container, parse } of FRAMED) {
    const found = findFrame<FrameHeader>(head, 0, parse, work);
    if (found === null || found.at >= firstAt || found.at + 2 * found.header.bytes >= head.length) continue;
    first = container;
    firstAt = found.at;
  }
  return first;
}

/** Find a long enough run of frames after the remains of the file that the recording was cut from. */
function behindJunkOf(bytes: Uint8Array, work: Work): Container | null {
  return FRAMED.find(({ parse }) => goesOn(bytes, parse, work))?.container ?? null;
}

function goesOn(bytes: Uint8Array, parse: ParseFrame, work: Work): boolean {
  let at = findFrame(bytes, 0, parse, work)?.at ?? bytes.length;
  for (let frames = 0; frames < SURE_FRAMES; frames++) {
    const header = parse(bytes, at);
    if (header === null) return false;
    at += header.bytes;
  }
  return true;
}
