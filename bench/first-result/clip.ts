const SAMPLES_PER_SECOND = 16_000;

/** Make a WAV of this length, 16 kHz, mono, 16 bits: a tone that comes and goes. Different seeds give different bytes. */
export function clip(seconds: number, seed: number): Uint8Array<ArrayBuffer> {
  const samples = seconds * SAMPLES_PER_SECOND;
  const wav = new Uint8Array(44 + samples * 2);
  const view = new DataView(wav.buffer);
  wav.set(new TextEncoder().encode("RIFF....WAVEfmt "));
  view.setUint32(4, wav.length - 8, true);
  view.setUint32(16, 16, true);
  view.setUint16(20, 1, true);
  view.setUint16(22, 1, true);
  view.setUint32(24, SAMPLES_PER_SECOND, true);
  view.setUint32(28, SAMPLES_PER_SECOND * 2, true);
  view.setUint16(32, 2, true);
  view.setUint16(34, 16, true);
  wav.set(new TextEncoder().encode("data"), 36);
  view.setUint32(40, samples * 2, true);
  for (let index = 0; index < samples; index += 1) {
    const at = index / SAMPLES_PER_SECOND;
    const loudness = 6000 * (1 + Math.sin(2 * Math.PI * at));
    view.setInt16(44 + index * 2, Math.round(loudness * Math.sin(2 * Math.PI * (200 + seed) * at)), true);
  }
  return wav;
}
