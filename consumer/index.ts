import { aiOf } from "../shared/ai/ai-of.ts";
import { intakeOf } from "../shared/intake.ts";
import { callsAMinute } from "../shared/models.ts";
import { passageIndexOf } from "../shared/search/index-of.ts";
import { buryMessages } from "./bury-messages.ts";
import { ingestBatch } from "./ingest-upload.ts";
import { maintain } from "./maintenance.ts";
import { runBatch } from "./run-batch.ts";
import { watchCron } from "./watch-deployment.ts";

/** Which queue, which duty. Nothing here throws: the local broker would redeliver messages already acknowledged. */
export default {
  async queue(batch, env) {
    await Promise.all([workOff(batch, env), watchCron(alertsOf(env), Date.now())]);
  },

  async scheduled(controller, env) {
    const watchedQueues = { "media-uploads": env.UPLOADS, "media-dead-letters": env.DEAD_LETTERS };
    const deps = {
      ...intakeOf(env),
      ...alertsOf(env),
      uploads: env.UPLOADS,
      passages: passageIndexOf(env),
      retentionDays: Number(env.RETENTION_DAYS),
      watchedQueues,
    };
    await maintain(deps, controller.scheduledTime);
  },
} satisfies ExportedHandler<Env>;

async function workOff(batch: MessageBatch, env: Env): Promise<void> {
  switch (batch.queue) {
    case "media-uploads":
      return ingestBatch(batch, intakeOf(env));
    case "media-tasks":
      return runBatch(batch, {
        ...intakeOf(env),
        ai: aiOf(env),
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
}

function alertsOf(env: Env) {
  const { db, operatorId, journal } = intakeOf(env);
  return { db, operatorId, journal, allowInsecureWebhooks: env.ALLOW_INSECURE_WEBHOOKS === "true" };
}

/** The offline models are nobody's to limit. */
function ratesOf(env: Env): Readonly<Record<string, number>> {
  return env.KEEP_MODEL_RATES === "true" ? callsAMinute() : {};
}
