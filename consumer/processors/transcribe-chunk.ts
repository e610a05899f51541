import type { ChunkPlan } from "../../shared/audio/chunks/chunk.ts";
import type { ChunkRecord } from "../../shared/transcripts/compose-transcript.ts";
import { SPEECH_MODELS } from "../../shared/models/models.ts";
import type { NewTask } from "../../shared/jobs/task.ts";
import { processor } from "./processor.ts";
import { recallJson } from "./reuse-result.ts";
import { storeArtifact } from "./store-artifact.ts";
import { ChunkArgs, cutAndHear } from "../transcription/cut-and-transcribe.ts";
import { cutting } from "../transcription/cutting.ts";

const CHUNK_STAGE = 1;

/** One chunk of a long recording: cut it out, hear it, and leave what was heard as a checkpoint. */
export const transcribeChunk = processor(ChunkArgs, async (args, context) =>
  cutting(async () => {
    const known = await recallJson<ChunkRecord>(context, answerName(args.chunk));
    if (known !== null) return { type: "completed", heard: known };
    const came = await cutAndHear(args, context);
    if (came.type === "discard") return came;
    if (came.type === "too_large") {
      return { type: "completed", next: came.halves.map((half) => chunkTask({ ...args, chunk: half })) };
    }
    const { record } = came;
    if (record.model !== null) {
      // Paid for: a consumer that dies before this is settled must not cost it.
      await storeArtifact(context, {
        name: answerName(args.chunk),
        contentType: "application/json",
        body: JSON.stringify(record),
      });
    }
    return { type: "completed", heard: record };
  }),
);

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
