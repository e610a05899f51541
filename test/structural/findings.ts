import { sampled } from "../long.ts";
import { GENERATORS } from "./generators.ts";
import { runCases } from "./run-cases.ts";
import { AS_IT_SHOULD_BE } from "./shape.ts";

/** More than is planned from memory, so that files are read in pieces. */
const QUANTITY_BYTES = 1_060_000;
const LEAST_CASES = sampled(15, 100);

/**
 * What is wrong with any case of a container: each must be refused, or planned and cut, within its work limit. Judged by
 * counters alone: what was spent, read and planned. The clock only stops what never returns.
 */
export async function findingsOf(container: string): Promise<readonly string[]> {
  const { cases, outcomes, findings } = await runCases(container, QUANTITY_BYTES);
  const { skeletons } = GENERATORS.find((one) => one.container === container) ?? { skeletons: [] };
  // A skeleton that is refused would prove nothing of its faults.
  const unplanned = skeletons.flatMap(({ name }) => {
    const outcome = outcomes.get(`${name}: ${AS_IT_SHOULD_BE}`)?.outcome ?? "missing";
    return /whole|chunks/.test(outcome) ? [] : [`${name}: the skeleton is ${outcome}`];
  });
  const isFew = cases < LEAST_CASES ? [`only ${cases} cases`] : [];
  return [...findings, ...unplanned, ...isFew];
}
