import type * as z from "zod";

import { asciiAt, viewOf } from "../reading/bytes.ts";
import { readWithin, type ByteSource } from "../reading/byte-source.ts";
import type { Container } from "../chunks/container.ts";
import {
  DamagedSource,
  refuse,
  type AudioPlan,
  type ByteRange,
  type ChunkFile,
  type ChunkPlan,
  type Refusal,
} from "../chunks/chunk.ts";
import type { CallLimits } from "../chunks/limits.ts";
import { brokenOff, cutOff, saidDuration } from "../chunks/missing.ts";
import { planParts } from "../chunks/parts.ts";
import { mp3 } from "../mp3/mp3.ts";
import { extractBlocks, planBlocks, readBlocks, type Blocks } from "./blocks.ts";
import { pcmFrameBytes, type PcmFormat } from "./pcm.ts";
import { extractPcm, pcmContainer, planPcm, refuseCompressed, refuseShape } from "./pcm-cutter.ts";
import { behindTags } from "../reading/tags.ts";
import { windowOn } from "../reading/window.ts";
import { FETCHED_ELEMENT, type Work } from "../reading/work.ts";

/** The sound of a WAV file, by the code in its `fmt ` chunk. */
type Sound =
  | { readonly is: "pcm"; readonly format: PcmFormat }
  | { readonly is: "blocks"; readonly format: Blocks }
  | { readonly is: "mp3" };

type Wav = Sound & { readonly data: ByteRange; readonly saidBytes: number };

const HEADER_BYTES = 4096;
/** Codes of `fmt ` (Microsoft, mmreg.h). The first means that the code is further on. */
const EXTENSIBLE = 0xfffe;
const MP3 = 0x55;
/** The length of the shortest `fmt ` that gives the size of a sample. */
const LEAST_FORMAT_BYTES = 16;

function unitBytes(sound: Sound): number {
  return sound.is === "pcm" ? pcmFrameBytes(sound.format) : 1;
}

/** Read the header of RIFF, or of RF64 or BW64 if sizes do not fit 32 bits. A recorder that crashed leaves sizes of 0 or all ones. */
async function readHeader(source: ByteSource, work: Work): Promise<Wav | Refusal> {
  const window = windowOn(source, HEADER_BYTES);
  let base = await behindTags(window);
  let head = await window.at(base, HEADER_BYTES);
  let sound: Sound | Refusal | null = null;
  let data64Bytes: number | null = null;
  let isEmpty = false;
  for (let at = base + 12; at + 8 <= source.sizeBytes;) {
    work.visit(FETCHED_ELEMENT);
    if (at + 64 > base + head.length && base + head.length < source.sizeBytes) {
      head = await readWithin(source, at, HEADER_BYTES);
      base = at;
    }
    const view = viewOf(head);
    const local = at - base;
    if (local + 8 > head.length) break;
    const name = asciiAt(head, local, 4);
    const length = view.getUint32(local + 4, true);
    if (name === "ds64" && local + 24 <= head.length) data64Bytes = Number(view.getBigUint64(local + 16, true));
    if (name === "fmt " && local + 24 <= head.length) sound = readFormat(head.subarray(local + 8, local + 8 + length));
    if (name === "data") {
      if (sound === null) break;
      if ("type" in sound) return sound;
      if (length === 0 && (await isChunk(source, at + 8))) {
        isEmpty = true;
        at += 8;
        continue;
      }
      const declared = length === 0xffffffff && data64Bytes !== null ? data64Bytes : length;
      const available = source.sizeBytes - at - 8;
      const usable = declared === 0 || declared > available ? available : declared;
      const whole = usable - (usable % unitBytes(sound));
      if (whole === 0) return refuse("no_audio_track", "The WAV file holds no samples.");
      const saidBytes = isUnknown(declared) ? whole : declared;
      return { ...sound, data: { offset: at + 8, length: whole }, saidBytes };
    }
    at += 8 + length + (length % 2);
  }
  if (isEmpty) return refuse("no_audio_track", "The WAV file holds no samples.");
  return refuse("damaged", "The WAV file ends before its audio begins.");
}

/** Whether a size means "unknown". Programs that do not know the size yet write values near 31 or 32 bits: arecord, SoX and FFmpeg. */
function isUnknown(sizeBytes: number): boolean {
  const isNear = (limit: number) => sizeBytes > limit - 2 ** 16 && sizeBytes <= limit + 2 ** 8;
  return sizeBytes === 0 || isNear(2 ** 31) || isNear(2 ** 32);
}

/** The chunks that may follow the samples of a file. */
const LATER_CHUNKS = new Set("LIST,id3 ,ID3 ,bext,cue ,smpl,inst,JUNK,PEAK,iXML,_PMX,data".split(","));

/** Whether another chunk begins here. If so, the file has no samples, rather than samples of unknown length. */
async function isChunk(source: ByteSource, at: number): Promise<boolean> {
  const head = await readWithin(source, at, 8);
  return (
    head.length === 8 &&
    LATER_CHUNKS.has(asciiAt(head, 0, 4)) &&
    at + 8 + viewOf(head).getUint32(4, true) <= source.sizeBytes
  );
}

/** @param fmt the body of the `fmt ` chunk, or the part of it that was read. */
function readFormat(fmt: Uint8Array): Sound | Refusal {
  if (fmt.length < LEAST_FORMAT_BYTES) {
    return refuse("damaged", "The WAV file's header does not describe its samples. Record or export it again.");
  }
  const view = viewOf(fmt);
  const tag = view.getUint16(0, true);
  const code = tag === EXTENSIBLE && fmt.length >= 26 ? view.getUint16(24, true) : tag;
  const channels = view.getUint16(2, true);
  const sampleRate = view.getUint32(4, true);
  const bytesPerSample = Math.ceil(view.getUint16(14, true) / 8);
  const refused = refuseShape("WAV", { sampleRate, channels });
  if (refused !== null) return refused;
  if (code === MP3) return { is: "mp3" };
  const blocks = readBlocks(fmt.slice(), code);
  if (blocks !== null) return { is: "blocks", format: blocks };
  const encoding = encodingOf(code, bytesPerSample);
  if (encoding === null) return refuseCompressed("WAV", `format ${code}`);
  const isCompanded = encoding === "alaw" || encoding === "ulaw";
  const shape = { channels, sampleRate, littleEndian: true };
  return { is: "pcm", format: { ...shape, encoding, bytesPerSample: isCompanded ? 1 : bytesPerSample } };
}

function encodingOf(code: number, bytesPerSample: number): PcmFormat["encoding"] | null {
  if (code === 1 && bytesPerSample === 1) return "uint8";
  if (code === 1 && bytesPerSample >= 2 && bytesPerSample <= 4) return "int";
  if (code === 3 && (bytesPerSample === 4 || bytesPerSample === 8)) return "float";
  if (code === 6) return "alaw";
  return code === 7 ? "ulaw" : null;
}

async function planWav(source: ByteSource, limits: CallLimits, work: Work): Promise<AudioPlan> {
  const read = await readHeader(source, work);
  if ("type" in read) return read;
  switch (read.is) {
    case "pcm":
      return planPcm(source, { name: "wav", layout: read, limits }, work);
    case "blocks":
      return planBlocks(read, limits, work);
    case "mp3":
      return planMp3(source, read, limits, work);
  }
}

/** Plan MP3 in a WAV file. The MP3 is a part of the file, and each chunk stores where that part is. */
async function planMp3(
  source: ByteSource,
  { data: { offset, length }, saidBytes }: Wav,
  limits: CallLimits,
  work: Work,
): Promise<AudioPlan> {
  const upToEnd = { sizeBytes: offset + length, read: source.read.bind(source) };
  const planned = await planParts(upToEnd, [offset], work, (part) => mp3.plan(part, limits, work));
  if (planned.type === "refused" || saidBytes <= length) return planned;
  // The MP3 itself may show that it ends within a frame. The header of the WAV shows how much more is missing.
  const broken = (planned.gaps ?? []).find(
    ({ reason, endMs }) => reason === "cut_off" && endMs >= planned.durationMs - 1,
  );
  if ((planned.gaps ?? []).length > (broken === undefined ? 0 : 1)) return planned;
  const soundMs = broken?.startMs ?? planned.durationMs;
  // The header gives bytes, not time, so the missing part is assumed to have the same bitrate as the rest.
  const durationMs = saidDuration((soundMs * saidBytes) / length, planned.durationMs);
  return { ...planned, durationMs, gaps: (broken === undefined ? cutOff : brokenOff)(soundMs, durationMs) };
}

async function extractWav(source: ByteSource, chunk: ChunkPlan, work: Work): Promise<ChunkFile> {
  const read = await readHeader(source, work);
  if ("type" in read) throw new DamagedSource(read.message);
  switch (read.is) {
    case "pcm":
      return extractPcm(source, chunk, read);
    case "blocks":
      return extractBlocks(source, chunk, read);
    case "mp3":
      throw new DamagedSource("The WAV file has MP3, but its plan has samples.");
  }
}

function isWav(head: Uint8Array): boolean {
  return ["RIFF", "RF64", "BW64"].includes(asciiAt(head, 0, 4)) && asciiAt(head, 8, 4) === "WAVE";
}

const shared = pcmContainer("wav");

export const wav = {
  ...shared,
  begins: { by: "mark", mayFollowTags: true, isIn: isWav },
  plan: planWav,
  extract: extractWav,
} as const satisfies Container<z.infer<typeof shared.extra>>;
