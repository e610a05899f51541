import { asciiAt, byteAt } from "./bytes.ts";
import { refuse, type ContainerName, type Refusal } from "./chunk.ts";
import { findFrame, parseAdtsHeader, parseMp3Header } from "./mpeg-frame.ts";

/** What people send that is not cut, by what it begins with. */
const OTHERS: readonly { readonly at: number; readonly text: string; readonly name: string }[] = [
  { at: 8, text: "AIFF", name: "AIFF" },
  { at: 8, text: "AIFC", name: "AIFF" },
  { at: 8, text: "AVI ", name: "AVI" },
  { at: 0, text: "caff", name: "Core Audio (CAF)" },
  { at: 0, text: "FLV", name: "Flash video (FLV)" },
  { at: 0, text: "#!AMR", name: "AMR" },
  { at: 0, text: "\x30\x26\xb2\x75", name: "Windows Media" },
  { at: 0, text: "MThd", name: "MIDI" },
  { at: 0, text: "wvpk", name: "WavPack" },
  { at: 0, text: "MAC ", name: "Monkey's Audio" },
];
const MP4_BOXES = new Set(["ftyp", "moov", "mdat", "free", "skip", "wide", "styp"]);

/** The container, by its first bytes (those behind an ID3 tag, where there is one). Names and types sent along lie. */
export function sniffContainer(head: Uint8Array): ContainerName | Refusal {
  const first = asciiAt(head, 0, 4);
  if ((first === "RIFF" || first === "RF64" || first === "BW64") && asciiAt(head, 8, 4) === "WAVE") return "wav";
  if (first === "fLaC") return "flac";
  if (first === "OggS") return "ogg";
  if (first === "\x1a\x45\xdf\xa3") return "matroska";
  if (MP4_BOXES.has(asciiAt(head, 4, 4))) return "mp4";
  for (const { at, text, name } of OTHERS) {
    if (asciiAt(head, at, text.length) === text) {
      return refuse(
        "unsupported_container",
        `${name} files cannot be cut. Convert it to MP3, M4A, FLAC, WAV, Ogg or WebM.`,
      );
    }
  }
  if ([4, 196, 388].every((at) => byteAt(head, at) === 0x47)) {
    return refuse(
      "unsupported_container",
      "The transport stream has a time before every packet (M2TS, AVCHD), which cannot be cut. Convert it to MP4 or plain MPEG-TS.",
    );
  }
  if (byteAt(head, 0) === 0x47 && byteAt(head, 188) === 0x47 && byteAt(head, 376) === 0x47) return "mpegts";
  // Frames without a header of the file: whichever begins first. Two more must follow it.
  const adts = findFrame(head, 0, parseAdtsHeader);
  const mp3 = findFrame(head, 0, parseMp3Header);
  const adtsAt = adts !== null && adts.at + 2 * adts.header.bytes < head.length ? adts.at : Infinity;
  const mp3At = mp3 !== null && mp3.at + 2 * mp3.header.bytes < head.length ? mp3.at : Infinity;
  if (adtsAt < mp3At) return "adts";
  if (mp3At < Infinity) return "mp3";
  return refuse("unsupported_container", "The file is not a recording in a format that is known here.");
}
