import * as z from "zod";

import { ARRAY_WEIGHT } from "../../shared/limits.ts";
import type { ChunkRecord } from "../../shared/compose-transcript.ts";
import { SPEECH_MODELS } from "../../shared/models.ts";
import { Source } from "../../shared/new-job.ts";
import { TranscriptionOptions } from "../../shared/options.ts";
import type { NewTask } from "../../shared/task.ts";
import { SilentStretch, type ChunkFile, type ChunkPlan, type ContainerName } from "../../shared/audio/chunk.ts";
import { callLimits } from "../../shared/audio/call-limits.ts";
import { extractChunk, splitChunk } from "../../shared/audio/extract.ts";
import { CUT_HELD_BYTES } from "../../shared/audio/limits.ts";
import { pausedMs } from "../../shared/audio/pauses.ts";
import { r2Source } from "../../shared/audio/byte-source.ts";
import { diagnose } from "../../shared/ai/failure.ts";
import { discard, type Outcome, processor, type TaskContext } from "../processor.ts";
import { recallJson } from "../recall.ts";
import { storeArtifact } from "../store-artifact.ts";
import { cutting } from "../transcription/cutting.ts";
import { hear } from "../transcription/hear.ts";

const CHUNK_STAGE = 1;

/** The arguments of `transcribe_chunk`. The plan is our own, made by `planAudio`. */
export const ChunkArgs = z.strictObject({
  source: Source,
  options: TranscriptionOptions,
  container: z.custom<ContainerName>((value) => typeof value === "string"),
  chunk: z.custom<ChunkPlan>((value) => typeof value === "object" && value !== null && "ownStartMs" in value),
});
export type ChunkArgs = z.infer<typeof ChunkArgs>;

/** One chunk of a long recording: cut it out, hear it, and leave what was heard as a checkpoint. */
export const transcribeChunk = processor(ChunkArgs, async (args, context) =>
  cutting(async () => {
    const known = await recallJson<ChunkRecord>(context, answerName(args.chunk));
    if (known !== null) return { type: "completed", heard: known };
    const file = await context.cutting.spend(CUT_HELD_BYTES, () => cutOut(args, context));
    if (file === null) return { type: "completed", heard: silence(args.chunk) };
    // Louder here than the file is on average: what the model would refuse is not asked.
    const halves = file.bytes.length > callLimits(args.options.tier).maxBytes ? splitChunk(args.chunk) : null;
    if (halves !== null) return splitInto(halves, args);
    const weight = SPEECH_MODELS[args.options.tier].audio === "array" ? ARRAY_WEIGHT : 1;
    return context.budget.spend(file.bytes.length * weight, () => hearChunk(file, args, context));
  }),
);

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

async function hearChunk(file: ChunkFile, args: ChunkArgs, context: TaskContext): Promise<Outcome> {
  const { index, ownStartMs, ownEndMs } = args.chunk;
  // A packet's time need not be a whole millisecond, and the first may lie before the source's start; a transcript's not.
  const startMs = Math.max(0, Math.round(file.startMs));
  const endMs = startMs + Math.round(file.durationMs + pausedMs(file.pauses ?? []));
  const piece = { index, startMs, endMs, ownStartMs, ownEndMs };
  try {
    const heard = await hear(context.models, file.bytes, args.options, {
      piece,
      sentMs: file.durationMs,
      pauses: file.pauses ?? [],
    });
    // Paid for: a consumer that dies before this is settled must not cost it.
    await storeArtifact(context, {
      name: answerName(args.chunk),
      contentType: "application/json",
      body: JSON.stringify(heard),
    });
    return { type: "completed", heard };
  } catch (error) {
    const { failure } = diagnose(error instanceof Error ? error.message : String(error));
    if (failure.code !== "request_too_large") throw error;
    const halves = splitChunk(args.chunk);
    if (halves === null) return discard(failure.code, failure.message);
    return splitInto(halves, args);
  }
}

function splitInto(halves: readonly ChunkPlan[], args: ChunkArgs): Outcome {
  return { type: "completed", next: halves.map((half) => chunkTask({ ...args, chunk: half })) };
}

/** The task of one chunk. */
export function chunkTask(args: ChunkArgs): NewTask {
  const model = SPEECH_MODELS[args.options.tier].id;
  return { name: chunkName(args.chunk), kind: "transcribe_chunk", stage: CHUNK_STAGE, model, args };
}

/** The part of the source that a chunk answers for. */
function chunkName({ ownStartMs, ownEndMs }: ChunkPlan): string {
  return `chunk-${ownStartMs}-${ownEndMs}`;
}

function answerName(chunk: ChunkPlan): string {
  return `${chunkName(chunk)}.json`;
}
