import { sampled } from "../long.ts";
import { GENERATORS } from "./generators.ts";
import { runCases } from "./run-cases.ts";
import { AS_IT_SHOULD_BE } from "./shape.ts";

/** A size above the limit for planning from memory, so that files are read in pieces. */
const QUANTITY_BYTES = 1_060_000;
const LEAST_CASES = sampled(15, 100);

/**
 * Return the faults in all cases of a container. Each must be refused, or planned and cut, within its work limit. Only counters
 * decide: the work, the reads and the plans. The clock only stops a parser that never returns.
 */
export async function findingsOf(container: string): Promise<readonly string[]> {
  const { cases, outcomes, findings } = await runCases(container, QUANTITY_BYTES);
  const { skeletons } = GENERATORS.find((one) => one.container === container) ?? { skeletons: [] };
  // If a valid skeleton were refused, its faulty variants would prove nothing.
  const unplanned = skeletons.flatMap(({ name }) => {
    const outcome = outcomes.get(`${name}: ${AS_IT_SHOULD_BE}`)?.outcome ?? "missing";
    return /whole|chunks/.test(outcome) ? [] : [`${name}: the skeleton is ${outcome}`];
  });
  const isFew = cases < LEAST_CASES ? [`only ${cases} cases`] : [];
  return [...findings, ...unplanned, ...isFew];
}
