import { readWholeJob } from "../../shared/archive/whole.ts";
import { findPrediction } from "../../shared/db/webhooks/predictions.ts";
import type { RenderDeps } from "../../shared/replicate/output.ts";
import { renderPrediction } from "../../shared/replicate/prediction-view.ts";

/**
 * Render the body for a prediction's own webhook: the prediction as `GET` shows it, in JSON. It is rendered when it is sent, so
 * that its addresses are valid for an hour from then. The transcript is read from the bucket. Null for a prediction that was
 * pruned.
 */
export async function renderCallback(jobId: string, deps: Omit<RenderDeps, "origin">): Promise<string | null> {
  const prediction = await findPrediction(deps.db, jobId);
  if (prediction === null || prediction.webhook === null) return null;
  const detail = await readWholeJob(deps, { id: jobId, ownerId: prediction.ownerId });
  if (detail === null) return null;
  return JSON.stringify(await renderPrediction(prediction, detail, { ...deps, origin: prediction.origin }));
}
