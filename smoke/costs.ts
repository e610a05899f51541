import type { Client } from "../client/index.ts";
import { Failure, type Finding, pass, type Smoke } from "./check.ts";
import type { Prices } from "./prices.ts";

const USD_PER_NEURON = 0.011 / 1000;

/** Return what the run has cost, from the receipts of its jobs and the usage of questions and searches. @throws Failure if too much. */
export async function sumUp(
  client: Client,
  { runId, seen }: Pick<Smoke, "runId" | "seen">,
  { estimated, most }: Prices,
): Promise<{ finding: Finding; neurons: number }> {
  let neurons = seen.searchNeurons + seen.answers.reduce((sum, { usage }) => sum + usage.neurons, 0);
  let catalogued = 0;
  for await (const { id } of client.jobs.list({ tag: runId, limit: 100 })) {
    const { total } = await client.jobs.receipt(id);
    neurons += total.neurons;
    catalogued += total.estimatedNeurons;
  }
  const usd = `$${(neurons * USD_PER_NEURON).toFixed(4)} beyond the day's free neurons`;
  const means = `${neurons.toFixed(1)} neurons (${usd}); ${estimated.toFixed(1)} were estimated, ${most.toFixed(1)} allowed.`;
  if (neurons > most)
    throw new Failure(means, "Compare the prices in shared/models/models.ts with the platform's list.");
  const unsaid =
    catalogued === 0
      ? ""
      : ` For ${catalogued.toFixed(1)} of them the platform gave no figure, so the catalogue's prices were used.`;
  return { finding: pass(means + unsaid), neurons };
}
