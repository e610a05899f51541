import * as z from "zod";

import { WEBHOOK_EVENTS } from "../../shared/webhooks/event.ts";
import { Failure, MaybeTime, NextCursor, Time } from "../http/time.ts";

/** An endpoint as the API shows it. Only the answer that creates it has its secret. */
export const Webhook = z
  .object({
    id: z.string(),
    url: z.string(),
    events: z.array(z.enum(WEBHOOK_EVENTS)),
    description: z.string(),
    disabled: z.object({ since: Time, reason: z.string() }).nullable(),
    createdBy: z
      .string()
      .describe(
        "the key that registered it, or was the last to change its url or enable it again; the endpoint is disabled when this key is revoked. `access-…` is a person",
      ),
    createdAt: Time,
  })
  .meta({ id: "Webhook" });
export type Webhook = z.infer<typeof Webhook>;

export const WebhookSecret = z.object({ secret: z.string() }).meta({ id: "WebhookSecret" });
export type WebhookSecret = z.infer<typeof WebhookSecret>;

export const RotatedSecret = WebhookSecret.extend({ previousValidUntil: Time }).meta({ id: "RotatedSecret" });
export type RotatedSecret = z.infer<typeof RotatedSecret>;

export const CreatedWebhook = Webhook.extend(WebhookSecret.shape).meta({ id: "CreatedWebhook" });
export type CreatedWebhook = z.infer<typeof CreatedWebhook>;

export const WebhookList = z.object({ webhooks: z.array(Webhook) });
export type WebhookList = z.infer<typeof WebhookList>;

export const DELIVERY_STATES = ["pending", "running", "retrying", "delivered", "failed", "cancelled"] as const;

/** A delivery of one event to one endpoint. `response`, `error` and `durationMs` belong to the last attempt. */
export const Delivery = z
  .object({
    id: z.string(),
    event: z.string(),
    jobId: z.string().nullable(),
    state: z.enum(DELIVERY_STATES),
    attempts: z.int(),
    nextAttemptAt: MaybeTime,
    lastAttemptAt: MaybeTime,
    durationMs: z.int().nullable(),
    response: z.object({ code: z.int(), body: z.string().nullable() }).nullable(),
    error: Failure.nullable(),
    payload: z.unknown(),
    createdAt: Time,
  })
  .meta({ id: "WebhookDelivery" });
export type Delivery = z.infer<typeof Delivery>;

export const DeliveryPage = z.object({ deliveries: z.array(Delivery), nextCursor: NextCursor });
export type DeliveryPage = z.infer<typeof DeliveryPage>;
