import * as z from "zod";

import { JobTerms } from "../../shared/jobs/terms.ts";
import { TextOptions, TextPrompt } from "../../shared/kinds/text-generation/options.ts";

/**
 * The body of `POST /v1/generate`: the prompt with the options of a generated text beside it, as in `POST /v1/jobs/{id}/ask`.
 */
export const GenerateRequest = z.strictObject({
  prompt: TextPrompt,
  ...TextOptions.shape,
  tier: TextOptions.shape.tier.describe("`fast` by default; with a latency budget the best tier that may be chosen"),
  latencyBudgetMs: JobTerms.shape.latencyBudgetMs.describe(
    "the time until an answer of `maxTokens` tokens is complete",
  ),
  maxNeurons: JobTerms.shape.maxNeurons.describe(
    "the most that the answer may cost; a model that may cost more is not asked",
  ),
});
export type GenerateRequest = z.infer<typeof GenerateRequest>;
