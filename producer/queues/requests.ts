import * as z from "zod";

import { boundedText } from "../../shared/input/bounded-text.ts";

/** The body of `POST /v1/queues/{kind}/pause`; clients whose jobs wait read the note. */
export const PauseRequest = z.strictObject({ note: boundedText({ max: 500, min: 1, trim: true }).optional() });
