import type { ChunkRecord } from "../../shared/transcripts/compose-transcript.ts";
import { SPEECH_MODELS } from "../../shared/models/models.ts";
import type { TranscriptionOptions } from "../../shared/kinds/transcription/options.ts";
import type { Segment, Stretch, Word } from "../../shared/transcripts/transcript.ts";
import type { Pause, Times } from "../../shared/audio/chunks/chunk.ts";
import { within } from "../../shared/audio/chunks/missing.ts";
import { pausedMs } from "../../shared/audio/chunks/pauses.ts";
import { doubt, unlikelySpeech } from "./doubt.ts";
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

/** A file that is sent, and how its times become those of the source. */
export interface SentFile {
  readonly piece: Piece;
  /** Source time of its first sample. It may be a little before the source's start. */
  readonly fileStartMs: number;
  readonly sentMs: number;
  /** Pauses of the source that the file leaves out. */
  readonly pauses: readonly Pause[];
  /** Where there is almost no sound, in the source's time. */
  readonly quiet: readonly Times[];
}

/** If a model measures another length than that of the file, it did not read the file correctly. Half a second is rounding. */
const MAX_DURATION_ERROR_MS = 500;

/**
 * Transcribe one file, in the source's time. If the text loops or looks invented, the model is asked once more with safer
 * parameters, where it takes any: the same call would give the same answer. The better answer is kept, and marked if it is
 * still in doubt.
 */
export async function transcribePiece(
  models: ModelRunner,
  audio: Uint8Array,
  options: TranscriptionOptions,
  sent: SentFile,
): Promise<ChunkRecord> {
  const { piece, fileStartMs, sentMs, pauses, quiet } = sent;
  const first = await judged(await runWhisper(models, audio, options, { sentMs }), sent);
  const isAskedAgain = first.doubt !== null && SPEECH_MODELS[options.tier].takesOptions;
  // The first answer is paid for, and must be kept if the second call fails.
  const again = !isAskedAgain
    ? first
    : await runWhisper(models, audio, options, { sentMs, isSafer: true })
        .then((file) => judged(file, sent))
        .catch(() => first);
  const best = again.doubt === null ? again : first;
  const reason = best.doubt ?? misread(best.file, sentMs);
  const segments = best.file.segments.map((segment) => inSource(segment, fileStartMs, pauses));
  const doubtful = [
    ...saidInQuiet(segments, quiet),
    ...best.unlikely.map(({ startMs, endMs }) => ({ startMs, endMs, reason: "there may be no speech here" })),
  ].toSorted((one, other) => one.startMs - other.startMs);
  return {
    ...piece,
    segments,
    ...(reason !== null && { isLowConfidence: true }),
    model: best.file.model,
    engine: best.file.engine,
    language: best.file.language,
    doubt: reason,
    ...(doubtful.length > 0 && { doubtful }),
  };
}

interface Judged {
  readonly file: TranscribedFile;
  /** Why the whole text is doubtful; null if it is not. */
  readonly doubt: string | null;
  /** Where a few words were probably invented. */
  readonly unlikely: readonly Times[];
}

/**
 * Judge an answer only by the part that this piece contributes. The model is often unsure in the last second, which the next piece has
 * whole: a second call because of it would be wasted.
 */
async function judged(file: TranscribedFile, { piece, fileStartMs, pauses }: SentFile): Promise<Judged> {
  const own = { startMs: piece.ownStartMs, endMs: piece.ownEndMs };
  const windows = file.windows
    .map((window) => ({ ...window, ...timesInSource(window, fileStartMs, pauses) }))
    .filter((window) => middle(window) >= own.startMs && middle(window) <= own.endMs);
  return { file, doubt: await doubt(windows, file.segments), unlikely: within(unlikelySpeech(windows), own) };
}

function misread({ durationMs }: TranscribedFile, sentMs: number): string | null {
  if (durationMs === null || Math.abs(durationMs - sentMs) <= MAX_DURATION_ERROR_MS) return null;
  return `the model read ${durationMs} ms of ${sentMs} ms of audio`;
}

/** The quiet stretches in which the model says something. A word's time may be off by this much. */
const EDGE_MS = 300;

function saidInQuiet(segments: readonly Segment[], quiet: readonly Times[]): readonly Stretch[] {
  const said = segments.flatMap((segment) => (segment.words.length > 0 ? segment.words : [segment]));
  return quiet
    .filter(({ startMs, endMs }) =>
      said.some(
        (one) =>
          one.startMs >= startMs - EDGE_MS &&
          one.endMs <= endMs + EDGE_MS &&
          middle(one) > startMs + EDGE_MS &&
          middle(one) < endMs - EDGE_MS,
      ),
    )
    .map(({ startMs, endMs }) => ({ startMs, endMs, reason: "there is almost no sound here" }));
}

function inSource(segment: Segment, fileStartMs: number, pauses: readonly Pause[]): Segment {
  // Only one side of a pause counts: speech does not continue through it, and a model's times are a little off.
  const shiftMs = (times: Word | Segment) => fileStartMs + pausedMs(pauses, middle(times));
  const [first = segment] = segment.words;
  const last = segment.words.at(-1) ?? segment;
  return {
    ...segment,
    startMs: placed(segment.startMs, shiftMs(first)),
    endMs: placed(segment.endMs, shiftMs(last)),
    words: segment.words.map((word) => ({
      ...word,
      startMs: placed(word.startMs, shiftMs(word)),
      endMs: placed(word.endMs, shiftMs(word)),
    })),
  };
}

function timesInSource({ startMs, endMs }: Times, fileStartMs: number, pauses: readonly Pause[]): Times {
  const shiftMs = fileStartMs + pausedMs(pauses, middle({ startMs, endMs }));
  return { startMs: placed(startMs, shiftMs), endMs: placed(endMs, shiftMs) };
}

function placed(timeMs: number, byMs: number): number {
  return Math.max(0, Math.round(timeMs + byMs));
}

function middle({ startMs, endMs }: Pick<Word, "startMs" | "endMs">): number {
  return (startMs + endMs) / 2;
}
