// Recordings whose every word is known, made on this machine with different voices, speeds, noise, pauses and music.
import { execFile } from "node:child_process";
import { mkdir, readFile, rm, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { promisify } from "node:util";

import { createRandom } from "../../local/seeded-random.ts";
import { pcmWav } from "../../shared/audio/wav/write-wav.ts";
import { type Language, sentencesIn } from "./sentences.ts";

const run = promisify(execFile);

const RATE = 16_000;
const VOICES = ["slt", "awb", "rms", "kal16"] as const;
/** The duration_stretch of flite: 0.85 is fast speech, 1.2 is slow. */
const STRETCHES = [0.85, 1, 1.2] as const;
/** Noise 12 dB below speech, as in a car with its windows closed. */
const NOISE_DB = -12;

export const CONDITIONS = ["clean", "noise", "pauses", "music"] as const;
export type Condition = (typeof CONDITIONS)[number];

export interface Sentence {
  readonly text: string;
  readonly startMs: number;
  readonly endMs: number;
}

export interface Recording {
  readonly name: string;
  readonly language: Language;
  readonly file: string;
  readonly samples: Int16Array;
  readonly sentences: readonly Sentence[];
}

/** Make a recording of at least `seconds`, with another voice and speed for each sentence. The same seed makes the same recording. */
export async function makeRecording(
  folder: string,
  { language, condition, seconds, seed }: { language: Language; condition: Condition; seconds: number; seed: number },
): Promise<Recording> {
  const random = createRandom(seed, 0);
  const name = `${language}-${condition}-${seed}`;
  const pieces: Int16Array[] = [];
  const sentences: Sentence[] = [];
  let length = 0;
  const add = (piece: Int16Array) => {
    pieces.push(piece);
    length += piece.length;
  };
  const texts = sentencesIn(language, seed);
  for (const text of texts) {
    if (length >= seconds * RATE) break;
    const spoken = trim(await speak(folder, text, language, random));
    const startMs = (length / RATE) * 1000;
    add(spoken);
    sentences.push({ text, startMs, endMs: (length / RATE) * 1000 });
    const gapSeconds =
      condition === "clean" || condition === "noise" || random() < 0.7 ? 0.25 + random() : 3 + 5 * random();
    add(
      condition === "music" && gapSeconds > 2
        ? chords(gapSeconds, random)
        : new Int16Array(Math.round(gapSeconds * RATE)),
    );
  }
  const samples = new Int16Array(length);
  let at = 0;
  for (const piece of pieces) {
    samples.set(piece, at);
    at += piece.length;
  }
  if (condition === "noise") addNoise(samples, random);
  const file = join(folder, `${name}.wav`);
  await writeFile(file, wav(samples));
  return { name, language, file, samples, sentences };
}

/** Make sounds without any speech. Whatever a model transcribes of them, it has invented. */
export async function makeWordless(folder: string, seconds: number): Promise<readonly Recording[]> {
  const random = createRandom(99, 0);
  const hiss = new Int16Array(seconds * RATE).map(() => (random() - 0.5) * 60);
  const kinds = { silence: new Int16Array(seconds * RATE), hiss, music: chords(seconds, random) };
  return Promise.all(
    Object.entries(kinds).map(async ([name, samples]) => {
      const file = join(folder, `${name}.wav`);
      await writeFile(file, wav(samples));
      return { name, language: "en" as const, file, samples, sentences: [] };
    }),
  );
}

async function speak(folder: string, text: string, language: Language, random: () => number): Promise<Int16Array> {
  await mkdir(folder, { recursive: true });
  const spoken = join(folder, "spoken.wav");
  const pick = <T>(from: readonly T[]): T | undefined => from[Math.floor(random() * from.length)];
  if (language === "en") {
    const speed = `duration_stretch=${pick(STRETCHES)}`;
    await run("flite", ["-voice", pick(VOICES) ?? "slt", "--setf", speed, "-t", text, "-o", spoken]);
  } else {
    await run("espeak-ng", ["-v", language, "-s", String(120 + Math.floor(random() * 40)), "-w", spoken, text]);
  }
  const raw = join(folder, "spoken.raw");
  const output = ["-ac", "1", "-ar", String(RATE), "-f", "s16le", raw];
  await run("ffmpeg", ["-nostdin", "-v", "error", "-y", "-i", spoken, ...output]);
  const bytes = await readFile(raw);
  await rm(raw);
  return new Int16Array(new Uint8Array(bytes).buffer, 0, bytes.length >> 1);
}

/** Cut off the silence at both ends, so that a sentence's times are those of its sound. */
function trim(samples: Int16Array): Int16Array {
  const isLoud = (sample: number) => Math.abs(sample) > 300;
  return samples.subarray(Math.max(0, samples.findIndex(isLoud)), samples.findLastIndex(isLoud) + 1);
}

/** Chords of four sines that change twice a second, with an attack. They do not resemble a voice. */
function chords(seconds: number, random: () => number): Int16Array {
  const samples = new Int16Array(Math.round(seconds * RATE));
  let notes: readonly number[] = [];
  for (const [index] of samples.entries()) {
    const inChord = index % (RATE / 2);
    if (inChord === 0) notes = Array.from({ length: 4 }, () => 110 * 2 ** (Math.floor(random() * 36) / 12));
    const sum = notes.reduce((total, hertz) => total + Math.sin((2 * Math.PI * hertz * index) / RATE), 0);
    samples[index] = 1500 * sum * Math.exp(-inChord / RATE / 0.4);
  }
  return samples;
}

function addNoise(samples: Int16Array, random: () => number): void {
  const power = samples.reduce((sum, sample) => sum + sample * sample, 0) / samples.length;
  // Uniform noise of amplitude a has the power a² / 3.
  const amplitude = Math.sqrt(3 * power * 10 ** (NOISE_DB / 10));
  for (const [index, sample] of samples.entries()) {
    samples[index] = Math.max(-32_768, Math.min(32_767, sample + (random() * 2 - 1) * amplitude));
  }
}

function wav({ buffer, byteOffset, byteLength }: Int16Array): Uint8Array {
  return pcmWav(new Uint8Array(buffer, byteOffset, byteLength), RATE);
}
