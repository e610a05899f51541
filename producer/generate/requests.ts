import * as z from "zod";

import { JobTerms } from "../../shared/jobs/terms.ts";
import { TextOptions, TextPrompt } from "../../shared/kinds/text-generation/options.ts";
import { TIERS } from "../../shared/models/models.ts";

/**
 * The body of `POST /v1/generate`: the prompt with the options of a generated text beside it, as in `POST /v1/jobs/{id}/ask`. Whether a
 * tier was asked for matters to a latency budget, so it has no default here.
 */
export const GenerateRequest = z.strictObject({
  prompt: TextPrompt,
  ...TextOptions.shape,
  tier: z
    .enum(TIERS)
    .optional()
    .describe("the model's tier: `fast` without a latency budget, else the best tier allowed"),
  latencyBudgetMs: JobTerms.shape.latencyBudgetMs.describe(
    "the time until an answer of `maxTokens` tokens is complete",
  ),
  maxNeurons: JobTerms.shape.maxNeurons.describe(
    "the most that the answer may cost; a model that may cost more is not asked",
  ),
});
export type GenerateRequest = z.infer<typeof GenerateRequest>;
