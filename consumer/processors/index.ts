import type { Connections } from "../../shared/connections.ts";
import { readChunks } from "../../shared/db/jobs/chunks.ts";
import { readJobContents } from "../../shared/db/jobs/contents.ts";
import { addRows, countedBucket } from "../../shared/jobs/operations.ts";
import { type Ai, modelRunner } from "../../shared/models/run-model.ts";
import type { PassageIndex } from "../../shared/search/passage.ts";
import type { MediaOf, ModelsOf, Processors } from "../runner/attempt.ts";
import { type CallGate, gated } from "../runner/call-gate.ts";
import type { IsolateMemory } from "../runner/memory-limit.ts";
import { withWaits } from "../runner/note-waits.ts";
import { createDeliveries } from "../webhooks/deliveries.ts";
import { createClassify } from "./classify.ts";
import { createWithConverted } from "./converted-picture.ts";
import { createDeliverWebhook } from "./deliver-webhook.ts";
import { createDescribe } from "./describe.ts";
import { createEmbed } from "./embed.ts";
import { createGenerateImage } from "./generate-image.ts";
import { createGenerateText } from "./generate-text.ts";
import { createWithWords } from "./given-words.ts";
import { createJoinTranscript } from "./join-transcript.ts";
import { createResults } from "./results.ts";
import { createWithSource } from "./source.ts";
import { createSummarise } from "./summarise.ts";
import type { Tools } from "./tools.ts";
import { createTranscribeChunk } from "./transcribe-chunk.ts";
import { createTranscribe } from "./transcribe.ts";

export interface ProcessorDeps {
  readonly db: D1Database;
  readonly media: R2Bucket;
  readonly ai: Ai;
  readonly connections: Connections;
  readonly memory: IsolateMemory;
  readonly passages: PassageIndex;
  /** Converts pictures, where it is bound. */
  readonly images: ImagesBinding | undefined;
  /** The gate of the batch. */
  readonly gate: CallGate;
  /** See `refuseAddress`. */
  readonly allowInsecureWebhooks: boolean;
}

/** Create the processors of one batch, one for each kind of task. The compiler keeps the list complete. */
export function createProcessors(deps: ProcessorDeps): Processors {
  const tools = createTools(deps);
  return {
    transcribe: createTranscribe(tools),
    transcribe_chunk: createTranscribeChunk(tools),
    join_transcript: createJoinTranscript(tools),
    generate_image: createGenerateImage(tools),
    classify: createClassify(tools),
    generate_text: createGenerateText(tools),
    deliver_webhook: createDeliverWebhook(tools),
    summarise: createSummarise(tools),
    embed: createEmbed(tools),
    describe: createDescribe(tools),
  };
}

function createTools(deps: ProcessorDeps): Tools {
  const { db, media: bucket, ai, memory, passages, images, gate, ...sending } = deps;
  const media: MediaOf = ({ operations }) => countedBucket(bucket, operations);
  const models: ModelsOf = ({ task, calls, signal, waits }) =>
    gated(withWaits(modelRunner(ai, calls, signal), waits), gate, task);
  const withSource = createWithSource({ media, memory });
  const results = createResults({ db, media });
  return {
    models,
    media,
    memory,
    withSource,
    withWords: createWithWords(withSource),
    withConverted: createWithConverted({ media, memory, results, images, connections: deps.connections }),
    results,
    readChunks: (jobId) => readChunks(db, jobId),
    readJobContents: (jobId) => readJobContents(db, jobId),
    async storePassages({ task, operations }, { ownerId, kind, transcriptVersion }, found) {
      addRows(operations, await passages.put({ id: task.jobId, ownerId, kind, transcriptVersion }, found));
    },
    deliveries: createDeliveries({ db, media, ...sending }),
  };
}
