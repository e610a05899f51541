import { expect, test } from "vitest";

import { runCases } from "./run-cases.ts";

test("a parser that never returns is stopped and named, and the cases after it run", async () => {
  const { cases, outcomes, findings } = await runCases("never ends", 0, 4_000);
  expect(cases).toBe(3);
  expect(findings).toEqual(["reads for ever: does not return in 4 s"]);
  expect([...outcomes.keys()]).toEqual(["before", "after"]);
});
