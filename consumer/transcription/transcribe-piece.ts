import type { ChunkRecord } from "../../shared/transcripts/compose-transcript.ts";
import { SPEECH_MODELS } from "../../shared/models/models.ts";
import type { TranscriptionOptions } from "../../shared/kinds/transcription/options.ts";
import type { Segment, Word } from "../../shared/transcripts/transcript.ts";
import type { Pause } from "../../shared/audio/chunks/chunk.ts";
import { pausedMs } from "../../shared/audio/chunks/pauses.ts";
import { runWhisper, type TranscribedFile } from "../models/whisper.ts";
import type { ModelRunner } from "../../shared/models/run-model.ts";

/** What a piece of audio is, in the source's time. */
export interface Piece {
  readonly index: number;
  readonly startMs: number;
  readonly endMs: number;
  readonly ownStartMs: number;
  readonly ownEndMs: number;
}

/** A model that measures another length than was sent did not read the file as it is: half a second is rounding. */
const MAX_DURATION_ERROR_MS = 500;

/**
 * Transcribe one file, in the source's time. If the text loops or looks invented, the model is asked once more with safer
 * parameters, where it takes any: the same call would give the same answer. The better answer is kept, and marked if it is
 * still in doubt.
 * @param sentMs how long the file sent is.
 * @param pauses of the source that the file leaves out.
 */
export async function transcribePiece(
  models: ModelRunner,
  audio: Uint8Array,
  options: TranscriptionOptions,
  { piece, sentMs, pauses = [] }: { piece: Piece; sentMs: number; pauses?: readonly Pause[] },
): Promise<ChunkRecord> {
  const first = await runWhisper(models, audio, options, { sentMs });
  const isAskedAgain = first.doubt !== null && SPEECH_MODELS[options.tier].takesOptions;
  // The first answer is paid for: a second opinion that cannot be had must not cost it.
  const again = !isAskedAgain
    ? first
    : await runWhisper(models, audio, options, { sentMs, isSafer: true }).catch(() => first);
  const best = again.doubt === null ? again : first;
  const doubt = best.doubt ?? misread(best, sentMs);
  return {
    ...piece,
    segments: best.segments.map((segment) => inSource(segment, piece.startMs, pauses)),
    ...(doubt !== null && { isLowConfidence: true }),
    model: best.model,
    engine: best.engine,
    language: best.language,
    doubt,
  };
}

function misread({ durationMs }: TranscribedFile, sentMs: number): string | null {
  if (durationMs === null || Math.abs(durationMs - sentMs) <= MAX_DURATION_ERROR_MS) return null;
  return `the model read ${durationMs} ms of ${sentMs} ms of audio`;
}

function inSource(segment: Segment, fileStartMs: number, pauses: readonly Pause[]): Segment {
  // On one side of a pause: what is said does not last through it, and a model's times are a little off.
  const shiftMs = ({ startMs, endMs }: Times) => fileStartMs + Math.round(pausedMs(pauses, (startMs + endMs) / 2));
  const [first = segment] = segment.words;
  const last = segment.words.at(-1) ?? segment;
  return {
    ...segment,
    startMs: segment.startMs + shiftMs(first),
    endMs: segment.endMs + shiftMs(last),
    words: segment.words.map((word) => ({
      ...word,
      startMs: word.startMs + shiftMs(word),
      endMs: word.endMs + shiftMs(word),
    })),
  };
}

type Times = Pick<Word, "startMs" | "endMs">;
