import { concatBytes, textBytes, viewOf } from "../reading/bytes.ts";

/**
 * Write a WAV file.
 * @param fmt the body of its `fmt ` chunk.
 * @param samples the total number of samples, which codecs other than PCM have to give.
 */
export function wavFile(fmt: Uint8Array, data: Uint8Array, samples?: number): Uint8Array {
  const described = [...chunkOf("fmt ", fmt), ...(samples === undefined ? [] : chunkOf("fact", uint32(samples)))];
  const body = [textBytes("WAVE"), ...described, ...chunkOf("data", data)];
  const bodyBytes = body.reduce((sum, { length }) => sum + length, 0);
  return concatBytes([textBytes("RIFF"), uint32(bodyBytes), ...body]);
}

/** Write a WAV file of one channel with samples of 16 bits. */
export function pcmWav(data: Uint8Array, sampleRate: number): Uint8Array {
  const fmt = new Uint8Array(16);
  const view = viewOf(fmt);
  view.setUint16(0, 1, true);
  view.setUint16(2, 1, true);
  view.setUint32(4, sampleRate, true);
  view.setUint32(8, sampleRate * 2, true);
  view.setUint16(12, 2, true);
  view.setUint16(14, 16, true);
  return wavFile(fmt, data);
}

/** Write a WAV file of one channel with samples from -1 to 1. */
export function writeWav(parts: readonly Float32Array[], sampleRate: number): Uint8Array {
  const samples = parts.reduce((sum, part) => sum + part.length, 0);
  const body = new Uint8Array(samples * 2);
  const view = viewOf(body);
  let at = 0;
  for (const part of parts) {
    for (const sample of part) {
      view.setInt16(at, Math.max(-32768, Math.min(32767, Math.round(sample * 32768))), true);
      at += 2;
    }
  }
  return pcmWav(body, sampleRate);
}

/** Return the pieces of a chunk, so that its body is copied only once. A chunk ends at an even offset. */
function chunkOf(name: string, body: Uint8Array): readonly Uint8Array[] {
  return [textBytes(name), uint32(body.length), body, new Uint8Array(body.length % 2)];
}

function uint32(value: number): Uint8Array {
  const bytes = new Uint8Array(4);
  viewOf(bytes).setUint32(0, value, true);
  return bytes;
}
