import { chooseModel, type Chosen, chosenByName } from "./choose-model.ts";
import { readLatencies } from "../db/models/latencies.ts";
import type { JobWork } from "../jobs/new-job.ts";
import type { JobTerms } from "../jobs/terms.ts";

/** Which model does this work on these terms. Asks D1 only where there is a latency budget. */
export async function decideModel(
  db: D1Database,
  { work, terms }: { readonly work: JobWork; readonly terms: JobTerms },
  now = Date.now(),
): Promise<Chosen> {
  const { latencyBudgetMs } = terms;
  return latencyBudgetMs === undefined
    ? chosenByName(work)
    : chooseModel(work, latencyBudgetMs, await readLatencies(db, now));
}
