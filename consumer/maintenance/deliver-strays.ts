import type { Connections } from "../../shared/connections.ts";
import { readDelivery } from "../../shared/db/webhooks/deliveries.ts";
import {
  settleStrays,
  type StrayReport,
  takeStrays,
  type TakenDelivery,
} from "../../shared/db/webhooks/stray-deliveries.ts";
import { DELIVERY_ATTEMPTS, deliveryDelayMs } from "../../shared/webhooks/event.ts";
import { sendWebhook } from "../../shared/webhooks/send.ts";

export interface StrayDeps {
  readonly db: D1Database;
  /** See `refuseAddress`. */
  readonly allowInsecureWebhooks: boolean;
  readonly connections: Connections;
}

/** So many endpoints at a time: an invocation has six connections. */
const AT_ONCE = 4;
const DELIVERIES_A_RUN = 20;

/**
 * Send what is due of deliveries that belong to no job, on the same schedule as others. An endpoint is told one after the
 * other: that an incident is over must not arrive before the incident. @returns how many were tried.
 */
export async function deliverStrays(deps: StrayDeps, now: number): Promise<number> {
  const taken = await takeStrays(deps.db, now, DELIVERIES_A_RUN);
  const byEndpoint = [...Map.groupBy(taken, ({ endpointId }) => endpointId).values()];
  const tellNext = async (): Promise<void> => {
    for (let some = byEndpoint.shift(); some !== undefined; some = byEndpoint.shift()) {
      for (const one of some) await settleStrays(deps.db, [await deliver(one, deps, now)], now);
    }
  };
  await Promise.all(Array.from({ length: AT_ONCE }, tellNext));
  return taken.length;
}

async function deliver(
  { id, attempt }: TakenDelivery,
  { db, allowInsecureWebhooks, connections }: StrayDeps,
  now: number,
): Promise<StrayReport> {
  const delivery = await readDelivery(db, id, now);
  const attemptedAt = Date.now();
  if (delivery === null || delivery.isDisabled) return { id, attemptedAt, nextAttemptAt: null, answer: null };
  const { payload: body, ...message } = delivery;
  const answer = await sendWebhook({ ...message, body }, { allowInsecure: allowInsecureWebhooks, connections });
  const attemptsLeft = DELIVERY_ATTEMPTS - attempt;
  const isOver =
    answer.failure === null || attemptsLeft <= 0 || ["endpoint_gone", "address_refused"].includes(answer.failure.code);
  const delayMs = Math.max(deliveryDelayMs(attemptsLeft, Math.random), answer.retryAfterMs);
  return { id, attemptedAt, nextAttemptAt: isOver ? null : now + delayMs, answer };
}
