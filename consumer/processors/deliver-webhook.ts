import * as z from "zod";

import { deliveryDelayMs } from "../../shared/webhooks/event.ts";
import { discard, processor } from "./processor.ts";

/** The arguments of `deliver_webhook`. */
const DeliverArgs = z.strictObject({ deliveryId: z.string() });

const DISABLED = "The endpoint was disabled, or the key that gave the address revoked, before its turn came.";

/** One attempt to tell an endpoint of a job's end. Everything but a success and a 410 is tried again, a 404 too. */
export const deliverWebhook = processor(DeliverArgs, async ({ deliveryId }, context) => {
  const delivery = await context.readDelivery(deliveryId);
  if (delivery === null) return discard("endpoint_deleted", "The endpoint was deleted.");
  if (delivery.isDisabled) return discard("endpoint_disabled", DISABLED);
  const { payload: body, ...message } = delivery;
  const { failure, retryAfterMs, ...answer } = await context.send({ ...message, body });
  const report = { ...answer, deliveryId, isGone: failure?.code === "endpoint_gone" };
  if (failure === null) return { type: "completed", delivery: report };
  if (report.isGone || failure.code === "address_refused") return { type: "discard", failure, delivery: report };
  const delayMs = Math.max(deliveryDelayMs(context.attemptsLeft, Math.random), retryAfterMs);
  return { type: "retry", failure, delayMs, delivery: report };
});
