import * as z from "zod";

import { boundedText } from "../../input/bounded-text.ts";
import { MAX_TEXT_CHARS } from "../../limits.ts";
import { TIERS } from "../../models/models.ts";

/** A text to classify. */
export const Text = boundedText({ max: MAX_TEXT_CHARS, min: 1, trim: true, empty: "the text is empty" });

/** Options of a classification: at most `topK` labels, none with a score below `minScore` (0 to 1). */
export const ClassificationOptions = z.strictObject({
  /** One model serves all tiers. */
  tier: z.enum(TIERS).optional(),
  topK: z.int().min(1).max(100).default(5),
  minScore: z.number().min(0).max(1).default(0),
});
export type ClassificationOptions = z.infer<typeof ClassificationOptions>;
