import { readWholeJob } from "../../shared/archive/whole.ts";
import type { Connections } from "../../shared/connections.ts";
import { type Delivery, readDelivery } from "../../shared/db/webhooks/deliveries.ts";
import { findPrediction } from "../../shared/db/webhooks/predictions.ts";
import type { RenderDeps } from "../../shared/replicate/output.ts";
import { renderPrediction } from "../../shared/replicate/prediction-view.ts";
import { type Answer, type Message, sendWebhook } from "../../shared/webhooks/send.ts";
import type { Attempt, MediaOf } from "../runner/attempt.ts";

/** Reads and sends the webhook deliveries of tasks. */
export interface Deliveries {
  /** Read a delivery; null if its endpoint or job is gone. */
  read(attempt: Attempt, id: string): Promise<Delivery | null>;
  /** Post a signed event. @throws NoConnection */
  send(attempt: Attempt, message: Message): Promise<Answer>;
}

export interface DeliveriesDeps {
  readonly db: D1Database;
  readonly media: MediaOf;
  readonly connections: Connections;
  /** See `refuseAddress`. */
  readonly allowInsecureWebhooks: boolean;
}

export function createDeliveries({ db, media, connections, allowInsecureWebhooks }: DeliveriesDeps): Deliveries {
  return {
    async read(attempt, id) {
      const now = Date.now();
      const delivery = await readDelivery(db, id, now);
      if (delivery?.event !== "prediction.completed") return delivery;
      // Its payload is made when it is sent.
      const payload = await renderCallback(attempt.task.jobId, { db, media: media(attempt), now });
      return payload === null ? null : { ...delivery, payload };
    },
    send: ({ waits, signal }, message) =>
      waits(() => sendWebhook(message, { allowInsecure: allowInsecureWebhooks, signal, connections })),
  };
}

/**
 * Render the body for a prediction's own webhook: the prediction as `GET` shows it, in JSON. It is rendered when it is sent, so
 * that its addresses are valid for an hour from then. The transcript is read from the bucket. Null for a prediction that was
 * pruned.
 */
async function renderCallback(jobId: string, deps: Omit<RenderDeps, "origin">): Promise<string | null> {
  const prediction = await findPrediction(deps.db, jobId);
  if (prediction === null || prediction.webhook === null) return null;
  const detail = await readWholeJob(deps, { id: jobId, ownerId: prediction.ownerId });
  if (detail === null) return null;
  return JSON.stringify(await renderPrediction(prediction, detail, { ...deps, origin: prediction.origin }));
}
