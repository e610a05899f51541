import type { TaskKind } from "../../shared/jobs/task.ts";
import type { Processor } from "./processor.ts";
import { classify } from "./classify.ts";
import { deliverWebhook } from "./deliver-webhook.ts";
import { describe } from "./describe.ts";
import { embed } from "./embed.ts";
import { generateImage } from "./generate-image.ts";
import { joinTranscript } from "./join-transcript.ts";
import { summarise } from "./summarise.ts";
import { transcribeChunk } from "./transcribe-chunk.ts";
import { transcribe } from "./transcribe.ts";

export const processors: Readonly<Record<TaskKind, Processor>> = {
  transcribe,
  transcribe_chunk: transcribeChunk,
  join_transcript: joinTranscript,
  generate_image: generateImage,
  classify,
  deliver_webhook: deliverWebhook,
  summarise,
  embed,
  describe,
};
