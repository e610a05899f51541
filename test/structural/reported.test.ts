import { beforeAll, expect, test } from "vitest";

import { REPORTED } from "./reported.ts";
import { runCases, type Summary } from "./run-cases.ts";

let summary: Summary = { cases: 0, outcomes: new Map(), findings: [] };
beforeAll(async () => {
  summary = await runCases("reported", 0);
}, 120_000);

test.each(REPORTED)("$name", ({ name, outcome, most }) => {
  const probed = summary.outcomes.get(name);
  expect(probed).toMatchObject({ outcome, findings: [] });
  for (const kind of ["elements", "bytes", "entries"] as const) {
    expect(probed?.spent[kind]).toBeLessThanOrEqual(most[kind]);
  }
});
