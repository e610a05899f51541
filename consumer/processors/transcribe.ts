import { type ChunkRecord, composeTranscript } from "../../shared/transcripts/compose-transcript.ts";
import { estimateWork } from "../../shared/cost/estimate.ts";
import { ARRAY_WEIGHT, MAX_AUDIO_ARRAY_BYTES, MAX_AUDIO_BYTES } from "../../shared/limits.ts";
import { SPEECH_MODELS } from "../../shared/models/models.ts";
import { TranscriptionInput } from "../../shared/jobs/new-job.ts";
import type { NewTask } from "../../shared/jobs/task.ts";
import type { Transcript } from "../../shared/transcripts/transcript.ts";
import { r2Source } from "../../shared/audio/reading/byte-source.ts";
import { callLimits } from "../../shared/audio/chunks/call-limits.ts";
import { extentOf } from "../../shared/audio/extent.ts";
import { planAudio } from "../../shared/audio/plan.ts";
import { discard, type Outcome, processor, type TaskContext } from "./processor.ts";
import { recallJson } from "./reuse-result.ts";
import { withSource } from "./source.ts";
import { type ChunkArgs, cutAndHear } from "../transcription/cut-and-transcribe.ts";
import { cutting } from "../transcription/cutting.ts";
import { hear } from "../transcription/transcribe-piece.ts";
import { storeTranscript, TRANSCRIPT } from "../transcription/store-transcript.ts";
import { chunkTask } from "./transcribe-chunk.ts";

const JOIN_STAGE = 2;

/**
 * Speech to text. A short recording is heard here in one call. Of a long one only the headers are read, and the job
 * goes on as chunks, side by side, and their join.
 */
export const transcribe = processor(TranscriptionInput, async (input, context) => {
  const { source } = input;
  if (source.sizeBytes === 0) return discard("source_empty", `The object '${source.key}' is empty.`);
  const known = await recallJson<Transcript>(context, TRANSCRIPT);
  if (known !== null) return { type: "completed", artifacts: await storeTranscript(context, known) };
  return cutting(() => plan(input, context));
});

async function plan(input: TranscriptionInput, context: TaskContext): Promise<Outcome> {
  const { source, options } = input;
  const planned = await planAudio(r2Source(context.media, source), callLimits(options.tier));
  const estimate = estimateWork({ kind: "transcription", input }, extentOf(planned));
  if (estimate !== null) context.foresee(estimate);
  switch (planned.type) {
    case "refused":
      return discard(planned.code, planned.message);
    case "whole":
      return hearWhole({ source, options }, planned.durationMs, context);
    case "chunks": {
      const { container, durationMs, chunks } = planned;
      const parts = chunks.map((chunk): ChunkArgs => ({ source, options, container, chunk }));
      const [only] = parts;
      return only !== undefined && parts.length === 1
        ? hearOnly(only, durationMs, context)
        : inChunks(parts, durationMs);
    }
  }
}

function inChunks(parts: readonly ChunkArgs[], durationMs: number): Outcome {
  const args = { durationMs };
  const join: NewTask = { name: "join", kind: "join_transcript", stage: JOIN_STAGE, model: null, args };
  return { type: "completed", next: [...parts.map(chunkTask), join] };
}

/** Short, but not to be sent as it is: cut and heard at once, without stages. */
async function hearOnly(args: ChunkArgs, durationMs: number, context: TaskContext): Promise<Outcome> {
  const came = await cutAndHear(args, context);
  if (came.type === "discard") return came;
  if (came.type === "heard") return storeOnly(came.record, durationMs, context);
  const parts = came.halves.map((chunk) => ({ ...args, chunk }));
  return inChunks(parts, durationMs);
}

async function hearWhole(
  { source, options }: TranscriptionInput,
  durationMs: number,
  context: TaskContext,
): Promise<Outcome> {
  const isArray = SPEECH_MODELS[options.tier].audio === "array";
  const limits = isArray ? { maxBytes: MAX_AUDIO_ARRAY_BYTES, weight: ARRAY_WEIGHT } : { maxBytes: MAX_AUDIO_BYTES };
  const piece = { index: 0, startMs: 0, endMs: durationMs, ownStartMs: 0, ownEndMs: durationMs };
  return withSource(source, limits, context, async (bytes) => {
    const heard = await hear(context.models, bytes, options, { piece, sentMs: durationMs });
    return storeOnly(heard, durationMs, context);
  });
}

/** The transcript of one call. */
async function storeOnly(record: ChunkRecord, durationMs: number, context: TaskContext): Promise<Outcome> {
  const transcript = composeTranscript([record], { gaps: [], durationMs, hasAllEnded: true });
  return { type: "completed", artifacts: await storeTranscript(context, transcript) };
}
