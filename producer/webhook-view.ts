import * as z from "zod";

import type { DeliveryRow } from "../shared/db/delivery-log.ts";
import type { Endpoint } from "../shared/db/webhooks.ts";
import { WEBHOOK_EVENTS } from "../shared/webhooks/event.ts";
import { iso } from "./job-view.ts";

const Time = z.iso.datetime();

/** An endpoint as clients see it: never with its secret, but where it was just made. */
export const EndpointView = z.object({
  id: z.string(),
  url: z.string(),
  events: z.array(z.enum(WEBHOOK_EVENTS)),
  description: z.string(),
  disabled: z.object({ since: Time, reason: z.string() }).nullable(),
  createdBy: z.string(),
  createdAt: Time,
});
export type EndpointView = z.infer<typeof EndpointView>;

export function endpointView(endpoint: Endpoint): EndpointView {
  const { id, url, events, description, disabledAt, disabledReason, keyId, createdAt } = endpoint;
  return {
    id,
    url,
    events: JSON.parse(events) as EndpointView["events"], // our own JSON, from a validated request
    description,
    disabled: disabledAt === null ? null : { since: iso(disabledAt), reason: disabledReason ?? "" },
    createdBy: `key:${keyId}`,
    createdAt: iso(createdAt),
  };
}

export const DELIVERY_STATES = ["pending", "running", "retrying", "delivered", "failed", "cancelled"] as const;

/** One event for one endpoint. `response` and `error` are of the last attempt, durations in milliseconds. */
export const DeliveryView = z.object({
  id: z.string(),
  event: z.string(),
  jobId: z.string().nullable(),
  state: z.enum(DELIVERY_STATES),
  attempts: z.int(),
  nextAttemptAt: Time.nullable(),
  lastAttemptAt: Time.nullable(),
  durationMs: z.int().nullable(),
  response: z.object({ code: z.int(), body: z.string().nullable() }).nullable(),
  error: z.object({ code: z.string(), message: z.string().nullable() }).nullable(),
  payload: z.unknown(),
  createdAt: Time,
});
export type DeliveryView = z.infer<typeof DeliveryView>;

const STATE_OF: Readonly<Record<string, DeliveryView["state"]>> = {
  available: "pending",
  running: "running",
  retryable: "retrying",
  completed: "delivered",
  discarded: "failed",
  cancelled: "cancelled",
};

export function deliveryView(row: DeliveryRow): DeliveryView {
  const isWaiting = row.taskState === "available" || row.taskState === "retryable";
  return {
    id: row.id,
    event: row.event,
    jobId: row.jobId,
    state: row.taskState === null ? stateOfTest(row) : (STATE_OF[row.taskState] ?? "pending"),
    attempts: row.attempt ?? 1,
    nextAttemptAt: isWaiting ? iso(row.scheduledAt) : null,
    lastAttemptAt: iso(row.attemptedAt),
    durationMs: row.durationMs,
    response: row.responseCode === null ? null : { code: row.responseCode, body: row.responseBody },
    error: row.errorCode === null ? null : { code: row.errorCode, message: row.errorMessage },
    payload: JSON.parse(row.payload) as unknown,
    createdAt: iso(row.createdAt),
  };
}

function stateOfTest({ responseCode }: DeliveryRow): "delivered" | "failed" {
  return responseCode !== null && responseCode >= 200 && responseCode < 300 ? "delivered" : "failed";
}
