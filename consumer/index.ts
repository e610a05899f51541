import { aiOf } from "../shared/models/ai-of.ts";
import { connectedBucket, type Connections, createConnections } from "../shared/connections.ts";
import { DAY_MS } from "../shared/durations.ts";
import { type Intake, intakeOf } from "../shared/jobs/intake.ts";
import { passageIndexOf } from "../shared/search/index-of.ts";
import { TaskMessage } from "../shared/jobs/task.ts";
import { keepUndelivered } from "./runner/keep-undelivered.ts";
import { createProcessors } from "./processors/index.ts";
import { callGate } from "./runner/call-gate.ts";
import { ingestBatch } from "./ingest/ingest-batch.ts";
import { SHORTEST_UPLOAD_DAYS } from "./maintenance/end-rows.ts";
import { maintain } from "./maintenance/maintain.ts";
import { type IsolateMemory, isolateMemory } from "./runner/memory-limit.ts";
import { runBatch, type RunBatchDeps } from "./runner/run-batch.ts";
import { watchCron } from "./maintenance/watch-deployment.ts";

/**
 * Create the handlers for queues and cron. They never throw: after an error the local broker would redeliver messages that are
 * already acknowledged.
 * @param memory the memory limits of the isolate that the handlers run in.
 * @param connect makes the connections of one invocation.
 */
export function createConsumer(memory: IsolateMemory, connect: () => Connections = createConnections) {
  return {
    /**
     * Queues may have any name, because people rename them when they deploy. The shape of a message says what it is for. It
     * does not say that the platform gave up on the message, so a var names the dead-letter queue. If the var is wrong,
     * messages of that queue are retried for as long as the queue allows, and none is lost.
     */
    async queue(batch, bindings) {
      const connections = connect();
      const env = { ...bindings, MEDIA: connectedBucket(bindings.MEDIA, connections) };
      const intake = intakeOf(env);
      if (batch.queue === env.DEAD_LETTER_QUEUE) return keepUndelivered(batch, intake);
      const { true: tasks = [], false: events = [] } = Object.groupBy(batch.messages, ({ body }) =>
        TaskMessage.safeParse(body).success ? "true" : "false",
      );
      await Promise.all([
        watchCron(alertsOf(env, connections), Date.now()),
        events.length > 0 && ingestBatch({ queue: batch.queue, messages: events }, intake),
        tasks.length > 0 && runBatch(tasks, batchDeps(env, intake, connections, memory)),
      ]);
    },

    async scheduled(controller, bindings) {
      const connections = connect();
      const env = { ...bindings, MEDIA: connectedBucket(bindings.MEDIA, connections) };
      const deps = {
        ...intakeOf(env),
        ...alertsOf(env, connections),
        uploads: env.UPLOADS,
        passages: passageIndexOf(env),
        retentionDays: Number(env.RETENTION_DAYS),
        uploadDays: Math.max(SHORTEST_UPLOAD_DAYS, Number(env.UPLOAD_DAYS)),
        auditDays: Number(env.AUDIT_DAYS),
        archiveAfterMs: Number(env.ARCHIVE_AFTER_DAYS) * DAY_MS,
        wakeGraceMs: Number(env.WAKE_GRACE_SECONDS) * 1000,
        watchedQueues: { uploads: env.UPLOADS, "dead-letters": env.DEAD_LETTERS },
      };
      await maintain(deps, controller.scheduledTime);
    },
  } satisfies ExportedHandler<Env>;
}

export default createConsumer(isolateMemory());

function batchDeps(env: Env, intake: Intake, connections: Connections, memory: IsolateMemory): RunBatchDeps {
  const gate = callGate(env.DB);
  const processors = createProcessors({
    ...intake,
    ai: aiOf(env, connections),
    connections,
    memory,
    passages: passageIndexOf(env),
    images: env.IMAGES,
    gate,
    allowInsecureWebhooks: env.ALLOW_INSECURE_WEBHOOKS === "true",
  });
  return { ...intake, gate, processors, fallbacks: env.MODEL_FALLBACKS };
}

function alertsOf(env: Env, connections: Connections) {
  const { db, operatorId, journal } = intakeOf(env);
  return { db, operatorId, journal, connections, allowInsecureWebhooks: env.ALLOW_INSECURE_WEBHOOKS === "true" };
}
