// Recordings whose every word is known, made on this machine with different voices, speeds, noise, pauses and music.
import { execFile } from "node:child_process";
import { mkdir, readFile, rm } from "node:fs/promises";
import { join } from "node:path";
import { promisify } from "node:util";

import * as z from "zod";

import { createRandom } from "../../local/seeded-random.ts";
import { pcmWav } from "../../shared/audio/wav/write-wav.ts";
import { replaceFile } from "./kept-answers.ts";
import { type Language, sentencesIn } from "./sentences.ts";
import { addBelow, chords, hiss, SAMPLE_RATE, wordlessSounds } from "./sounds.ts";

const run = promisify(execFile);

/** Changes whenever the same seed makes another recording: what an earlier recipe has made is then left alone. */
const RECIPE = 2;
const WAV_HEADER_BYTES = 44;
const VOICES = ["slt", "awb", "rms", "kal16"] as const;
/** The duration_stretch of flite: 0.85 is fast speech, 1.2 is slow. */
const STRETCHES = [0.85, 1, 1.2] as const;
/** Voices of espeak-ng, for the other languages: its own, two women and two men. */
const VARIANTS = ["", "+f2", "+f4", "+m3", "+m7"] as const;
/** Noise and music this far below speech, as in a car with its windows closed. */
const BELOW_DB = 12;

/** `dense` has no pauses that a cut could fall into, `background` has music beneath all of it. */
export const CONDITIONS = ["clean", "noise", "pauses", "music", "dense", "background"] as const;
export type Condition = (typeof CONDITIONS)[number];

const Sentence = z.object({ text: z.string(), startMs: z.number(), endMs: z.number() });
export type Sentence = Readonly<z.infer<typeof Sentence>>;

export interface Recording {
  readonly name: string;
  readonly file: string;
  readonly samples: Int16Array;
  readonly sentences: readonly Sentence[];
}

interface Wanted {
  readonly language: Language;
  readonly condition: Condition;
  readonly seconds: number;
  readonly seed: number;
}

/** Return a recording that the folder has from an earlier run, or null. */
export async function keptRecording(folder: string, wanted: Wanted): Promise<Recording | null> {
  const { name, file, list } = namesOf(folder, wanted);
  const kept = await readFile(list, "utf8").catch(() => null);
  if (kept === null) return null;
  const samples = samplesOf((await readFile(file)).subarray(WAV_HEADER_BYTES));
  return { name, file, samples, sentences: Sentence.array().parse(JSON.parse(kept)) };
}

/** Make a recording of at least `seconds`, with another voice and speed for each sentence. The same seed makes the same recording. */
export async function makeRecording(folder: string, wanted: Wanted): Promise<Recording> {
  const kept = await keptRecording(folder, wanted);
  if (kept !== null) return kept;
  await mkdir(folder, { recursive: true });
  const { name, file, list } = namesOf(folder, wanted);
  const { samples, sentences } = await speakAll(folder, wanted);
  await replaceFile(file, wav(samples));
  // The list stands for the whole recording: it is there only once the sound is.
  await replaceFile(list, JSON.stringify(sentences));
  return { name, file, samples, sentences };
}

function namesOf(folder: string, { language, condition, seconds, seed }: Wanted) {
  const name = `${language}-${condition}-${seed}`;
  const base = join(folder, `${name}-${seconds}s-recipe${RECIPE}`);
  return { name, file: `${base}.wav`, list: `${base}.json` };
}

/** Make sounds without any speech. Whatever a model transcribes of them, it has invented. */
export async function makeWordless(folder: string, seconds: number): Promise<readonly Recording[]> {
  await mkdir(folder, { recursive: true });
  return Promise.all(
    Object.entries(wordlessSounds(seconds, createRandom(99, 0))).map(async ([name, samples]) => {
      const file = join(folder, `${name}-${seconds}s.wav`);
      await replaceFile(file, wav(samples));
      return { name, file, samples, sentences: [] };
    }),
  );
}

async function speakAll(
  folder: string,
  { language, condition, seconds, seed }: Wanted,
): Promise<Pick<Recording, "samples" | "sentences">> {
  const random = createRandom(seed, 0);
  const pieces: Int16Array[] = [];
  const sentences: Sentence[] = [];
  let length = 0;
  const add = (piece: Int16Array) => {
    pieces.push(piece);
    length += piece.length;
  };
  for (const text of sentencesIn(language, seed)) {
    if (length >= seconds * SAMPLE_RATE) break;
    const spoken = trim(await speak(folder, text, language, random));
    const startMs = (length / SAMPLE_RATE) * 1000;
    add(spoken);
    sentences.push({ text, startMs, endMs: (length / SAMPLE_RATE) * 1000 });
    const gapSeconds = gapAfter(condition, random);
    const hasMusic = condition === "music" && gapSeconds > 2;
    add(hasMusic ? chords(gapSeconds, random) : new Int16Array(Math.round(gapSeconds * SAMPLE_RATE)));
  }
  const samples = new Int16Array(length);
  let at = 0;
  for (const piece of pieces) {
    samples.set(piece, at);
    at += piece.length;
  }
  const lasting = length / SAMPLE_RATE;
  if (condition === "noise" || condition === "dense") addBelow(samples, hiss(lasting, 3000, random), BELOW_DB);
  if (condition === "background") addBelow(samples, chords(lasting, random), BELOW_DB);
  return { samples, sentences };
}

function gapAfter(condition: Condition, random: () => number): number {
  if (condition === "dense") return 0.03 + 0.07 * random();
  const isLong = (condition === "pauses" || condition === "music") && random() >= 0.7;
  return isLong ? 3 + 5 * random() : 0.25 + random();
}

async function speak(folder: string, text: string, language: Language, random: () => number): Promise<Int16Array> {
  // Another run may make recordings at the same time.
  const spoken = join(folder, `spoken-${process.pid}.wav`);
  const pick = <T>(from: readonly T[]): T | undefined => from[Math.floor(random() * from.length)];
  if (language === "en") {
    const speed = `duration_stretch=${pick(STRETCHES)}`;
    await run("flite", ["-voice", pick(VOICES) ?? "slt", "--setf", speed, "-t", text, "-o", spoken]);
  } else {
    const voice = `${language}${pick(VARIANTS)}`;
    await run("espeak-ng", ["-v", voice, "-s", String(120 + Math.floor(random() * 40)), "-w", spoken, text]);
  }
  const samples = await readSamples(spoken);
  await rm(spoken);
  return samples;
}

/** Read a WAV file at the sample rate of the recordings. flite's voices have that rate, espeak-ng's do not. */
async function readSamples(file: string): Promise<Int16Array> {
  const bytes = await readFile(file);
  if (bytes.readUInt32LE(24) === SAMPLE_RATE) return samplesOf(bytes.subarray(WAV_HEADER_BYTES));
  const raw = `${file}.raw`;
  const output = ["-ac", "1", "-ar", String(SAMPLE_RATE), "-f", "s16le", raw];
  await run("ffmpeg", ["-nostdin", "-v", "error", "-y", "-i", file, ...output]);
  const resampled = await readFile(raw);
  await rm(raw);
  return samplesOf(resampled);
}

function samplesOf(bytes: Uint8Array): Int16Array {
  return new Int16Array(new Uint8Array(bytes).buffer, 0, bytes.length >> 1);
}

/** Cut off the silence at both ends, so that a sentence's times are those of its sound. */
function trim(samples: Int16Array): Int16Array {
  const isLoud = (sample: number) => Math.abs(sample) > 300;
  return samples.subarray(Math.max(0, samples.findIndex(isLoud)), samples.findLastIndex(isLoud) + 1);
}

function wav({ buffer, byteOffset, byteLength }: Int16Array): Uint8Array {
  return pcmWav(new Uint8Array(buffer, byteOffset, byteLength), SAMPLE_RATE);
}
