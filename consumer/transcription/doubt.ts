import type { Segment, Word } from "../../shared/transcripts/transcript.ts";
import type { Signals, Window } from "../models/whisper-answer.ts";
import { loops } from "./loops.ts";

// Whisper's own thresholds for decoding a window again (openai/whisper, transcribe.py).
const MAX_COMPRESSION_RATIO = 2.4;
const MIN_LOG_PROBABILITY = -1;
const MAX_NO_SPEECH_PROBABILITY = 0.6;

/** For a text whose ratio the model does not give. Lists and numbered words compress up to four and a half times. */
const MAX_OWN_RATIO = 6;

/** Whisper takes the ratio of half a minute. Longer texts compress better in any case. */
const COMPRESSED_CHARS = 600;
/** In a shorter text a few repeated words are half of it. */
const LEAST_COMPRESSED_CHARS = 120;

/** Slow speech has two words a second. A recogniser that fails draws a few short words over seconds of sound. */
const MOST_WORD_MS = 1_200;
const FEW_WORDS = 4;
/** The fastest speakers say six words, or thirty letters, a second. */
const LEAST_WORD_MS = 70;
const LEAST_CHAR_MS = 12;
const MANY_WORDS = 20;

/**
 * Why a text is doubtful, in words; null if it is not.
 * @param windows the model's figures about its text.
 */
export async function doubt(windows: readonly Window[], segments: readonly Segment[]): Promise<string | null> {
  const words = segments.flatMap((segment) => (segment.words.length > 0 ? segment.words : textWords(segment)));
  if (loops(words.map((word) => word.text))) return "a phrase repeats over and over";
  const ratio = Math.max(0, ...windows.map(({ compressionRatio }) => compressionRatio ?? 0));
  if (ratio > MAX_COMPRESSION_RATIO || (await compresses(segments))) return "the text repeats itself";
  const unsure = windows.filter(({ averageLogProbability }) => (averageLogProbability ?? 0) < MIN_LOG_PROBABILITY);
  const isWordless = windows.length > 0 && unlikelySpeech(windows).length === windows.length;
  if (isWordless || unsure.some(isTakenForSilence)) return "there may be no speech here";
  if (unsure.length > 0) return "the model was unsure";
  return paceDoubt(words);
}

function textWords({ text, startMs, endMs }: Segment): readonly Word[] {
  const texts = text.split(/\s+/).filter((word) => word !== "");
  const step = (endMs - startMs) / Math.max(1, texts.length);
  return texts.map((word, index) => ({
    text: word,
    startMs: startMs + index * step,
    endMs: startMs + (index + 1) * step,
  }));
}

/** Whether any half minute of text repeats itself far more than speech does. */
async function compresses(segments: readonly Segment[]): Promise<boolean> {
  let piece = "";
  for (const [index, { text }] of segments.entries()) {
    piece += ` ${text}`;
    const isLast = index === segments.length - 1;
    if (piece.length < COMPRESSED_CHARS && !isLast) continue;
    for (let at = 0; at === 0 || at + LEAST_COMPRESSED_CHARS < piece.length; at += COMPRESSED_CHARS) {
      const part = piece.slice(at, at + COMPRESSED_CHARS);
      if (part.length >= LEAST_COMPRESSED_CHARS && (await ratioOf(part)) > MAX_OWN_RATIO) return true;
    }
    piece = "";
  }
  return false;
}

async function ratioOf(text: string): Promise<number> {
  const bytes = new TextEncoder().encode(text);
  const packed = await new Response(
    new Blob([bytes]).stream().pipeThrough(new CompressionStream("deflate")),
  ).arrayBuffer();
  return bytes.length / packed.byteLength;
}

/** Speech has twelve letters a second, and more. For half a minute of silence a model invents a word or a sentence. */
const INVENTED_LETTERS = 60;
const INVENTED_LETTERS_PER_SECOND = 4;

/**
 * The windows whose few words were probably invented. Whisper leaves out a window that it takes for silence only if it is unsure
 * of the words as well, and it is sure of "You" and "Thank you". Where the words fill the window, its estimate is often wrong.
 */
export function unlikelySpeech(windows: readonly Window[]): readonly Window[] {
  return windows.filter((window) => {
    const letters = window.text.replaceAll(/[^\p{L}\p{N}]/gu, "").length;
    const isSparse = letters <= INVENTED_LETTERS && letters * 1000 < INVENTED_LETTERS_PER_SECOND * window.soundMs;
    return isSparse && isTakenForSilence(window);
  });
}

function isTakenForSilence({ noSpeechProbability }: Signals): boolean {
  return (noSpeechProbability ?? 0) > MAX_NO_SPEECH_PROBABILITY;
}

/** Whether these words are too many to be said in their time. */
function paceDoubt(words: readonly Word[]): string | null {
  const spokenMs = words.reduce((sum, { startMs, endMs }) => sum + endMs - startMs, 0);
  if (words.length >= FEW_WORDS && spokenMs / words.length > MOST_WORD_MS)
    return "there are far fewer words than the sound suggests";
  const chars = words.reduce((sum, { text }) => sum + text.length, 0);
  const first = words[0]?.startMs ?? 0;
  const lastingMs = Math.max(...words.map(({ endMs }) => endMs), first) - first;
  const isTooFast = lastingMs < words.length * LEAST_WORD_MS || lastingMs < chars * LEAST_CHAR_MS;
  return words.length >= MANY_WORDS && lastingMs > 0 && isTooFast
    ? "there are more words than a person can say in that time"
    : null;
}
