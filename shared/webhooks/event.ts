import { OPS_EVENTS } from "../alerts/alert.ts";
import { BUDGET_EVENTS } from "../cost/budget.ts";
import { DAY_MS } from "../durations.ts";

/**
 * The events that an endpoint can get; those about the deployment (`ops.`) only the operator's can. There is none for a start:
 * each lease would have to look for endpoints that subscribe to it.
 */
export const WEBHOOK_EVENTS = [
  "job.completed",
  "job.failed",
  "job.cancelled",
  "transcript.edited",
  ...BUDGET_EVENTS,
  ...OPS_EVENTS,
] as const;
export type WebhookEvent = (typeof WEBHOOK_EVENTS)[number];

/** How long after one attempt the next is made: the schedule that Standard Webhooks suggests, 17.6 hours in all. */
export const DELIVERY_DELAYS_MS: readonly number[] = [5_000, 300_000, 1_800_000, 7_200_000, 18_000_000, 36_000_000];

export const DELIVERY_ATTEMPTS = DELIVERY_DELAYS_MS.length + 1;

/**
 * Return the delay before the next attempt, with this many attempts left; spread by a tenth, so that a burst does not return as
 * one.
 */
export function deliveryDelayMs(attemptsLeft: number, random: () => number): number {
  const index = Math.max(0, DELIVERY_DELAYS_MS.length - attemptsLeft);
  return Math.round((DELIVERY_DELAYS_MS[index] ?? 36_000_000) * (1 + 0.1 * random()));
}

/** How long deliveries are signed with the old secret as well. */
export const ROTATION_MS = DAY_MS;

/** The result of an attempt to deliver, as the delivery's row stores it. */
export interface DeliveryReport {
  readonly deliveryId: string;
  readonly responseCode: number | null;
  readonly responseBody: string | null;
  readonly durationMs: number;
  /** Whether the endpoint answered 410. */
  readonly isGone: boolean;
}
