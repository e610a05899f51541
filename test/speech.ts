/** The duration of a word of scripted speech. It sounds for most of that time. */
export const WORD_MS = 500;

/** Half of what the models take. A test spends much of its time on passing the samples on. */
const SAMPLES_PER_SECOND = 8_000;
/** The bytes of a second. */
export const SECOND_BYTES = SAMPLES_PER_SECOND * 2;
const WORD_BYTES = (SECOND_BYTES * WORD_MS) / 1000;

/**
 * Return a WAV whose samples spell out, in `<…>`, the words and times for the scripted model. It can be cut like any recording, and
 * a cut through a word loses the word.
 */
export function speech(text: string): Uint8Array<ArrayBuffer> {
  const words = text.split(/\s+/);
  const data = new Uint8Array(words.length * WORD_BYTES);
  for (const [index, word] of words.entries()) data.set(new TextEncoder().encode(`<${word}>`), index * WORD_BYTES);
  const wav = new Uint8Array(44 + data.length);
  const view = new DataView(wav.buffer);
  wav.set(new TextEncoder().encode("RIFF....WAVEfmt "));
  view.setUint32(4, 36 + data.length, true);
  view.setUint32(16, 16, true);
  view.setUint16(20, 1, true);
  view.setUint16(22, 1, true);
  view.setUint32(24, SAMPLES_PER_SECOND, true);
  view.setUint32(28, SECOND_BYTES, true);
  view.setUint16(32, 2, true);
  view.setUint16(34, 16, true);
  wav.set(new TextEncoder().encode("data"), 36);
  view.setUint32(40, data.length, true);
  wav.set(data, 44);
  return wav;
}
