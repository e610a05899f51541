import type { Word } from "../../shared/transcripts/transcript.ts";
import { type Figure, percentile, round } from "../report.ts";
import type { Recording } from "./corpus.ts";
import type { Cutting, Piped } from "./pipeline.ts";
import {
  align,
  atSeams,
  betweenSentences,
  bootstrap,
  contains,
  errorsIn,
  plainWords,
  timedWords,
  timeDifferences,
} from "./score.ts";

/** What was counted of all recordings with one way of cutting. */
export interface Tally {
  readonly differences: { errors: number; words: number }[];
  readonly timesMs: number[];
  errors: number;
  wholeErrors: number;
  words: number;
  lost: number;
  /** The lost words that the answer for a chunk has: the merge has cut them away. */
  cutAway: number;
  doubled: number;
  seams: number;
  chunks: number;
  calls: number;
  inventedBetween: number;
  flaggedBetween: number;
  durationMs: number;
}

export function newTally(): Tally {
  const words = { errors: 0, wholeErrors: 0, words: 0, lost: 0, cutAway: 0, doubled: 0, seams: 0, chunks: 0 };
  return { differences: [], timesMs: [], ...words, calls: 0, inventedBetween: 0, flaggedBetween: 0, durationMs: 0 };
}

/** Count one recording, and return what is to be said about it. */
export function compare(recording: Recording, whole: readonly Word[], piped: Piped, tally: Tally): string {
  const reference = recording.sentences.flatMap(({ text }) => plainWords(text));
  const words = timedWords(piped.words);
  const pairs = align(
    reference,
    words.map(({ text }) => text),
  );
  const errors = errorsIn(pairs);
  const wholeErrors = errorsIn(
    align(
      reference,
      whole.map(({ text }) => text),
    ),
  );
  const { lost, doubled } = atSeams(whole, words, piped.seamsMs);
  const answered = piped.records.flatMap(({ segments }) => timedWords(segments.flatMap((segment) => segment.words)));
  const invented = betweenSentences(words, pairs, recording.sentences);
  const { lowConfidence } = piped.transcript;
  const flagged = invented.filter((word) =>
    lowConfidence.some(({ startMs, endMs }) => startMs < word.endMs && endMs > word.startMs),
  );
  tally.errors += errors;
  tally.wholeErrors += wholeErrors;
  tally.words += reference.length;
  tally.lost += lost.length;
  tally.cutAway += lost.filter((word) => contains(answered, word) && !contains(words, word)).length;
  tally.doubled += doubled;
  tally.seams += piped.seamsMs.length;
  tally.chunks += piped.records.filter(({ model }) => model !== null).length;
  tally.calls += piped.calls;
  tally.inventedBetween += invented.length;
  tally.flaggedBetween += flagged.length;
  tally.durationMs += piped.transcript.durationMs ?? 0;
  tally.differences.push({ errors: errors - wholeErrors, words: reference.length });
  for (const ms of timeDifferences(whole, words)) tally.timesMs.push(ms);
  const [rate, wholeRate] = [errors, wholeErrors].map((wrong) => `${round((100 * wrong) / reference.length)} %`);
  return `${rate} wrong, ${wholeRate} in one call; lost ${lost.length}, doubled ${doubled}, invented between sentences ${invented.length}`;
}

export function figuresOf(cutting: Cutting, tally: Tally): readonly Figure[] {
  const name = `whisper.${nameOf(cutting)}`;
  return [
    {
      case: `${name}.wordErrorRate`,
      value: round((100 * tally.errors) / tally.words),
      peer: round((100 * tally.wholeErrors) / tally.words),
      unit: "%",
      points: round((100 * (tally.errors - tally.wholeErrors)) / tally.words),
      interval: bootstrap(tally.differences).map((share) => round(100 * share)),
      words: tally.words,
      minutes: round(tally.durationMs / 60_000, 1),
      target: "at most 0.5 points above one call",
    },
    { case: `${name}.lostAtSeams`, value: tally.lost, unit: "words", cutAway: tally.cutAway, seams: tally.seams },
    { case: `${name}.doubledAtSeams`, value: tally.doubled, unit: "words", seams: tally.seams },
    {
      case: `${name}.wordTimeP95`,
      value: percentile(tally.timesMs, 0.95),
      unit: "ms",
      p50: percentile(tally.timesMs, 0.5),
      target: "<= 200",
    },
    { case: `${name}.calls`, value: tally.calls, peer: tally.chunks, unit: "calls" },
    {
      case: `${name}.inventedBetweenFlagged`,
      value: tally.flaggedBetween,
      peer: tally.inventedBetween,
      unit: "words",
      target: "all",
    },
  ];
}

export function nameOf({ maxSeconds, hasPrompts }: Cutting): string {
  return `${maxSeconds}s${hasPrompts ? "Prompted" : ""}`;
}
