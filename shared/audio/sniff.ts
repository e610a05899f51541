import { asciiAt, byteAt } from "./reading/bytes.ts";
import { readWithin, type ByteSource } from "./reading/byte-source.ts";
import { refuse, type ContainerName, type Refusal } from "./chunks/chunk.ts";
import { JUNK_BYTES } from "./mp3/first-frame.ts";
import { findFrame, parseAdtsHeader, parseMp3Header, type FrameHeader } from "./mp3/mpeg-frame.ts";
import { behindTags } from "./reading/tags.ts";
import { windowOn } from "./reading/window.ts";
import type { Work } from "./reading/work.ts";

/** What people send that is not cut, by what it begins with. */
const OTHERS: readonly { readonly at: number; readonly text: string; readonly name: string }[] = [
  { at: 8, text: "AIFF", name: "AIFF" },
  { at: 8, text: "AIFC", name: "AIFF" },
  { at: 8, text: "AVI ", name: "AVI" },
  { at: 0, text: "caff", name: "Core Audio (CAF)" },
  { at: 0, text: ".snd", name: "AU" },
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
/** No recordings, though there may be one in them: pictures, documents, archives, pages. */
const NO_SOUND = ["\xff\xd8\xff", "\x89PNG", "GIF8", "%PDF", "PK\x03\x04", "Rar!", "7z\xbc\xaf", "\x1f\x8b", "<"];
const MP4_BOXES = new Set(["ftyp", "moov", "mdat", "free", "skip", "wide", "styp"]);

const SNIFF_BYTES = 8 * 1024;
/** In junk that was searched for a frame, three in a row may be chance. */
const SURE_FRAMES = 8;
/** The others are read from the file's first byte on. */
const BEHIND_TAGS: ReadonlySet<ContainerName> = new Set(["wav", "flac", "mp3", "adts"]);

/** The container, by its bytes: names and types sent along lie. */
export async function sniffContainer(source: ByteSource, work: Work): Promise<ContainerName | Refusal> {
  const window = windowOn(source, SNIFF_BYTES);
  const base = await behindTags(window);
  const head = (await window.at(base, SNIFF_BYTES)).subarray(0, SNIFF_BYTES);
  const container = byMark(head) ?? byFrames(head, work);
  if (typeof container === "string" && base > 0 && !BEHIND_TAGS.has(container)) {
    return refuse(
      "unsupported_container",
      "The file has an ID3 or APE tag in front, where only MP3, AAC, FLAC and WAV may have one. Take the tag out of it.",
    );
  }
  if (container !== null) return container;
  const isNoSound = NO_SOUND.some((mark) => asciiAt(head, 0, mark.length) === mark);
  const behindJunk = isNoSound ? null : behindJunkOf(await readWithin(source, base, JUNK_BYTES), work);
  return behindJunk ?? refuse("unsupported_container", "The file is not a recording in a format that is known here.");
}

function byMark(head: Uint8Array): ContainerName | Refusal | null {
  const first = asciiAt(head, 0, 4);
  if ((first === "RIFF" || first === "RF64" || first === "BW64") && asciiAt(head, 8, 4) === "WAVE") return "wav";
  if (first === "fLaC") return "flac";
  if (first === "OggS") return "ogg";
  if (first === "\x1a\x45\xdf\xa3") return "matroska";
  if (MP4_BOXES.has(asciiAt(head, 4, 4))) return "mp4";
  for (const { at, text, name } of OTHERS) {
    if (asciiAt(head, at, text.length) === text) {
      return refuse("unsupported_container", `${name} files cannot be cut. Convert it to MP3, M4A or WAV.`);
    }
  }
  if ([4, 196, 388].every((at) => byteAt(head, at) === 0x47)) {
    return refuse(
      "unsupported_container",
      "The transport stream has a time before every packet (M2TS, AVCHD), which cannot be cut. Convert it to MP4 or plain MPEG-TS.",
    );
  }
  if (byteAt(head, 0) === 0x47 && byteAt(head, 188) === 0x47 && byteAt(head, 376) === 0x47) return "mpegts";
  return null;
}

/** Frames without a header of the file: whichever begins first. Two more must follow it. */
function byFrames(head: Uint8Array, work: Work): ContainerName | null {
  const adts = findFrame(head, 0, parseAdtsHeader, work);
  const mp3 = findFrame(head, 0, parseMp3Header, work);
  const adtsAt = adts !== null && adts.at + 2 * adts.header.bytes < head.length ? adts.at : Infinity;
  const mp3At = mp3 !== null && mp3.at + 2 * mp3.header.bytes < head.length ? mp3.at : Infinity;
  if (adtsAt < mp3At) return "adts";
  return mp3At < Infinity ? "mp3" : null;
}

/** Frames that go on for long enough, behind whatever the recording was cut from. */
function behindJunkOf(bytes: Uint8Array, work: Work): ContainerName | null {
  if (goesOn(bytes, parseMp3Header, work)) return "mp3";
  return goesOn(bytes, parseAdtsHeader, work) ? "adts" : null;
}

function goesOn(bytes: Uint8Array, parse: (bytes: Uint8Array, at: number) => FrameHeader | null, work: Work): boolean {
  let at = findFrame(bytes, 0, parse, work)?.at ?? bytes.length;
  for (let frames = 0; frames < SURE_FRAMES; frames++) {
    const header = parse(bytes, at);
    if (header === null) return false;
    at += header.bytes;
  }
  return true;
}
