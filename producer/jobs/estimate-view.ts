import { type Estimate, estimatedNeurons } from "../../shared/cost/estimate.ts";
import { microUsd } from "../../shared/cost/neurons.ts";
import type { Estimate as EstimateView } from "../usage/schema.ts";

/** An estimate as clients see it: its lines, and their sums. */
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
