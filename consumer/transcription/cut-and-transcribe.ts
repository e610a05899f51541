import * as z from "zod";

import { ModelError } from "../../shared/models/model-error.ts";
import { r2Source } from "../../shared/audio/reading/byte-source.ts";
import { callLimits } from "../../shared/audio/chunks/call-limits.ts";
import { SilentStretch, type ChunkFile, type ChunkPlan, type ContainerName } from "../../shared/audio/chunks/chunk.ts";
import { extractChunk, splitChunk } from "../../shared/audio/extract.ts";
import { CUT_HELD_BYTES } from "../../shared/audio/chunks/limits.ts";
import { pausedMs } from "../../shared/audio/chunks/pauses.ts";
import type { ChunkRecord } from "../../shared/transcripts/compose-transcript.ts";
import { ARRAY_WEIGHT } from "../../shared/limits.ts";
import { SPEECH_MODELS } from "../../shared/models/models.ts";
import { Source } from "../../shared/jobs/new-job.ts";
import { TranscriptionOptions } from "../../shared/jobs/options.ts";
import { discard, type Discarded, type TaskContext } from "../processors/processor.ts";
import { hear } from "./transcribe-piece.ts";

/** A chunk of a recording, and how it is to be heard. The plan is our own, made by `planAudio`. */
export const ChunkArgs = z.strictObject({
  source: Source,
  options: TranscriptionOptions,
  container: z.custom<ContainerName>((value) => typeof value === "string"),
  chunk: z.custom<ChunkPlan>((value) => typeof value === "object" && value !== null && "ownStartMs" in value),
});
export type ChunkArgs = z.infer<typeof ChunkArgs>;

/** What came of a chunk. Of silence there is a record too, and no model was asked: its `model` is null. */
export type Heard =
  | { readonly type: "heard"; readonly record: ChunkRecord }
  /** More than a call to the model takes. */
  | { readonly type: "too_large"; readonly halves: readonly ChunkPlan[] }
  | Discarded;

/** Cut a chunk out of its recording and hear it, both within the batch's memory. */
export async function cutAndHear(args: ChunkArgs, context: TaskContext): Promise<Heard> {
  const file = await context.memory.cuts.hold(CUT_HELD_BYTES, () => cutOut(args, context));
  if (file === null) return { type: "heard", record: silence(args.chunk) };
  const { tier } = args.options;
  // Louder here than the file is on average: what the model would refuse is not asked.
  const halves = file.bytes.length > callLimits(tier).maxBytes ? splitChunk(args.chunk) : null;
  if (halves !== null) return { type: "too_large", halves };
  const weight = SPEECH_MODELS[tier].audio === "array" ? ARRAY_WEIGHT : 1;
  return context.memory.sources.hold(file.bytes.length * weight, () => hearFile(file, args, context));
}

/** Null where the recording goes on without sound. */
async function cutOut({ source, container, chunk }: ChunkArgs, { media }: TaskContext): Promise<ChunkFile | null> {
  try {
    return await extractChunk(r2Source(media, source), container, chunk);
  } catch (error) {
    if (error instanceof SilentStretch) return null;
    throw error;
  }
}

function silence({ index, startMs, endMs, ownStartMs, ownEndMs }: ChunkPlan): ChunkRecord {
  const nothing = { segments: [], model: null, engine: null, language: null, doubt: null };
  return { index, startMs, endMs, ownStartMs, ownEndMs, ...nothing };
}

async function hearFile(file: ChunkFile, { chunk, options }: ChunkArgs, { models }: TaskContext): Promise<Heard> {
  const { index, ownStartMs, ownEndMs } = chunk;
  const { durationMs, pauses = [] } = file;
  // A packet's time need not be a whole millisecond, and the first may lie before the source's start; a transcript's not.
  const startMs = Math.max(0, Math.round(file.startMs));
  const endMs = startMs + Math.round(durationMs + pausedMs(pauses));
  const piece = { index, startMs, endMs, ownStartMs, ownEndMs };
  try {
    return { type: "heard", record: await hear(models, file.bytes, options, { piece, sentMs: durationMs, pauses }) };
  } catch (error) {
    if (!(error instanceof ModelError) || error.code !== "request_too_large") throw error;
    const halves = splitChunk(chunk);
    return halves === null ? discard(error.code, error.message) : { type: "too_large", halves };
  }
}
