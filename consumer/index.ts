import { aiOf } from "../shared/ai/ai-of.ts";
import { connectedBucket, type Connections, createConnections } from "../shared/connections.ts";
import { intakeOf } from "../shared/intake.ts";
import { callsAMinute } from "../shared/models.ts";
import { passageIndexOf } from "../shared/search/index-of.ts";
import { buryMessages } from "./bury-messages.ts";
import { ingestBatch } from "./ingest-upload.ts";
import { maintain } from "./maintenance.ts";
import { type IsolateMemory, isolateMemory } from "./memory-limit.ts";
import { runBatch } from "./run-batch.ts";

/**
 * Which queue, which duty. Nothing here throws: the local broker would redeliver messages already acknowledged.
 * @param memory of the isolate that the handlers run in.
 * @param connect makes the connections of an invocation.
 */
export function createConsumer(memory: IsolateMemory, connect: () => Connections = createConnections) {
  return {
    async queue(batch, bindings) {
      const connections = connect();
      const env = { ...bindings, MEDIA: connectedBucket(bindings.MEDIA, connections) };
      switch (batch.queue) {
        case "media-uploads":
          return ingestBatch(batch, intakeOf(env));
        case "media-tasks":
          return runBatch(batch, {
            ...intakeOf(env),
            ai: aiOf(env, connections),
            connections,
            memory,
            passages: passageIndexOf(env),
            fallbacks: env.MODEL_FALLBACKS,
            callsAMinute: ratesOf(env),
            urlSigningKey: env.URL_SIGNING_KEY,
            allowInsecureWebhooks: env.ALLOW_INSECURE_WEBHOOKS === "true",
          });
        case "media-dead-letters":
          return buryMessages(batch, intakeOf(env));
        default:
          intakeOf(env).journal.record({ event: "queue.unknown" }, { queue: batch.queue });
          batch.retryAll();
      }
    },

    async scheduled(controller, bindings) {
      const env = { ...bindings, MEDIA: connectedBucket(bindings.MEDIA, connect()) };
      const deps = { ...intakeOf(env), uploads: env.UPLOADS, passages: passageIndexOf(env) };
      await maintain({ ...deps, retentionDays: Number(env.RETENTION_DAYS) }, controller.scheduledTime);
    },
  } satisfies ExportedHandler<Env>;
}

export default createConsumer(isolateMemory());

/** The offline models are nobody's to limit. */
function ratesOf(env: Env): Readonly<Record<string, number>> {
  return env.KEEP_MODEL_RATES === "true" ? callsAMinute() : {};
}
