import * as z from "zod";

import { deliveryDelayMs } from "../../shared/webhooks/event.ts";
import { discard, processor } from "./processor.ts";
import type { Tools } from "./tools.ts";

/** The arguments of `deliver_webhook`. */
const DeliverArgs = z.strictObject({ deliveryId: z.string() });

const DISABLED =
  "The endpoint was disabled, or the key that gave the address was revoked, before the delivery was sent.";

/**
 * Make one attempt to notify an endpoint of a job's end. Every failure except a 410 and a refused address is retried, a 404
 * too.
 */
export function createDeliverWebhook({ deliveries }: Pick<Tools, "deliveries">) {
  return processor(DeliverArgs, async ({ deliveryId }, attempt) => {
    const delivery = await deliveries.read(attempt, deliveryId);
    if (delivery === null) return discard("endpoint_deleted", "The endpoint was deleted.");
    if (delivery.isDisabled) return discard("endpoint_disabled", DISABLED);
    const { payload: body, ...message } = delivery;
    const { failure, retryAfterMs, ...answer } = await deliveries.send(attempt, { ...message, body });
    const report = { ...answer, deliveryId, isGone: failure?.code === "endpoint_gone" };
    if (failure === null) return { type: "completed", delivery: report };
    if (report.isGone || failure.code === "address_refused") return { type: "discard", failure, delivery: report };
    const attemptsLeft = attempt.task.maxAttempts - attempt.task.attempt;
    const delayMs = Math.max(deliveryDelayMs(attemptsLeft, Math.random), retryAfterMs);
    return { type: "retry", failure, scheduledAt: Date.now() + delayMs, delivery: report };
  });
}
