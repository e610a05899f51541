import { buryMessages } from "./bury-messages.ts";
import { ingestBatch, type IngestDeps } from "./ingest-upload.ts";
import { maintain } from "./maintenance.ts";
import type { AiBinding } from "./models/run-model.ts";
import { runBatch } from "./run-batch.ts";

/** Which queue, which duty. Nothing here throws: the local broker would redeliver messages already acknowledged. */
export default {
  async queue(batch, env) {
    switch (batch.queue) {
      case "media-uploads":
        return ingestBatch(batch, ingestDeps(env));
      case "media-tasks":
        return runBatch(batch, { ...ingestDeps(env), ai: env.AI as AiBinding });
      case "media-dead-letters":
        return buryMessages(batch, ingestDeps(env));
      default:
        console.error({ event: "queue.unknown", queue: batch.queue });
        batch.retryAll();
    }
  },

  async scheduled(controller, env) {
    await maintain({ ...ingestDeps(env), retentionDays: Number(env.RETENTION_DAYS) }, controller.scheduledTime);
  },
} satisfies ExportedHandler<Env>;

function ingestDeps(env: Env): IngestDeps {
  return {
    db: env.DB,
    media: env.MEDIA,
    mediaBucket: env.MEDIA_BUCKET,
    tasks: env.TASKS,
    operatorId: env.OPERATOR_ID,
    ringGraceMs: Number(env.RING_GRACE_SECONDS) * 1000,
  };
}
