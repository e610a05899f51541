// Sounds without speech: to put between and beneath the sentences, and to see what a model invents about them.

export const SAMPLE_RATE = 16_000;

/** Chords of four sines that change twice a second, with an attack. They do not resemble a voice. */
export function chords(seconds: number, random: () => number): Int16Array {
  const samples = new Int16Array(Math.round(seconds * SAMPLE_RATE));
  let notes: readonly number[] = [];
  for (const [index] of samples.entries()) {
    const inChord = index % (SAMPLE_RATE / 2);
    if (inChord === 0) notes = Array.from({ length: 4 }, () => 110 * 2 ** (Math.floor(random() * 36) / 12));
    const sum = notes.reduce((total, hertz) => total + Math.sin((2 * Math.PI * hertz * index) / SAMPLE_RATE), 0);
    samples[index] = 1500 * sum * Math.exp(-inChord / SAMPLE_RATE / 0.4);
  }
  return samples;
}

/** White noise up to this amplitude. */
export function hiss(seconds: number, amplitude: number, random: () => number): Int16Array {
  return new Int16Array(Math.round(seconds * SAMPLE_RATE)).map(() => (random() * 2 - 1) * amplitude);
}

/** The mains in a bad cable: 50 Hz and two harmonics. */
function hum(seconds: number): Int16Array {
  return new Int16Array(Math.round(seconds * SAMPLE_RATE)).map((_, index) => {
    const phase = (2 * Math.PI * 50 * index) / SAMPLE_RATE;
    return 1200 * Math.sin(phase) + 500 * Math.sin(3 * phase) + 300 * Math.sin(5 * phase);
  });
}

/** A telephone that nobody answers: one second of 425 Hz, four of nothing. */
function ringing(seconds: number): Int16Array {
  return new Int16Array(Math.round(seconds * SAMPLE_RATE)).map((_, index) =>
    index % (5 * SAMPLE_RATE) < SAMPLE_RATE ? 4000 * Math.sin((2 * Math.PI * 425 * index) / SAMPLE_RATE) : 0,
  );
}

/** Hands that clap, each for a few milliseconds, as many at once as an audience has. */
function applause(seconds: number, random: () => number): Int16Array {
  const samples = new Float64Array(Math.round(seconds * SAMPLE_RATE));
  for (let clap = 0; clap < seconds * 150; clap += 1) {
    const at = Math.floor(random() * samples.length);
    const loud = 500 + 2500 * random();
    for (let index = 0; index < 160 && at + index < samples.length; index += 1)
      samples[at + index] = (samples[at + index] ?? 0) + loud * (random() * 2 - 1) * Math.exp(-index / 40);
  }
  return Int16Array.from(samples, (sample) => Math.max(-32_768, Math.min(32_767, sample)));
}

/** One of each kind. Whatever a model transcribes of them, it has invented. */
export function wordlessSounds(seconds: number, random: () => number): Readonly<Record<string, Int16Array>> {
  return {
    silence: new Int16Array(seconds * SAMPLE_RATE),
    hiss: hiss(seconds, 30, random),
    noise: hiss(seconds, 3000, random),
    music: chords(seconds, random),
    hum: hum(seconds),
    ringing: ringing(seconds),
    applause: applause(seconds, random),
  };
}

/** Add a sound to samples, as many decibels below them as they are loud on average. */
export function addBelow(samples: Int16Array, sound: Int16Array, decibels: number): void {
  const gain = Math.sqrt((power(samples) / power(sound)) * 10 ** (-decibels / 10));
  for (const [index, sample] of samples.entries())
    samples[index] = Math.max(-32_768, Math.min(32_767, sample + gain * (sound[index] ?? 0)));
}

function power(samples: Int16Array): number {
  return samples.reduce((sum, sample) => sum + sample * sample, 0) / samples.length;
}
