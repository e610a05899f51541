import type { JobWork } from "../../shared/jobs/new-job.ts";
import type { JobTerms } from "../../shared/jobs/terms.ts";

/**
 * What an object says of a model that was chosen by a latency budget before it was stored: the model's options, and no
 * budget any more. Nothing where there was no budget.
 */
export function chosenMetadata(terms: JobTerms, work: JobWork): { readonly options?: string; readonly terms?: string } {
  const { latencyBudgetMs, ...rest } = terms;
  return latencyBudgetMs === undefined
    ? {}
    : { options: JSON.stringify(work.input.options), terms: JSON.stringify(rest) };
}
