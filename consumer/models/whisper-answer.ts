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

/**
 * Return the segments of the answer. If none of them has a text, the segments are made from its words, or else from its text. A
 * missing time is taken from the neighbour, so that speech stays in order and within the file.
 * @param sentMs the length of the file.
 */
export function segmentsOf({ text, words, segments }: WhisperAnswer, sentMs: number): readonly Segment[] {
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

type ToldSegment = Told & { readonly words: readonly Told[] };

function toldSegments(segments: readonly SegmentAnswer[]): readonly ToldSegment[] {
  return segments.flatMap((segment) => {
    const words = toldWords(segment.words ?? []);
    const text = segment.text?.trim() || textOf(segment.words);
    if (text === "") return [];
    const startMs = toMs(segment.start) ?? words.find((word) => word.startMs !== null)?.startMs ?? null;
    const endMs = toMs(segment.end) ?? words.findLast((word) => word.endMs !== null)?.endMs ?? null;
    return [{ text, startMs, endMs, words }];
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

function withWords({ words, ...segment }: ToldSegment & Word): Segment {
  return { ...segment, words: [...timed(words, segment.startMs, segment.endMs)] };
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
