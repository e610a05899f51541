import * as z from "zod";

import { type ModelRunner, parseAnswer } from "../../shared/ai/run-model.ts";
import { SPEECH_MODELS } from "../../shared/models.ts";
import type { TranscriptionOptions } from "../../shared/options.ts";
import type { Segment, Word } from "../../shared/transcript.ts";
import { doubt, type Signals } from "../transcription/doubt.ts";
import { byteArray } from "./byte-array.ts";
import { groupWords } from "./group-words.ts";

const seconds = z.number();
const WordAnswer = z.object({ word: z.string(), start: seconds, end: seconds });
const SegmentAnswer = z.object({
  start: seconds,
  end: seconds,
  text: z.string(),
  words: z.array(WordAnswer).optional(),
  compression_ratio: z.number().optional(),
  avg_logprob: z.number().optional(),
  no_speech_prob: z.number().optional(),
});

/** What the three Whisper models answer. Times are seconds; all but `text` may be absent. */
const WhisperAnswer = z.object({
  text: z.string(),
  words: z.array(WordAnswer).optional(),
  segments: z.array(SegmentAnswer).optional(),
  transcription_info: z.object({ language: z.string().optional(), duration: z.number().optional() }).optional(),
});

/** What one call heard. Times are those of the file that was sent. */
export interface Hearing {
  readonly model: string;
  readonly engine: string;
  readonly language: string | null;
  /** How long the model says the audio was. */
  readonly durationMs: number | null;
  readonly segments: readonly Segment[];
  readonly doubt: string | null;
}

/** What keeps Whisper from carrying a mistake on: no text of its own as context, silence cut out before. */
const SAFER = { condition_on_previous_text: false, vad_filter: true, hallucination_silence_threshold: 2 };

/**
 * Transcribe one file in one call. `isSafer` asks for parameters that make loops and inventions less likely, of a model
 * that takes options. `sentMs` is how long the audio is.
 * @throws an Error with the model's `<code>: <description>`, or one saying that the answer has an unknown shape.
 */
export async function runWhisper(
  models: ModelRunner,
  audio: Uint8Array,
  options: TranscriptionOptions,
  { sentMs, isSafer = false }: { sentMs: number; isSafer?: boolean },
): Promise<Hearing> {
  const model = SPEECH_MODELS[options.tier];
  const inputs = {
    audio: model.audio === "array" ? byteArray(audio) : audio.toBase64(),
    // The model detects the language only where none is given: an explicit undefined would be refused as a value.
    ...(options.language !== undefined && model.takesOptions && { language: options.language }),
    ...(options.task !== undefined && { task: options.task }),
    ...(options.initialPrompt !== undefined && { initial_prompt: options.initialPrompt }),
    ...(options.vadFilter !== undefined && { vad_filter: options.vadFilter }),
    ...(isSafer && SAFER),
  };
  const answered = await models.run(model.id, inputs, { audioSeconds: sentMs / 1000 });
  const answer = parseAnswer(answered, WhisperAnswer);
  const segments = segmentsOf(answer);
  const durationSeconds = answer.transcription_info?.duration;
  const words = segments.flatMap((segment) => (segment.words.length > 0 ? segment.words : textWords(segment.text)));
  return {
    model: model.id,
    engine: answered.call.engine,
    language: answer.transcription_info?.language ?? null,
    durationMs: durationSeconds === undefined ? null : toMs(durationSeconds),
    segments,
    doubt: doubt((answer.segments ?? []).map(toSignals), words),
  };
}

function segmentsOf(answer: z.infer<typeof WhisperAnswer>): readonly Segment[] {
  if (answer.segments !== undefined) return answer.segments.map(toSegment);
  if (answer.words !== undefined) return groupWords(answer.words.map(toWord));
  // A model that gave a text alone: better untimed than lost.
  const text = answer.text.trim();
  return text === "" ? [] : [{ startMs: 0, endMs: 0, text, words: [] }];
}

function toSegment(segment: z.infer<typeof SegmentAnswer>): Segment {
  return {
    startMs: toMs(segment.start),
    endMs: toMs(segment.end),
    text: segment.text.trim(),
    words: (segment.words ?? []).map(toWord),
  };
}

function toSignals(segment: z.infer<typeof SegmentAnswer>): Signals {
  return {
    compressionRatio: segment.compression_ratio,
    averageLogProbability: segment.avg_logprob,
    noSpeechProbability: segment.no_speech_prob,
  };
}

function toWord(word: z.infer<typeof WordAnswer>): Word {
  return { startMs: toMs(word.start), endMs: toMs(word.end), text: word.word.trim() };
}

function textWords(text: string): { text: string }[] {
  return text.split(/\s+/).map((word) => ({ text: word }));
}

function toMs(timeSeconds: number): number {
  return Math.max(0, Math.round(timeSeconds * 1000));
}
