// The recogniser treats a stretch of audio as one sentence. Cutting at every quiet moment made it much worse (18 % word errors
// became 50 % on an old broadcast). So a stretch is cut only when it becomes too long to decode at once, and then at the
// quietest moment near its end rather than in the middle of a word.
import { SAMPLES_PER_SECOND } from "./recogniser.ts";

const LONGEST_SECONDS = 25;
const SEARCH_SECONDS = 8;
const QUIET_SECONDS = 0.2;

export type Window = { readonly startSeconds: number; readonly samples: Int16Array };

export function splitWindows(samples: Int16Array): readonly Window[] {
  const longest = LONGEST_SECONDS * SAMPLES_PER_SECOND;
  const windows: Window[] = [];
  let start = 0;
  while (start < samples.length) {
    const end = samples.length - start <= longest ? samples.length : quietest(samples, start + longest);
    windows.push({ startSeconds: start / SAMPLES_PER_SECOND, samples: samples.subarray(start, end) });
    start = end;
  }
  return windows;
}

/** Return the middle of the quietest stretch in the seconds before `limit`. */
function quietest(samples: Int16Array, limit: number): number {
  const length = Math.round(QUIET_SECONDS * SAMPLES_PER_SECOND);
  const step = Math.round(length / 4);
  let best = limit;
  let lowest = Number.POSITIVE_INFINITY;
  for (let from = limit - SEARCH_SECONDS * SAMPLES_PER_SECOND; from + length <= limit; from += step) {
    const level = loudness(samples.subarray(from, from + length));
    if (level < lowest) {
      lowest = level;
      best = from + Math.round(length / 2);
    }
  }
  return best;
}

function loudness(samples: Int16Array): number {
  let sum = 0;
  for (const sample of samples) sum += Math.abs(sample);
  return sum;
}
