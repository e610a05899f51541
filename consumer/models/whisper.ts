import { type ModelRunner, parseAnswer } from "../../shared/models/run-model.ts";
import { SPEECH_MODELS } from "../../shared/models/models.ts";
import type { TranscriptionOptions } from "../../shared/kinds/transcription/options.ts";
import type { Segment } from "../../shared/transcripts/transcript.ts";
import { byteArray } from "./byte-array.ts";
import { segmentsOf, WhisperAnswer, type Window, windowsOf } from "./whisper-answer.ts";

/** The transcript of one call. Times are relative to the file that was sent. */
export interface TranscribedFile {
  readonly model: string;
  readonly engine: string;
  readonly language: string | null;
  /** The length of the audio that the model reports. */
  readonly durationMs: number | null;
  readonly segments: readonly Segment[];
  /** The model's figures about its text, window by window. */
  readonly windows: readonly Window[];
}

/** Parameters that keep Whisper from repeating a mistake: it does not use its own text as context, and silence is cut out first. */
const SAFER = { condition_on_previous_text: false, vad_filter: true, hallucination_silence_threshold: 2 };

/**
 * Transcribe one file in one call. `isSafer` asks a model that takes options for parameters that make loops and invented text
 * less likely. `sentMs` is the length of the audio.
 * @throws ModelError
 */
export async function runWhisper(
  models: ModelRunner,
  audio: Uint8Array,
  options: TranscriptionOptions,
  { sentMs, isSafer = false }: { sentMs: number; isSafer?: boolean },
): Promise<TranscribedFile> {
  const model = SPEECH_MODELS[options.tier];
  const inputs = {
    audio: model.audio === "array" ? byteArray(audio) : audio.toBase64(),
    // The model detects the language only if none is given: it refuses an explicit undefined as a value.
    ...(options.language !== undefined && model.takesOptions && { language: options.language }),
    ...(options.task !== undefined && { task: options.task }),
    ...(options.initialPrompt !== undefined && { initial_prompt: options.initialPrompt }),
    ...(options.vadFilter !== undefined && { vad_filter: options.vadFilter }),
    ...(isSafer && SAFER),
  };
  const answered = await models.run(model.id, inputs, { audioSeconds: sentMs / 1000 });
  const answer = parseAnswer(answered, WhisperAnswer);
  const durationSeconds = answer.transcription_info?.duration ?? null;
  return {
    model: model.id,
    engine: answered.call.engine,
    language: answer.transcription_info?.language ?? null,
    durationMs: durationSeconds === null ? null : Math.max(0, Math.round(durationSeconds * 1000)),
    segments: segmentsOf(answer, sentMs),
    windows: windowsOf(answer, sentMs),
  };
}
