import type { ChunkRecord } from "../../shared/compose-transcript.ts";
import { SPEECH_MODELS } from "../../shared/models.ts";
import type { TranscriptionOptions } from "../../shared/options.ts";
import type { Segment } from "../../shared/transcript.ts";
import { type Hearing, runWhisper } from "../models/whisper.ts";
import type { ModelRunner } from "../../shared/ai/run-model.ts";

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
 * Hear one file, in the source's time. What loops or looks invented is asked for once more with safer parameters, where
 * the model takes any: the same call would give the same answer. The better one is kept, and marked where still in doubt.
 * @param sentMs how long the file sent is.
 */
export async function hear(
  models: ModelRunner,
  audio: Uint8Array,
  options: TranscriptionOptions,
  { piece, sentMs }: { piece: Piece; sentMs: number },
): Promise<ChunkRecord> {
  const first = await runWhisper(models, audio, options, { sentMs });
  const isAskedAgain = first.doubt !== null && SPEECH_MODELS[options.tier].takesOptions;
  // The first answer is paid for: a second opinion that cannot be had must not cost it.
  const again = !isAskedAgain
    ? first
    : await runWhisper(models, audio, options, { sentMs, isSafer: true }).catch(() => first);
  const heard = again.doubt === null ? again : first;
  const doubt = heard.doubt ?? misread(heard, sentMs);
  return {
    ...piece,
    segments: heard.segments.map((segment) => shift(segment, piece.startMs)),
    ...(doubt !== null && { isLowConfidence: true }),
    model: heard.model,
    engine: heard.engine,
    language: heard.language,
    doubt,
  };
}

function misread({ durationMs }: Hearing, sentMs: number): string | null {
  if (durationMs === null || Math.abs(durationMs - sentMs) <= MAX_DURATION_ERROR_MS) return null;
  return `the model read ${durationMs} ms of ${sentMs} ms of audio`;
}

function shift(segment: Segment, byMs: number): Segment {
  return {
    ...segment,
    startMs: segment.startMs + byMs,
    endMs: segment.endMs + byMs,
    words: segment.words.map((word) => ({ ...word, startMs: word.startMs + byMs, endMs: word.endMs + byMs })),
  };
}
