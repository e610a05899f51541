import { aiOf } from "../shared/ai/ai-of.ts";
import { connectedBucket, type Connections, createConnections } from "../shared/connections.ts";
import { intakeOf } from "../shared/intake.ts";
import { callsAMinute } from "../shared/models.ts";
import { passageIndexOf } from "../shared/search/index-of.ts";
import { TaskMessage } from "../shared/task.ts";
import { buryMessages } from "./bury-messages.ts";
import { ingestBatch } from "./ingest-batch.ts";
import { maintain } from "./maintenance.ts";
import { type IsolateMemory, isolateMemory } from "./memory-limit.ts";
import { runBatch } from "./run-batch.ts";

/**
 * Nothing here throws: the local broker would redeliver messages already acknowledged.
 * @param memory of the isolate that the handlers run in.
 * @param connect makes the connections of an invocation.
 */
export function createConsumer(memory: IsolateMemory, connect: () => Connections = createConnections) {
  return {
    /**
     * Queues may have any name, since people rename them where they deploy. A message's duty is in its shape; only that the
     * platform has given up on it is not, so the dead-letter queue is named by a var. Were the var wrong, its messages would be
     * tried again for as long as the queue allows, and none would be lost.
     */
    async queue(batch, bindings) {
      const connections = connect();
      const env = { ...bindings, MEDIA: connectedBucket(bindings.MEDIA, connections) };
      const intake = intakeOf(env);
      if (batch.queue === env.DEAD_LETTER_QUEUE) return buryMessages(batch, intake);
      const { true: tasks = [], false: events = [] } = Object.groupBy(batch.messages, ({ body }) =>
        TaskMessage.safeParse(body).success ? "true" : "false",
      );
      await Promise.all([
        events.length > 0 && ingestBatch({ queue: batch.queue, messages: events }, intake),
        tasks.length > 0 &&
          runBatch(tasks, {
            ...intake,
            ai: aiOf(env, connections),
            connections,
            memory,
            passages: passageIndexOf(env),
            fallbacks: env.MODEL_FALLBACKS,
            callsAMinute: ratesOf(env),
            allowInsecureWebhooks: env.ALLOW_INSECURE_WEBHOOKS === "true",
          }),
      ]);
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
