import * as z from "zod";

import { viewOf } from "../reading/bytes.ts";

/** More channels than a microphone array has. The longest sample is a float of 64 bits. */
export const MAX_CHANNELS = 64;
export const MAX_SAMPLE_BYTES = 8;

/** The format of PCM samples in the source. */
export const PcmFormat = z.object({
  encoding: z.enum(["int", "uint8", "float", "alaw", "ulaw"]),
  bytesPerSample: z.int().min(1).max(MAX_SAMPLE_BYTES),
  littleEndian: z.boolean(),
  channels: z.int().min(1).max(MAX_CHANNELS),
  sampleRate: z.number(),
});
export type PcmFormat = Readonly<z.infer<typeof PcmFormat>>;

export function pcmFrameBytes(format: PcmFormat): number {
  return format.bytesPerSample * format.channels;
}

/** Return one channel of complete PCM frames, from -1 to 1: a single channel, or the mean of all. */
export function toMono(bytes: Uint8Array, format: PcmFormat, channel: number | "mix" = "mix"): Float32Array {
  const { channels, bytesPerSample } = format;
  const frames = Math.floor(bytes.length / pcmFrameBytes(format));
  const mono = new Float32Array(frames);
  const only = channels === 1 ? 0 : channel;
  const samples = format.encoding === "int" && bytesPerSample === 2 && format.littleEndian ? int16Of(bytes) : null;
  if (samples !== null) {
    const scale = only === "mix" ? 1 / (32768 * channels) : 1 / 32768;
    if (only !== "mix")
      for (let frame = 0, at = only; frame < frames; frame++, at += channels) mono[frame] = (samples[at] ?? 0) * scale;
    else if (channels === 2)
      for (let frame = 0, at = 0; frame < frames; frame++, at += 2)
        mono[frame] = ((samples[at] ?? 0) + (samples[at + 1] ?? 0)) * scale;
    else
      for (let frame = 0, at = 0; frame < frames; frame++) {
        let sum = 0;
        for (let index = 0; index < channels; index++) sum += samples[at++] ?? 0;
        mono[frame] = sum * scale;
      }
    return mono;
  }
  const readSample = sampleReader(viewOf(bytes), format);
  const frameBytes = pcmFrameBytes(format);
  if (only !== "mix") {
    for (let frame = 0, at = only * bytesPerSample; frame < frames; frame++, at += frameBytes)
      mono[frame] = readSample(at);
    return mono;
  }
  for (let frame = 0, at = 0; frame < frames; frame++) {
    let sum = 0;
    for (let index = 0; index < channels; index++, at += bytesPerSample) sum += readSample(at);
    mono[frame] = sum / channels;
  }
  return mono;
}

/** Return the samples without a copy, which is several times faster than a view. Every runtime that this runs on is little-endian. */
function int16Of(bytes: Uint8Array): Int16Array {
  const isAligned = bytes.byteOffset % 2 === 0;
  const aligned = isAligned ? bytes : bytes.slice();
  return new Int16Array(aligned.buffer, aligned.byteOffset, aligned.length >> 1);
}

/** One frame in this many is checked to find out whether channels cancel each other. */
const PHASE_STEP = 16;

/** If the mean has less than this share of the power that it has for unlike channels, the channels cancel each other. */
const CANCELLED = 0.1;

/**
 * Choose the channel to take: the mean, or the loudest channel if the others cancel its sound. A microphone with two swapped
 * wires makes a stereo file whose mean is silence.
 */
export function channelOf(bytes: Uint8Array, format: PcmFormat): number | "mix" {
  const { channels, bytesPerSample } = format;
  if (channels === 1) return 0;
  const readSample = sampleReader(viewOf(bytes), format);
  const frameBytes = pcmFrameBytes(format);
  const power = new Float64Array(channels);
  let mixed = 0;
  for (let at = 0; at + frameBytes <= bytes.length; at += PHASE_STEP * frameBytes) {
    let sum = 0;
    for (let channel = 0; channel < channels; channel++) {
      const sample = readSample(at + channel * bytesPerSample);
      sum += sample;
      power[channel] = (power[channel] ?? 0) + sample * sample;
    }
    mixed += (sum / channels) ** 2;
  }
  const all = power.reduce((sum, one) => sum + one, 0);
  // The mean of unlike channels has their average power, divided by their number.
  if (mixed >= (CANCELLED * all) / channels ** 2) return "mix";
  return power.indexOf(Math.max(...power));
}

function sampleReader(view: DataView, { encoding, bytesPerSample, littleEndian }: PcmFormat): (at: number) => number {
  if (encoding === "uint8") return (at) => (view.getUint8(at) - 128) / 128;
  if (encoding === "ulaw") return (at) => decodeUlaw(view.getUint8(at)) / 32768;
  if (encoding === "alaw") return (at) => decodeAlaw(view.getUint8(at)) / 32768;
  if (encoding === "float") {
    return bytesPerSample === 8 ? (at) => view.getFloat64(at, littleEndian) : (at) => view.getFloat32(at, littleEndian);
  }
  if (bytesPerSample === 1) return (at) => view.getInt8(at) / 128;
  if (bytesPerSample === 2) return (at) => view.getInt16(at, littleEndian) / 32768;
  if (bytesPerSample === 4) return (at) => view.getInt32(at, littleEndian) / 2147483648;
  // In 24 bits, the upper 16 bits are signed, and the lowest byte is added.
  return littleEndian
    ? (at) => (view.getInt16(at + 1, true) * 256 + view.getUint8(at)) / 8388608
    : (at) => (view.getInt16(at, false) * 256 + view.getUint8(at + 2)) / 8388608;
}

// µ-law of ITU-T G.711.
function decodeUlaw(code: number): number {
  const inverted = ~code & 0xff;
  const magnitude = (((inverted & 0x0f) << 3) + 0x84) << ((inverted & 0x70) >> 4);
  return inverted & 0x80 ? 0x84 - magnitude : magnitude - 0x84;
}

function decodeAlaw(code: number): number {
  const toggled = code ^ 0x55;
  const exponent = (toggled & 0x70) >> 4;
  const mantissa = (toggled & 0x0f) << 4;
  const magnitude = exponent === 0 ? mantissa + 8 : (mantissa + 0x108) << (exponent - 1);
  return toggled & 0x80 ? magnitude : -magnitude;
}
