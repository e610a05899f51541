import { asciiAt, viewOf } from "../reading/bytes.ts";
import { readWithin, type ByteSource } from "../reading/byte-source.ts";
import { refuse, type ByteRange, type Refusal } from "../chunks/chunk.ts";
import { pcmFrameBytes, type PcmFormat } from "../wav/pcm.ts";
import { refuseShape, type PcmLayout } from "../wav/pcm-cutter.ts";
import { opusSamples } from "../ogg/opus-packet.ts";
import { FETCHED_ELEMENT, type Work } from "../reading/work.ts";

/** Packets of Opus, whose sizes are in a table. Samples are counted at `OPUS_RATE`. */
export interface CafPackets {
  readonly channels: number;
  readonly samplesPerPacket: number;
  /** The number of samples before the recording begins. */
  readonly primingSamples: number;
  readonly packets: number;
  /** The range of the sizes, which are numbers of seven bits a byte. */
  readonly table: ByteRange;
  readonly data: ByteRange;
}

export type Caf = ({ readonly is: "pcm" } & PcmLayout) | ({ readonly is: "opus" } & CafPackets);

const CHUNK_HEAD_BYTES = 64;
const FLOAT = 1;
const LITTLE_ENDIAN = 2;
const TABLE_HEAD_BYTES = 24;
/** Opus counts samples at this rate, independent of the recording's rate (RFC 6716). */
export const OPUS_RATE = 48_000;
/** A packet lasts at most 120 ms (RFC 6716, section 3.2.5). */
const MOST_OPUS_SAMPLES = 5_760;

interface Description {
  readonly formatId: string;
  readonly flags: number;
  readonly bytesPerPacket: number;
  readonly samplesPerPacket: number;
  readonly channels: number;
  readonly bits: number;
  readonly sampleRate: number;
}

/** Read the chunks of a Core Audio file, in any order (Apple, Core Audio Format Specification 1.0). */
export async function readCaf(source: ByteSource, work: Work): Promise<Caf | Refusal> {
  let description: Description | null = null;
  let table: (ByteRange & { readonly packets: number; readonly primingSamples: number }) | null = null;
  let data: ByteRange | null = null;
  let saidBytes = 0;
  for (let at = 8; at + 12 <= source.sizeBytes;) {
    work.visit(FETCHED_ELEMENT);
    const head = await readWithin(source, at, CHUNK_HEAD_BYTES);
    const view = viewOf(head);
    const name = asciiAt(head, 0, 4);
    const said = Number(view.getBigInt64(4));
    const bodyAt = at + 12;
    const length = Math.min(said < 0 ? source.sizeBytes : said, source.sizeBytes - bodyAt);
    if (name === "desc" && length >= 32 && head.length >= 44) description = readDescription(view, head);
    if (name === "pakt" && length >= TABLE_HEAD_BYTES && head.length >= 12 + TABLE_HEAD_BYTES) {
      const [packets, primingSamples] = [Number(view.getBigInt64(12)), view.getInt32(28)];
      table = { offset: bodyAt + TABLE_HEAD_BYTES, length: length - TABLE_HEAD_BYTES, packets, primingSamples };
    }
    if (name === "data" && length >= 4) {
      // The first four bytes are a count of edits.
      data = { offset: bodyAt + 4, length: length - 4 };
      saidBytes = said < 0 ? length - 4 : said - 4;
    }
    at = bodyAt + length;
  }
  if (description === null) return refuse("damaged", "The CAF file ends before the description of its sound.");
  const { sampleRate, channels } = description;
  const refused = refuseShape("CAF", { sampleRate, channels });
  if (refused !== null) return refused;
  if (data === null || data.length === 0) return refuse("no_audio_track", "The CAF file holds no sound.");
  const format = pcmOf(description);
  if (format !== null) {
    const whole = data.length - (data.length % pcmFrameBytes(format));
    if (whole === 0) return refuse("no_audio_track", "The CAF file holds no sound.");
    return { is: "pcm", format, data: { ...data, length: whole }, saidBytes: Math.max(whole, saidBytes) };
  }
  if (description.formatId !== "opus") {
    return refuse(
      "unsupported_codec",
      `The CAF file holds '${description.formatId.trim()}', which cannot be cut. Convert it: ffmpeg -i recording.caf recording.flac`,
    );
  }
  if (channels > 2) {
    return refuse(
      "unsupported_codec",
      `The CAF file holds Opus of ${channels} channels; at most two can be cut. Mix them: ffmpeg -i recording.caf -ac 2 recording.flac`,
    );
  }
  if (table === null || table.packets <= 0) {
    return refuse(
      "damaged",
      "The CAF file has no table of its packets, so its recording was interrupted. Record again.",
    );
  }
  const [toc = 0, second = 0] = await readWithin(source, data.offset, 2);
  const samplesPerPacket = opusSamples(toc, second);
  if (samplesPerPacket === 0 || samplesPerPacket > MOST_OPUS_SAMPLES) {
    return refuse("damaged", "The CAF file is damaged: its first packet is not one of Opus.");
  }
  const { packets, primingSamples, ...range } = table;
  // Phones count at 24 kHz, and other writers at 48 kHz, independent of the rate in the header. The packet itself gives its length.
  const scale = samplesPerPacket / (description.samplesPerPacket || samplesPerPacket);
  const priming = Math.max(0, Math.min(Math.round(primingSamples * scale), OPUS_RATE));
  return { is: "opus", channels, samplesPerPacket, primingSamples: priming, packets, table: range, data };
}

function readDescription(view: DataView, head: Uint8Array): Description {
  return {
    sampleRate: view.getFloat64(12),
    formatId: asciiAt(head, 20, 4),
    flags: view.getUint32(24),
    bytesPerPacket: view.getUint32(28),
    samplesPerPacket: view.getUint32(32),
    channels: view.getUint32(36),
    bits: view.getUint32(40),
  };
}

function pcmOf(description: Description): PcmFormat | null {
  const { formatId, flags, channels, sampleRate } = description;
  if (formatId === "ulaw" || formatId === "alaw") {
    return { encoding: formatId, bytesPerSample: 1, littleEndian: false, channels, sampleRate };
  }
  const bytesPerSample = sampleBytes(description);
  if (formatId !== "lpcm" || bytesPerSample < 1) return null;
  const isFloat = (flags & FLOAT) !== 0;
  if (isFloat ? bytesPerSample !== 4 && bytesPerSample !== 8 : bytesPerSample > 4) return null;
  const littleEndian = (flags & LITTLE_ENDIAN) !== 0;
  return { encoding: isFloat ? "float" : "int", bytesPerSample, littleEndian, channels, sampleRate };
}

/** Return the bytes of a sample. A sample may be the upper part of a longer word: 24 bits in 32. */
function sampleBytes({ bytesPerPacket, samplesPerPacket, channels, bits }: Description): number {
  const least = Math.ceil(bits / 8);
  const word = bytesPerPacket / (samplesPerPacket * channels);
  return Number.isInteger(word) && word > least ? word : least;
}
