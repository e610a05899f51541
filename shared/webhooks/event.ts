import { OPS_EVENTS } from "../alerts/event.ts";
import { BUDGET_EVENTS } from "../cost/budget.ts";
import { DAY_MS } from "../durations.ts";

/** What an endpoint can be told of; of the deployment (`ops.`) the operator's alone. A start is not among them: each lease would have to look for who wants to know. */
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

/** Before the next attempt, of which there are so many left; spread by a tenth, so that a burst does not return as one. */
export function deliveryDelayMs(attemptsLeft: number, random: () => number): number {
  const index = Math.max(0, DELIVERY_DELAYS_MS.length - attemptsLeft);
  return Math.round((DELIVERY_DELAYS_MS[index] ?? 36_000_000) * (1 + 0.1 * random()));
}

/** For so long deliveries are signed with the old secret as well. */
export const ROTATION_MS = DAY_MS;

/** What an attempt to deliver came to, as the delivery's row keeps it. */
export interface DeliveryReport {
  readonly deliveryId: string;
  readonly responseCode: number | null;
  readonly responseBody: string | null;
  readonly durationMs: number;
  /** The endpoint wants no more. */
  readonly isGone: boolean;
}
