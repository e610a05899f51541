// What a statement reads does not depend on how many jobs lie beside those that it is about: `npm run bench:growth`, small.
import { expect, test } from "vitest";

import { measureGrowth } from "../bench/growth/growth.ts";
import { sampled } from "./long.ts";

/** 10,000 jobs take more than eight seconds of CPU. */
const SIZES = sampled([400, 2000] as const, [2000, 10_000] as const);

/** A day's figures of an owner come from the latest 5,000 jobs, which is more than their goal. They do not grow beyond that. */
const BOUNDED: ReadonlySet<string> = new Set(["throughput.owner"]);

test("five times as many jobs cost a statement no more rows", async () => {
  const { measured, pruning } = await measureGrowth(SIZES, { transcriptWords: 200, times: 1 });
  const [few, many] = SIZES.map((size) => measured.filter(({ jobs }) => jobs === size));
  const growing = (many ?? []).filter(({ name, rowsRead, goal }) => {
    const before = few?.find((one) => one.name === name)?.rowsRead ?? 0;
    return rowsRead > goal && rowsRead > 1.5 * before;
  });
  expect(growing.filter(({ name }) => !BOUNDED.has(name))).toEqual([]);
  expect(pruning.jobsAMinute).toBeGreaterThanOrEqual(50);
});
