import { asciiAt, byteAt, viewOf } from "../reading/bytes.ts";
import { box } from "./m4a.ts";
import type { AdtsHeader } from "../adts/header.ts";
import { MAX_CHANNELS, MAX_SAMPLE_BYTES, type PcmFormat } from "../wav/pcm.ts";
import { refuse, type Refusal, refuseRate } from "../chunks/chunk.ts";

/** The codec in a track's sample entry (in `stsd`), or why its packets cannot be put into a separate file. */
export type TrackCodec = { readonly codec: string; readonly pcm?: PcmFormat } | Refusal;

const CODECS: Readonly<Record<string, string>> = {
  mp4a: "aac",
  Opus: "opus",
  fLaC: "flac",
  ".mp3": "mp3",
  "ac-3": "ac3",
  "ec-3": "eac3",
};
const PCM_CODECS = new Set([
  "sowt",
  "twos",
  "raw ",
  "in24",
  "in32",
  "fl32",
  "fl64",
  "lpcm",
  "ipcm",
  "fpcm",
  "alaw",
  "ulaw",
]);

export function readSampleEntry(entry: Uint8Array): TrackCodec {
  const name = asciiAt(entry, 4, 4);
  if (name === "enca" || name === "drms") {
    return refuse("encrypted", "The audio is encrypted. Send a copy without copy protection.");
  }
  if (PCM_CODECS.has(name)) return readPcmEntry(name, entry);
  const codec = CODECS[name];
  if (codec !== undefined) return { codec };
  const known = name === "alac" ? "Apple Lossless (ALAC)" : `'${name.trim()}'`;
  return refuse("unsupported_codec", `The audio is in ${known}, which cannot be cut. Convert it to AAC, FLAC or MP3.`);
}

/** Return the entry for a chunk. The Opus pre-skip, which a decoder drops, is set to 0: it applies only to the start of the recording. */
export function entryOfChunk(entry: Uint8Array): Uint8Array {
  if (asciiAt(entry, 4, 4) !== "Opus") return entry;
  const changed = entry.slice();
  for (let at = 36; at + 12 <= entry.length; at++)
    if (asciiAt(entry, at, 4) === "dOps") changed.fill(0, at + 6, at + 8);
  return changed;
}

/** Return the codec of a planned track by its entry. */
export function codecOf(entry: Uint8Array): string {
  return CODECS[asciiAt(entry, 4, 4)] ?? "";
}

function readPcmEntry(name: string, entry: Uint8Array): TrackCodec {
  const view = viewOf(entry);
  if (entry.length < 36) return refuse("damaged", "The audio track's description is cut short.");
  const version = view.getUint16(16);
  let channels = view.getUint16(24);
  let bits = view.getUint16(26);
  let sampleRate = view.getUint32(32) / 65536;
  let isFloat = name === "fl32" || name === "fl64" || name === "fpcm";
  let littleEndian = name === "sowt";
  if (version === 2 && entry.length >= 72) {
    sampleRate = view.getFloat64(40);
    channels = view.getUint32(48);
    bits = view.getUint32(56);
    const flags = view.getUint32(60);
    isFloat = (flags & 1) === 1;
    littleEndian = (flags & 2) === 0;
  }
  if (name === "in24") bits = 24;
  if (name === "in32" || name === "fl32") bits = 32;
  if (name === "fl64") bits = 64;
  // 'enda' (QuickTime) and 'pcmC' (ISO) say whether samples are little endian.
  for (let at = 36; at + 10 <= entry.length; at++) {
    const tag = asciiAt(entry, at, 4);
    if (tag === "enda") littleEndian = view.getUint16(at + 4) === 1;
    if (tag === "pcmC") {
      littleEndian = (byteAt(entry, at + 8) & 1) === 1;
      bits = byteAt(entry, at + 9);
    }
  }
  const companded = name === "alaw" || name === "ulaw";
  const bytesPerSample = companded ? 1 : bits / 8;
  const refused = refuseRate(sampleRate);
  if (refused !== null) return refused;
  const isSample = Number.isInteger(bytesPerSample) && bytesPerSample >= 1 && bytesPerSample <= MAX_SAMPLE_BYTES;
  if (channels === 0 || channels > MAX_CHANNELS || !isSample) {
    return refuse("damaged", "The audio track's description has a sample format that does not exist.");
  }
  const encoding = companded ? name : isFloat ? "float" : name === "raw " ? "uint8" : "int";
  return { codec: `pcm-${encoding}${bits}`, pcm: { encoding, bytesPerSample, littleEndian, channels, sampleRate } };
}

/** Return an `mp4a` entry for AAC whose configuration is in ADTS headers. */
export function aacSampleEntry({ channels, sampleRate, config }: AdtsHeader): Uint8Array {
  const head = new Uint8Array(28);
  const view = viewOf(head);
  view.setUint16(6, 1);
  view.setUint16(16, channels);
  view.setUint16(18, 16);
  view.setUint16(24, sampleRate & 0xffff);
  const specific = [5, 2, config >> 8, config & 0xff];
  const decoder = [4, 13 + specific.length, 0x40, 0x15, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, ...specific];
  const descriptor = [3, 3 + decoder.length + 3, 0, 0, 0, ...decoder, 6, 1, 2];
  return box("mp4a", head, box("esds", new Uint8Array([0, 0, 0, 0, ...descriptor])));
}
