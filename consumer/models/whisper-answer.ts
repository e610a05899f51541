// Reads the answers of the three Whisper models into segments. Their schemas require only `text`: any field of a word or a
// segment may be missing.
import * as z from "zod";

import { joinWords } from "../../shared/transcripts/join-words.ts";
import { placeWords } from "../../shared/transcripts/place-words.ts";
import type { Segment, Word } from "../../shared/transcripts/transcript.ts";
import { groupWords } from "./group-words.ts";

const Seconds = z.number().nullish();
const Figure = z.number().nullish();
const WordAnswer = z.object({ word: z.string().nullish(), start: Seconds, end: Seconds });
const SegmentAnswer = z.object({
  start: Seconds,
  end: Seconds,
  text: z.string().nullish(),
  words: z.array(WordAnswer).nullish(),
  compression_ratio: Figure,
  avg_logprob: Figure,
  no_speech_prob: Figure,
});

type SegmentAnswer = z.infer<typeof SegmentAnswer>;

/** Times are seconds. */
export const WhisperAnswer = z.object({
  text: z.string(),
  words: z.array(WordAnswer).nullish(),
  segments: z.array(SegmentAnswer).nullish(),
  transcription_info: z.object({ language: z.string().nullish(), duration: Seconds }).nullish(),
});
export type WhisperAnswer = z.infer<typeof WhisperAnswer>;

/** A piece of speech, with the times that the model gave. */
interface Told {
  readonly text: string;
  readonly startMs: number | null;
  readonly endMs: number | null;
}

/** Punctuation alone is not speech: Whisper gives ". . ." for hiss. A note (♪) stands for music, and stays. */
const MARKS_ALONE = /^[\p{P}\p{Z}\p{C}]*$/u;

/**
 * Return the segments of the answer. If none of them has a text, the segments are made from its words, or from its text if it has no words. A
 * missing time is taken from the neighbour, so that speech stays in order and within the file.
 * @param sentMs the length of the file.
 */
export function segmentsOf(answer: WhisperAnswer, sentMs: number): readonly Segment[] {
  return allSegmentsOf(answer, sentMs).filter(({ text }) => !MARKS_ALONE.test(text));
}

/** The figures that a model gives about its own text, if it does. */
export interface Signals {
  readonly compressionRatio: number | null;
  readonly averageLogProbability: number | null;
  readonly noSpeechProbability: number | null;
}

/** What a model has read at once, up to half a minute. */
export interface Window extends Word, Signals {
  /** How long the sound is in which it found only these words: from the words before them to the words after them. */
  readonly soundMs: number;
}

/** Return the windows in which the model found words. Whisper gives the same figures for all segments of a window. */
export function windowsOf({ segments }: WhisperAnswer, sentMs: number): readonly Window[] {
  const windows: (Word & { readonly signals: Signals })[] = [];
  for (const { text, startMs, endMs, signals } of timed(toldSegments(segments ?? []), 0, sentMs)) {
    const last = windows.at(-1);
    if (last === undefined || !saysTheSame(last.signals, signals)) windows.push({ text, startMs, endMs, signals });
    else windows[windows.length - 1] = { ...last, endMs, text: `${last.text} ${text}` };
  }
  return windows.map(({ signals, ...said }, index) => {
    const soundMs = (windows[index + 1]?.startMs ?? sentMs) - (windows[index - 1]?.endMs ?? 0);
    return { ...said, ...signals, soundMs: Math.max(soundMs, said.endMs - said.startMs) };
  });
}

function saysTheSame(one: Signals, other: Signals): boolean {
  return (
    one.noSpeechProbability === other.noSpeechProbability &&
    one.averageLogProbability === other.averageLogProbability &&
    one.compressionRatio === other.compressionRatio
  );
}

function allSegmentsOf({ text, words, segments }: WhisperAnswer, sentMs: number): readonly Segment[] {
  const told = toldSegments(segments ?? []);
  if (told.length > 0) return timed(told, 0, sentMs).map(withWords);
  const spoken = toldWords(words ?? []);
  if (spoken.length > 0) {
    // The model's own text has the right spaces and marks, if it says the same as the words.
    const isSame = placeWords({ text, words: [...timed(spoken, 0, sentMs)] }) !== undefined;
    return groupWords(timed(spoken, 0, sentMs), isSame ? text : textOf(words));
  }
  // The answer has only a text: it was said somewhere in the file.
  const alone = text.trim();
  return alone === "" ? [] : [{ startMs: 0, endMs: sentMs, text: alone, words: [] }];
}

type ToldSegment = Told & { readonly words: readonly Told[]; readonly signals: Signals };

function toldSegments(segments: readonly SegmentAnswer[]): readonly ToldSegment[] {
  return segments.flatMap((segment) => {
    const words = toldWords(segment.words ?? []);
    const text = segment.text?.trim() || textOf(segment.words);
    if (MARKS_ALONE.test(text)) return [];
    const startMs = toMs(segment.start) ?? words.find((word) => word.startMs !== null)?.startMs ?? null;
    const endMs = toMs(segment.end) ?? words.findLast((word) => word.endMs !== null)?.endMs ?? null;
    const signals = {
      compressionRatio: segment.compression_ratio ?? null,
      averageLogProbability: segment.avg_logprob ?? null,
      noSpeechProbability: segment.no_speech_prob ?? null,
    };
    return [{ text, startMs, endMs, words, signals }];
  });
}

function textOf(words: SegmentAnswer["words"]): string {
  return joinWords((words ?? []).map(({ word }) => word ?? ""));
}

/** Read the words of an answer. There are none if they add nothing to the text: no word has a time, or one word has no text. */
function toldWords(words: readonly z.infer<typeof WordAnswer>[]): readonly Told[] {
  const hasTimes = words.some(({ start, end }) => start != null || end != null);
  if (!hasTimes || words.some(({ word }) => word == null)) return [];
  return words.flatMap(({ word, start, end }) => {
    const text = word?.trim() ?? "";
    return text === "" ? [] : [{ text, startMs: toMs(start), endMs: toMs(end) }];
  });
}

function withWords({ text, startMs, endMs, words }: ToldSegment & Word): Segment {
  return { text, startMs, endMs, words: [...timed(words, startMs, endMs)] };
}

function timed<T extends Told>(told: readonly T[], fromMs: number, untilMs: number): readonly (T & Word)[] {
  let reachedMs = fromMs;
  return told.map((one, index) => {
    const startMs = one.startMs ?? Math.min(reachedMs, one.endMs ?? reachedMs);
    const nextMs = told.slice(index + 1).find((other) => other.startMs !== null)?.startMs ?? untilMs;
    const endMs = one.endMs ?? Math.max(startMs, nextMs);
    reachedMs = endMs;
    return { ...one, startMs, endMs };
  });
}

function toMs(seconds: number | null | undefined): number | null {
  return seconds == null ? null : Math.max(0, Math.round(seconds * 1000));
}
