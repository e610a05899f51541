// What the run would cost, asked before anything is made, and how much of it each job may spend.
import type { Client, Estimate } from "../client/index.ts";
import { type Check, Failure, type Work } from "./check.ts";
import type { Media } from "./media.ts";

/** A run costs less than this: about two thirds of a US cent. */
export const MOST_NEURONS = 600;

export interface Prices {
  readonly estimateOf: ReadonlyMap<Work, Estimate>;
  readonly estimated: number;
  /** What may be spent in the worst case: jobs carry it as `maxNeurons`. */
  readonly most: number;
}

/** @throws Failure where something cannot be priced, or the sum is too high. */
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

/** A guess may be wrong by a factor; a price by the piece is exact, and more than it is not to be paid. */
export function allowanceOf({ mostNeurons }: Work, { neurons, isRough }: Estimate): number {
  return mostNeurons ?? (isRough ? 2 * neurons + 2 : neurons + 0.5);
}
