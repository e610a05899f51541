import type { ChunkRecord } from "../../shared/transcripts/compose-transcript.ts";
import { SPEECH_MODELS } from "../../shared/models/models.ts";
import type { TranscriptionOptions } from "../../shared/jobs/options.ts";
import type { Segment, Word } from "../../shared/transcripts/transcript.ts";
import type { Pause } from "../../shared/audio/chunks/chunk.ts";
import { pausedMs } from "../../shared/audio/chunks/pauses.ts";
import { type Hearing, runWhisper } from "../models/whisper.ts";
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
 * Hear one file, in the source's time. What loops or looks invented is asked for once more with safer parameters, where
 * the model takes any: the same call would give the same answer. The better one is kept, and marked where still in doubt.
 * @param sentMs how long the file sent is.
 * @param pauses of the source that the file leaves out.
 */
export async function hear(
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
  const heard = again.doubt === null ? again : first;
  const doubt = heard.doubt ?? misread(heard, sentMs);
  return {
    ...piece,
    segments: heard.segments.map((segment) => inSource(segment, piece.startMs, pauses)),
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
