import { pcmWav } from "../../shared/audio/wav/write-wav.ts";

const SAMPLES_PER_SECOND = 16_000;

/** Make a WAV of this length, 16 kHz, mono, 16 bits: a tone that comes and goes. Different seeds give different bytes. */
export function clip(seconds: number, seed: number): Uint8Array<ArrayBuffer> {
  const data = new DataView(new ArrayBuffer(seconds * SAMPLES_PER_SECOND * 2));
  for (let index = 0; index < data.byteLength / 2; index += 1) {
    const at = index / SAMPLES_PER_SECOND;
    const loudness = 6000 * (1 + Math.sin(2 * Math.PI * at));
    data.setInt16(index * 2, Math.round(loudness * Math.sin(2 * Math.PI * (200 + seed) * at)), true);
  }
  return new Uint8Array(pcmWav(new Uint8Array(data.buffer), SAMPLES_PER_SECOND));
}
