// What the run would cost, estimated before anything is created, and how much each job may spend.
import type { Client, Estimate } from "../client/index.ts";
import { type Check, Failure, type Work } from "./check.ts";
import type { Media } from "./media.ts";

/** The limit of a run: about two thirds of a US cent. */
export const MOST_NEURONS = 600;

export interface Prices {
  readonly estimateOf: ReadonlyMap<Work, Estimate>;
  readonly estimated: number;
  /** What the run may cost at worst. Jobs carry their share as `maxNeurons`. */
  readonly most: number;
}

/** @throws Failure if something cannot be priced, or the sum is too high. */
export async function priceChecks(
  client: Client,
  checks: readonly Check[],
  media: Media,
  mostNeurons: number,
): Promise<Prices> {
  const works = checks.flatMap(({ work = [] }) => work);
  const estimateOf = new Map<Work, Estimate>();
  for (const work of works) {
    if (work.via !== "upload") continue;
    const { estimate } = await client.uploads.estimate(work.file(media), work.request);
    if (estimate !== null) estimateOf.set(work, estimate);
  }
  const described = works.filter((work) => work.via === "description");
  if (described.length > 0) {
    const answers = await client.jobs.estimateBatch(described.map(({ request }) => request(media)));
    for (const { index, estimate, problem } of answers) {
      const work = described[index];
      if (problem !== undefined)
        throw new Failure(`A job would be refused: ${problem.detail}`, "See docs/api.md, Problems.");
      if (work !== undefined && estimate != null) estimateOf.set(work, estimate);
    }
  }
  if (estimateOf.size < new Set(works).size) {
    throw new Failure("The API did not price every job of the run, so nothing was started.", "Deploy again.");
  }
  const asked = checks.reduce((sum, { askedNeurons = 0 }) => sum + askedNeurons, 0);
  const priced = [...estimateOf];
  const estimated = priced.reduce((sum, [, { neurons }]) => sum + neurons, asked);
  const most = priced.reduce((sum, [work, estimate]) => sum + allowanceOf(work, estimate), asked);
  if (most > mostNeurons) {
    const means = `The run may cost ${most.toFixed(1)} neurons; the limit is ${mostNeurons}. Nothing was started.`;
    throw new Failure(means, "Run fewer checks with --only, or see which estimate has grown: npm run bench:cost.");
  }
  return { estimateOf, estimated, most };
}

/** The most that a job may spend. An estimate may be wrong by a factor; a price for each unit is exact and must not be exceeded. */
export function allowanceOf({ mostNeurons }: Work, { neurons, isRough }: Estimate): number {
  return mostNeurons ?? (isRough ? 2 * neurons + 2 : neurons + 0.5);
}
