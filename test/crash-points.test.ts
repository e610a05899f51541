// Every point at which a consumer can die, one after another, for one job of each kind.
import { afterAll, beforeAll, expect, test } from "vitest";

import { WORK_KINDS } from "../bench/chaos/plan.ts";
import { type Chaos, startChaos } from "../bench/chaos/start.ts";

let chaos: Chaos;
beforeAll(async () => {
  chaos = await startChaos();
});
afterAll(() => chaos.close());

test.each(WORK_KINDS)("a %s survives a death before and after each of its operations", async (only) => {
  const guilty: string[] = [];
  let [operation, hasDied] = [0, true];
  while (hasDied) {
    operation += 1;
    for (const when of ["before", "after"] as const) {
      const report = await chaos.run({ jobs: 1, faultRate: 0, seed: operation, only, death: { operation, when } });
      hasDied = report.deaths > 0;
      const { completed, lost, wrong_result, double_billed, real_errors } = report;
      const isInnocent = completed === 1 && lost + wrong_result + double_billed + real_errors.length === 0;
      if (!isInnocent) guilty.push(`${when} operation ${operation}: ${JSON.stringify(report)}`);
    }
  }
  // Its insert, lease, model call, artifact and settlement at the least.
  expect(operation).toBeGreaterThan(5);
  expect(guilty).toEqual([]);
});
