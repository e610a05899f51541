// The points at which a consumer can die, one after another, for one job of each kind. `npm run test:long` tests every point.
import { beforeAll, expect, test } from "vitest";

import { WORK_KINDS } from "../bench/chaos/plan.ts";
import type { Chaos } from "../bench/chaos/start.ts";
import { sampled } from "./long.ts";
import { sharedChaos } from "./shared-chaos.ts";

let chaos: Chaos;
beforeAll(async () => {
  chaos = await sharedChaos();
});

const STEP = sampled(24, 1);
// About a hundred runs in a row. On a busy machine they take longer than the two minutes for any other test.
const TIMEOUT_MS = 600_000;
const BUDGETED = { budget: 1_000_000 };

test.each([
  ...WORK_KINDS.map((kind) => [kind, "", {}] as const),
  // Neurons that are reserved for its calls are released or spent, whatever dies.
  ["picture", " within a budget", BUDGETED] as const,
  ["note", " within a budget", BUDGETED] as const,
])(
  "a %s%s survives a death before and after each of its operations",
  async (only, _, more) => {
    const guilty: string[] = [];
    let [operation, hasDied] = [1 - STEP, true];
    while (hasDied) {
      operation += STEP;
      for (const when of ["before", "after"] as const) {
        const report = await chaos.run({
          jobs: 1,
          faultRate: 0,
          seed: operation,
          only,
          death: { operation, when },
          ...more,
        });
        hasDied = report.deaths > 0;
        const { completed, lost, wrong_result, double_billed, real_errors } = report;
        const uncounted = report.uncounted_neurons ?? 0;
        const isInnocent =
          completed === 1 && lost + wrong_result + double_billed + real_errors.length + uncounted === 0;
        if (!isInnocent) guilty.push(`${when} operation ${operation}: ${JSON.stringify(report)}`);
      }
    }
    // At least its insert, lease, model call, artifact and settlement.
    expect(operation).toBeGreaterThan(5);
    expect(guilty).toEqual([]);
  },
  TIMEOUT_MS,
);
