import { type Connections, NoConnection } from "../../shared/connections.ts";
import { readDelivery } from "../../shared/db/webhooks/deliveries.ts";
import {
  giveBackStrays,
  settleStrays,
  type StrayReport,
  takeStrays,
  type TakenDelivery,
} from "../../shared/db/webhooks/stray-deliveries.ts";
import { DELIVERY_ATTEMPTS, deliveryDelayMs } from "../../shared/webhooks/event.ts";
import { LONGEST_SENDING_MS, sendWebhook } from "../../shared/webhooks/send.ts";
import { lasting } from "../../shared/time-limit.ts";

export interface StrayDeps {
  readonly db: D1Database;
  /** See `refuseAddress`. */
  readonly allowInsecureWebhooks: boolean;
  readonly connections: Connections;
}

/** How many endpoints get deliveries at the same time: an invocation has six connections. */
const AT_ONCE = 4;
const DELIVERIES_A_RUN = 20;

/** A run starts no delivery after this time; the next run sends the rest. */
const BEGIN_WITHIN_MS = 60_000;

/**
 * D1 ends a query after this time (developers.cloudflare.com/d1/platform/limits, read 2026-11-29). A delivery takes two: one
 * reads it, one settles it.
 */
const QUERY_MS = 30_000;

/** How long a run holds its deliveries. A run that is alive has sent each of them or given it back by then. */
export const TAKEN_MS = BEGIN_WITHIN_MS + LONGEST_SENDING_MS + 2 * QUERY_MS;

/**
 * Send the deliveries that are due and belong to no job, on the same schedule as others. Each endpoint gets its deliveries one
 * after the other, because the end of an incident must not arrive before the incident. A delivery for which no connection
 * became free stays due, and has used no attempt.
 * @param now cron's minute, which may be in the past when this runs.
 * @returns how many deliveries were sent, or cannot be sent.
 */
export async function deliverStrays(deps: StrayDeps, now: number): Promise<number> {
  const isTime = lasting(BEGIN_WITHIN_MS);
  const later = () => Math.max(now, Date.now());
  const taken = await takeStrays(deps.db, { now, until: later() + TAKEN_MS, limit: DELIVERIES_A_RUN });
  const unsent = new Set(taken);
  const byEndpoint = [...Map.groupBy(taken, ({ endpointId }) => endpointId).values()];
  const tellNext = async (): Promise<void> => {
    for (let some = byEndpoint.shift(); some !== undefined; some = byEndpoint.shift()) {
      for (const one of some) {
        if (!isTime()) return;
        const report = await deliver(one, deps, later);
        if (report === null) break;
        unsent.delete(one);
        await settleStrays(deps.db, [report], later());
      }
    }
  };
  const ended = await Promise.allSettled(Array.from({ length: AT_ONCE }, tellNext));
  await giveBackStrays(deps.db, [...unsent], later());
  for (const one of ended) if (one.status === "rejected") throw one.reason;
  return taken.length - unsent.size;
}

/** @returns null if no connection became free. */
async function deliver(
  { id, attempt }: TakenDelivery,
  { db, allowInsecureWebhooks, connections }: StrayDeps,
  later: () => number,
): Promise<StrayReport | null> {
  const delivery = await readDelivery(db, id, later());
  const attemptedAt = Date.now();
  if (delivery === null || delivery.isDisabled) return { id, attempt, attemptedAt, nextAttemptAt: null, answer: null };
  const { payload: body, ...message } = delivery;
  try {
    const answer = await sendWebhook({ ...message, body }, { allowInsecure: allowInsecureWebhooks, connections });
    const attemptsLeft = DELIVERY_ATTEMPTS - attempt;
    const isOver =
      answer.failure === null ||
      attemptsLeft <= 0 ||
      ["endpoint_gone", "address_refused"].includes(answer.failure.code);
    const delayMs = Math.max(deliveryDelayMs(attemptsLeft, Math.random), answer.retryAfterMs);
    return { id, attempt, attemptedAt, nextAttemptAt: isOver ? null : later() + delayMs, answer };
  } catch (error) {
    if (error instanceof NoConnection) return null;
    throw error;
  }
}
