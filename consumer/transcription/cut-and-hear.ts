import * as z from "zod";

import { diagnose } from "../../shared/ai/failure.ts";
import { r2Source } from "../../shared/audio/byte-source.ts";
import { callLimits } from "../../shared/audio/call-limits.ts";
import { SilentStretch, type ChunkFile, type ChunkPlan, type ContainerName } from "../../shared/audio/chunk.ts";
import { extractChunk, splitChunk } from "../../shared/audio/extract.ts";
import { CUT_HELD_BYTES } from "../../shared/audio/limits.ts";
import { pausedMs } from "../../shared/audio/pauses.ts";
import type { ChunkRecord } from "../../shared/compose-transcript.ts";
import { ARRAY_WEIGHT } from "../../shared/limits.ts";
import { SPEECH_MODELS } from "../../shared/models.ts";
import { Source } from "../../shared/new-job.ts";
import { TranscriptionOptions } from "../../shared/options.ts";
import { discard, type Outcome, type TaskContext } from "../processor.ts";
import { hear } from "./hear.ts";

/** A chunk of a recording, and how it is to be heard. The plan is our own, made by `planAudio`. */
export const ChunkArgs = z.strictObject({
  source: Source,
  options: TranscriptionOptions,
  container: z.custom<ContainerName>((value) => typeof value === "string"),
  chunk: z.custom<ChunkPlan>((value) => typeof value === "object" && value !== null && "ownStartMs" in value),
});
export type ChunkArgs = z.infer<typeof ChunkArgs>;

/** What the task comes to. */
export interface Endings {
  /** The model was asked, and paid: keep what it said. */
  heard(record: ChunkRecord): Promise<Outcome>;
  /** Nothing sounds there, and no model was asked. */
  silent(record: ChunkRecord): Promise<Outcome>;
  /** More than a call to the model takes. */
  tooLarge(halves: readonly ChunkPlan[]): Outcome;
}

/** Cut a chunk out of its recording and hear it, both within the batch's memory. */
export async function cutAndHear(args: ChunkArgs, context: TaskContext, endings: Endings): Promise<Outcome> {
  const file = await context.cutting.spend(CUT_HELD_BYTES, () => cutOut(args, context));
  if (file === null) return endings.silent(silence(args.chunk));
  const { tier } = args.options;
  // Louder here than the file is on average: what the model would refuse is not asked.
  const halves = file.bytes.length > callLimits(tier).maxBytes ? splitChunk(args.chunk) : null;
  if (halves !== null) return endings.tooLarge(halves);
  const weight = SPEECH_MODELS[tier].audio === "array" ? ARRAY_WEIGHT : 1;
  return context.budget.spend(file.bytes.length * weight, () => hearFile(file, args, { context, endings }));
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

async function hearFile(
  file: ChunkFile,
  { chunk, options }: ChunkArgs,
  { context, endings }: { readonly context: TaskContext; readonly endings: Endings },
): Promise<Outcome> {
  const { index, ownStartMs, ownEndMs } = chunk;
  const { durationMs, pauses = [] } = file;
  // A packet's time need not be a whole millisecond, and the first may lie before the source's start; a transcript's not.
  const startMs = Math.max(0, Math.round(file.startMs));
  const endMs = startMs + Math.round(durationMs + pausedMs(pauses));
  const piece = { index, startMs, endMs, ownStartMs, ownEndMs };
  try {
    const record = await hear(context.models, file.bytes, options, { piece, sentMs: durationMs, pauses });
    return await endings.heard(record);
  } catch (error) {
    const { failure } = diagnose(error instanceof Error ? error.message : String(error));
    if (failure.code !== "request_too_large") throw error;
    const halves = splitChunk(chunk);
    return halves === null ? discard(failure.code, failure.message) : endings.tooLarge(halves);
  }
}
