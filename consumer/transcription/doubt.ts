import type { Word } from "../../shared/transcripts/transcript.ts";

/** What a model says of its own segment, where it says it. */
export interface Signals {
  readonly compressionRatio: number | undefined;
  readonly averageLogProbability: number | undefined;
  readonly noSpeechProbability: number | undefined;
}

// Whisper's own thresholds for decoding a window again (openai/whisper, transcribe.py).
const MAX_COMPRESSION_RATIO = 2.4;
const MIN_LOG_PROBABILITY = -1;
const MAX_NO_SPEECH_PROBABILITY = 0.6;

/** A phrase of up to eight words said this often in a row is a loop, not a refrain. */
const LOOP_TIMES = 6;
const LOOP_WORDS = 8;

/** Why a text is not to be trusted, in words; null where nothing speaks against it. */
export function doubt(segments: readonly Signals[], words: readonly Pick<Word, "text">[]): string | null {
  if (loops(words.map((word) => word.text.toLowerCase()))) return "a phrase repeats over and over";
  if (segments.some((segment) => (segment.compressionRatio ?? 0) > MAX_COMPRESSION_RATIO))
    return "the text repeats itself";
  const invented = segments.some(
    ({ averageLogProbability, noSpeechProbability }) =>
      (averageLogProbability ?? 0) < MIN_LOG_PROBABILITY && (noSpeechProbability ?? 0) > MAX_NO_SPEECH_PROBABILITY,
  );
  if (invented) return "there may be no speech here";
  const isUnsure = segments.some(({ averageLogProbability }) => (averageLogProbability ?? 0) < MIN_LOG_PROBABILITY);
  return isUnsure ? "the model was unsure" : null;
}

function loops(words: readonly string[]): boolean {
  for (let period = 1; period <= LOOP_WORDS; period += 1) {
    let same = 0;
    for (let index = period; index < words.length; index += 1) {
      same = words[index] === words[index - period] ? same + 1 : 0;
      if (same >= period * (LOOP_TIMES - 1)) return true;
    }
  }
  return false;
}
