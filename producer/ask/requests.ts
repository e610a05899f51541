import * as z from "zod";

import { boundedText } from "../../shared/input/bounded-text.ts";
import { MAX_QUESTION_CHARS } from "../../shared/limits.ts";
import { TIERS } from "../../shared/models/models.ts";

/** The body of `POST /v1/jobs/{id}/ask`. */
export const AskRequest = z.strictObject({
  question: boundedText({ max: MAX_QUESTION_CHARS, min: 1, trim: true, empty: "the question is empty" }),
  tier: z.enum(TIERS).default("fast"),
});
