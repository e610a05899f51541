import * as z from "zod";

import { MAX_ADDRESS_CHARS } from "../../shared/limits.ts";
import { boundedText } from "../../shared/input/bounded-text.ts";
import { refuseAddress } from "../../shared/webhooks/address.ts";
import { WEBHOOK_EVENTS } from "../../shared/webhooks/event.ts";

const Events = z
  .array(z.enum(WEBHOOK_EVENTS))
  .min(1)
  .max(WEBHOOK_EVENTS.length)
  .transform((events) => [...new Set(events)]);

const Description = boundedText({ max: 500, trim: true });

function address(allowInsecure: boolean) {
  return boundedText({ max: MAX_ADDRESS_CHARS, min: 1 })
    .superRefine((url, context) => {
      const message = refuseAddress(url, { allowInsecure });
      if (message !== null) context.addIssue({ code: "custom", message });
    })
    .transform((url) => new URL(url).href);
}

/** The body of `POST /v1/webhooks`. The deployment decides which addresses are allowed. */
export function endpointRequest(allowInsecure: boolean) {
  return z.strictObject({
    url: address(allowInsecure),
    events: Events.prefault([...WEBHOOK_EVENTS]),
    description: Description.default(""),
  });
}

/** The body of `PATCH /v1/webhooks/{id}`. */
export function endpointEdit(allowInsecure: boolean) {
  return z
    .strictObject({
      url: address(allowInsecure).optional(),
      events: Events.optional(),
      description: Description.optional(),
      disabled: z.boolean().optional(),
    })
    .refine(
      (edit) => Object.keys(edit).length > 0,
      "has no field to change; send url, events, description or disabled",
    );
}
