import * as z from "zod";

import { SPEECH_MODELS } from "../../shared/models.ts";
import type { TranscriptionOptions } from "../../shared/options.ts";
import type { Segment, Transcript, Word } from "../../shared/transcript.ts";
import { byteArray } from "./byte-array.ts";
import { groupWords } from "./group-words.ts";
import { type ModelRunner, parseAnswer } from "./run-model.ts";

const seconds = z.number();
const WordAnswer = z.object({ word: z.string(), start: seconds, end: seconds });

const SegmentAnswer = z.object({
  start: seconds,
  end: seconds,
  text: z.string(),
  words: z.array(WordAnswer).optional(),
});

/** What the three Whisper models answer. Times are seconds; all but `text` may be absent. */
const WhisperAnswer = z.object({
  text: z.string(),
  words: z.array(WordAnswer).optional(),
  segments: z.array(SegmentAnswer).optional(),
  transcription_info: z.object({ language: z.string().optional(), duration: z.number().optional() }).optional(),
});

/**
 * Transcribe one file in one call.
 * @throws an Error with the model's `<code>: <description>`, or a ZodError for an answer of another shape.
 */
export async function transcribe(
  models: ModelRunner,
  audio: Uint8Array,
  options: TranscriptionOptions,
): Promise<Transcript> {
  const model = SPEECH_MODELS[options.tier];
  const answered = await models.run(model.id, {
    audio: model.audio === "array" ? byteArray(audio) : audio.toBase64(),
    // The model detects the language only where none is given: an explicit undefined would be refused as a value.
    ...(options.language !== undefined && { language: options.language }),
    ...(options.task !== undefined && { task: options.task }),
    ...(options.initialPrompt !== undefined && { initial_prompt: options.initialPrompt }),
    ...(options.vadFilter !== undefined && { vad_filter: options.vadFilter }),
  });
  const answer = parseAnswer(answered, WhisperAnswer);
  const segments = answer.segments?.map(toSegment) ?? groupWords((answer.words ?? []).map(toWord));
  const durationSeconds = answer.transcription_info?.duration;
  return {
    model: model.id,
    engine: answered.call.engine,
    language: answer.transcription_info?.language ?? null,
    durationMs: durationSeconds === undefined ? null : toMs(durationSeconds),
    text: answer.text.trim(),
    segments,
  };
}

function toSegment(segment: z.infer<typeof SegmentAnswer>): Segment {
  return {
    startMs: toMs(segment.start),
    endMs: toMs(segment.end),
    text: segment.text.trim(),
    words: (segment.words ?? []).map(toWord),
  };
}

function toWord(word: z.infer<typeof WordAnswer>): Word {
  return { startMs: toMs(word.start), endMs: toMs(word.end), text: word.word.trim() };
}

function toMs(timeSeconds: number): number {
  return Math.max(0, Math.round(timeSeconds * 1000));
}
