import { isAccessId } from "../../shared/keys/access.ts";
import { parseOwn } from "../../shared/input/read-json.ts";
import type { DeliveryRow } from "../../shared/db/webhooks/delivery-log.ts";
import type { Endpoint } from "../../shared/db/webhooks/webhooks.ts";
import { iso } from "../http/time.ts";
import type { Delivery, Webhook } from "./schema.ts";

/** An endpoint as the API shows it. */
export function endpointView(endpoint: Endpoint): Webhook {
  const { id, url, events, description, disabledAt, disabledReason, keyId, createdAt } = endpoint;
  return {
    id,
    url,
    events: parseOwn(events) as Webhook["events"], // our own JSON, from a validated request
    description,
    disabled: disabledAt === null ? null : { since: iso(disabledAt), reason: disabledReason ?? "" },
    createdBy: isAccessId(keyId) ? keyId : `key:${keyId}`,
    createdAt: iso(createdAt),
  };
}

const STATE_OF: Readonly<Record<string, Delivery["state"]>> = {
  available: "pending",
  running: "running",
  retryable: "retrying",
  completed: "delivered",
  discarded: "failed",
  cancelled: "cancelled",
};

/** A delivery with the result of its last attempt. */
export function deliveryView(row: DeliveryRow): Delivery {
  const isWaiting = row.taskState === "available" || row.taskState === "retryable";
  const nextAttemptAt = row.taskState === null ? row.nextAttemptAt : isWaiting ? row.scheduledAt : null;
  return {
    id: row.id,
    event: row.event,
    jobId: row.jobId,
    state: row.taskState === null ? stateOfStray(row) : (STATE_OF[row.taskState] ?? "pending"),
    attempts: row.attempt ?? (row.nextAttemptAt === null ? Math.max(1, row.attempts) : row.attempts),
    nextAttemptAt: iso(nextAttemptAt),
    lastAttemptAt: iso(row.attemptedAt),
    durationMs: row.durationMs,
    response: row.responseCode === null ? null : { code: row.responseCode, body: row.responseBody },
    error: row.errorCode === null ? null : { code: row.errorCode, message: row.errorMessage },
    payload: parseOwn(row.payload),
    createdAt: iso(row.createdAt),
  };
}

function stateOfStray({ responseCode, attempts, nextAttemptAt }: DeliveryRow): Delivery["state"] {
  if (nextAttemptAt !== null) return attempts === 0 ? "pending" : "retrying";
  return responseCode !== null && responseCode >= 200 && responseCode < 300 ? "delivered" : "failed";
}
