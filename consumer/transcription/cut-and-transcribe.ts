import * as z from "zod";

import { ModelError } from "../../shared/models/model-error.ts";
import { type ByteSource, r2Source } from "../../shared/audio/reading/byte-source.ts";
import { CUT_HELD_BYTES, callLimits } from "../../shared/audio/chunks/limits.ts";
import { SilentStretch, type ChunkFile, type ChunkPlan, type Times } from "../../shared/audio/chunks/chunk.ts";
import { joinTimes, within } from "../../shared/audio/chunks/missing.ts";
import { storedChunk, type Container } from "../../shared/audio/chunks/container.ts";
import { containerNamed, CONTAINERS } from "../../shared/audio/containers.ts";
import { extractChunk } from "../../shared/audio/extract.ts";
import { splitChunk } from "../../shared/audio/chunks/cuts.ts";
import { pausedMs } from "../../shared/audio/chunks/pauses.ts";
import type { ChunkRecord } from "../../shared/transcripts/compose-transcript.ts";
import { ARRAY_WEIGHT } from "../../shared/limits.ts";
import { SPEECH_MODELS } from "../../shared/models/models.ts";
import type { ModelRunner } from "../../shared/models/run-model.ts";

import { StoredOptions } from "../../shared/kinds/transcription/options.ts";
import type { Discarded } from "../../shared/jobs/outcome.ts";
import { discard } from "../processors/processor.ts";
import type { Tools } from "../processors/tools.ts";
import type { Attempt } from "../runner/attempt.ts";
import { transcribePiece } from "./transcribe-piece.ts";
import { Source } from "../../shared/jobs/source.ts";

const [first, ...others] = CONTAINERS;

/** A chunk of a recording, and how it is to be transcribed. Each container parses what its own plan has stored. */
export const ChunkArgs = z.discriminatedUnion("container", [argsIn(first), ...others.map(argsIn)]);
export type ChunkArgs = z.infer<typeof ChunkArgs>;

function argsIn(container: Container) {
  return z.strictObject({
    source: Source,
    options: StoredOptions,
    container: z.literal(container.name),
    chunk: storedChunk(container),
  });
}

/** The result of a chunk. Silence has a record too: no model was asked, and its `model` is null. */
export type Transcribed =
  | { readonly type: "transcribed"; readonly record: ChunkRecord }
  /** More than a call to the model takes. */
  | { readonly type: "too_large"; readonly halves: readonly ChunkPlan[] }
  | Discarded;

/** Where a chunk is cut from, and whether it is all of the recording. */
interface Recording {
  readonly object: ByteSource;
  readonly isWhole: boolean;
}

type CuttingTools = Pick<Tools, "models" | "media" | "memory" | "results">;

/**
 * Cut a chunk out of its recording and transcribe it, both within the batch's memory; channel by channel, if the job asks for that.
 * @param recording to cut from; by default the object that `args` names. `isWhole` says that the chunk is all of it.
 */
export async function cutAndTranscribe(
  args: ChunkArgs,
  attempt: Attempt,
  tools: CuttingTools,
  recording: Recording = { object: r2Source(tools.media(attempt), args.source), isWhole: false },
): Promise<Transcribed> {
  const { channels } = args.chunk;
  if (channels === undefined) return transcribeCut(args, attempt, tools, recording);
  const records: ChunkRecord[] = [];
  for (let channel = 0; channel < channels; channel++) {
    const ask = async () => transcribeCut({ ...args, chunk: { ...args.chunk, channel } }, attempt, tools, recording);
    // Each answer has been paid for when the next is asked.
    const came = await tools.results.storedAnswer(attempt, channelName(args.chunk, channel), ask);
    if (came.type !== "transcribed") return came;
    records.push(came.record);
  }
  return { type: "transcribed", record: joinChannels(records, args.chunk) };
}

function channelName({ ownStartMs, ownEndMs }: ChunkPlan, channel: number): string {
  return `chunk-${ownStartMs}-${ownEndMs}-channel-${channel}.json`;
}

async function transcribeCut(
  args: ChunkArgs & { readonly chunk: ChunkPlan },
  attempt: Attempt,
  { models, memory }: CuttingTools,
  recording: Recording,
): Promise<Transcribed> {
  const file = await memory.cuts.hold(CUT_HELD_BYTES, () => cutOut(args.chunk, recording));
  if (file === null) return { type: "transcribed", record: silence(args.chunk) };
  const { tier } = args.options;
  // Louder here than the file is on average: what the model would refuse is not asked.
  const halves = file.bytes.length > callLimits(tier).maxBytes ? splitChunk(args.chunk) : null;
  if (halves !== null) return { type: "too_large", halves };
  const weight = SPEECH_MODELS[tier].audio === "array" ? ARRAY_WEIGHT : 1;
  return memory.sources.hold(file.bytes.length * weight, () => transcribeFile(file, args, models(attempt)));
}

/** Null if the recording continues without sound. */
async function cutOut(chunk: ChunkPlan, { object, isWhole }: Recording): Promise<ChunkFile | null> {
  try {
    const file = await extractChunk(object, chunk);
    const { missing = [], pauses = [] } = file;
    const isPlain = missing.length === 0 && pauses.length === 0 && chunk.part === undefined;
    if (!isWhole || !isPlain || containerNamed(chunk.extra.type).isSentWhole !== true) return file;
    return { ...file, bytes: await object.read(0, object.sizeBytes), startMs: 0, durationMs: chunk.endMs };
  } catch (error) {
    if (error instanceof SilentStretch) return null;
    throw error;
  }
}

/** The transcripts of the channels, as one record. */
export function joinChannels(records: readonly ChunkRecord[], chunk: ChunkPlan): ChunkRecord {
  const heard = records.find(({ model }) => model !== null);
  const doubtful = records.flatMap((record) => record.doubtful ?? []);
  // A hole of the file is missing on each channel. A channel that is silent there does not show it.
  const missing = joinTimes(
    records.flatMap((record) => record.missing ?? []).toSorted((a, b) => a.startMs - b.startMs),
    0,
  );
  return {
    ...(heard ?? silence(chunk)),
    segments: records.flatMap(({ segments }, channel) => segments.map((segment) => ({ ...segment, channel }))),
    ...(records.some(({ isLowConfidence }) => isLowConfidence === true) && { isLowConfidence: true }),
    doubt: records.find(({ doubt }) => doubt !== null)?.doubt ?? null,
    ...(doubtful.length > 0 && { doubtful }),
    ...(missing.length > 0 && { missing }),
  };
}

function silence({ index, startMs, endMs, ownStartMs, ownEndMs }: ChunkPlan): ChunkRecord {
  const nothing = { segments: [], model: null, engine: null, language: null, doubt: null };
  return { index, startMs, endMs, ownStartMs, ownEndMs, ...nothing };
}

function rounded<T extends Times>(times: T): T {
  return { ...times, startMs: Math.max(0, Math.round(times.startMs)), endMs: Math.round(times.endMs) };
}

async function transcribeFile(
  file: ChunkFile,
  { chunk, options }: ChunkArgs,
  models: ModelRunner,
): Promise<Transcribed> {
  const { index, ownStartMs, ownEndMs } = chunk;
  const { durationMs, pauses = [] } = file;
  // A packet's time need not be a whole millisecond, and the first may be before the source's start. Neither is allowed in a transcript.
  const startMs = Math.max(0, Math.round(file.startMs));
  const endMs = Math.max(startMs, Math.round(file.startMs + durationMs + pausedMs(pauses)));
  const piece = { index, startMs, endMs, ownStartMs, ownEndMs };
  const own = { startMs: ownStartMs, endMs: ownEndMs };
  const missing = within(file.missing ?? [], own).map(rounded);
  try {
    return {
      type: "transcribed",
      record: {
        ...(await transcribePiece(models, file.bytes, options, {
          piece,
          fileStartMs: file.startMs,
          sentMs: durationMs,
          pauses,
          quiet: within(file.quiet ?? [], own).map(rounded),
        })),
        ...(missing.length > 0 && { missing }),
      },
    };
  } catch (error) {
    if (!(error instanceof ModelError) || error.code !== "request_too_large") throw error;
    const halves = splitChunk(chunk);
    return halves === null ? discard(error.code, error.message) : { type: "too_large", halves };
  }
}
