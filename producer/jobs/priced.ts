import type { Context } from "hono";

import { type Estimate, estimatedNeurons } from "../../shared/cost/estimate.ts";
import { microUsd } from "../../shared/cost/neurons.ts";
import type { App } from "../http/app.ts";
import { problem } from "../http/problem.ts";
import { readFree } from "../usage/free-neurons.ts";
import type { Estimate as EstimateView, JobDryRun } from "../usage/schema.ts";
import type { Priced } from "./price-work.ts";

/** Answer a dry run: what a job or a file would cost, with today's free neurons, or the problem that it would get. */
export async function priced(c: Context<App>, result: Priced): Promise<Response> {
  if (!result.ok) return problem(c, result.problem);
  const free = await readFree(c.env.DB, { ownerId: c.get("ownerId"), operatorId: c.env.OPERATOR_ID, now: Date.now() });
  return c.json({ estimate: result.estimate && estimateView(result.estimate), free } satisfies JobDryRun);
}

/** An estimate as the API shows it: its lines, and their sums. */
export function estimateView({ lines, isRough }: Estimate): EstimateView {
  const neurons = estimatedNeurons({ lines, isRough });
  return {
    neurons,
    microUsd: microUsd(neurons),
    calls: lines.reduce((sum, { calls }) => sum + calls, 0),
    isRough,
    lines: lines.map(({ units, ...line }) => ({ ...line, units: { ...units } })),
  };
}
