import type { ChunkPlan } from "../../shared/audio/chunks/chunk.ts";
import type { ChunkRecord } from "../../shared/transcripts/compose-transcript.ts";
import { SPEECH_MODELS } from "../../shared/models/models.ts";
import type { NewTask } from "../../shared/jobs/task.ts";
import { ChunkArgs, cutAndTranscribe } from "../transcription/cut-and-transcribe.ts";
import { cutting } from "../transcription/cutting.ts";
import { processor } from "./processor.ts";
import type { Tools } from "./tools.ts";

const CHUNK_STAGE = 1;

/** Cut one chunk out of a long recording, transcribe it, and store its transcript as a checkpoint. */
export function createTranscribeChunk({ results, ...tools }: Pick<Tools, "models" | "media" | "memory" | "results">) {
  return processor(ChunkArgs, async (args, attempt) =>
    cutting(async () => {
      const name = answerName(args.chunk);
      const known = await results.reuseJson<ChunkRecord>(attempt, name);
      if (known !== null) return { type: "completed", transcribed: known };
      const came = await cutAndTranscribe(args, attempt, { ...tools, results });
      if (came.type === "discard") return came;
      if (came.type === "too_large") {
        return { type: "completed", next: came.halves.map((half) => chunkTask({ ...args, chunk: half })) };
      }
      const { record } = came;
      if (record.model !== null) {
        // The answer is paid for: it must not be lost if a consumer dies before it is settled.
        await results.store(attempt, { name, contentType: "application/json", body: JSON.stringify(record) });
      }
      return { type: "completed", transcribed: record };
    }),
  );
}

/** Return the task of one chunk. */
export function chunkTask(args: ChunkArgs): NewTask {
  const model = SPEECH_MODELS[args.options.tier].id;
  return { name: chunkName(args.chunk), kind: "transcribe_chunk", stage: CHUNK_STAGE, model, args };
}

/** Name a chunk by the part of the source that is its own. */
function chunkName({ ownStartMs, ownEndMs }: ChunkPlan): string {
  return `chunk-${ownStartMs}-${ownEndMs}`;
}

function answerName(chunk: ChunkPlan): string {
  return `${chunkName(chunk)}.json`;
}
