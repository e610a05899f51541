import * as z from "zod";

import { boundedText } from "../../shared/input/bounded-text.ts";

/** The query of `GET /v1/queues/throughput`. The default is the last day. */
export const ThroughputQuery = z.strictObject({ hours: z.coerce.number().int().min(1).max(24).default(24) });

/** The body of `POST /v1/queues/{kind}/pause`. Clients whose jobs wait can read the note. */
export const PauseRequest = z.strictObject({ note: boundedText({ max: 500, min: 1, trim: true }).optional() });
