import { readJob } from "../../shared/db/jobs/reads.ts";
import { findPrediction } from "../../shared/db/webhooks/predictions.ts";
import type { RenderDeps } from "../../shared/replicate/output.ts";
import { renderPrediction } from "../../shared/replicate/prediction.ts";

/**
 * What is said to a prediction's own webhook: the prediction as `GET` shows it, in JSON. It is made when it is sent, so that
 * the addresses in it hold for an hour from then, and read from where the transcript lies. Null for what was pruned.
 */
export async function notifyPrediction(
  jobId: string,
  deps: Omit<RenderDeps, "origin">,
): Promise<{ readonly url: string; readonly keyId: string; readonly body: string } | null> {
  const prediction = await findPrediction(deps.db, jobId);
  if (prediction === null || prediction.webhook === null) return null;
  const detail = await readJob(deps.db, { id: jobId, ownerId: prediction.ownerId });
  if (detail === null) return null;
  const { webhook: url, keyId, origin } = prediction;
  return { url, keyId, body: JSON.stringify(await renderPrediction(prediction, detail, { ...deps, origin })) };
}
