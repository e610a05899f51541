// A small run of `npm run chaos`: one in five operations fails, and nothing is lost, paid for twice or wrong.
import { beforeAll, expect, test } from "vitest";

import { parseCommand } from "../bench/chaos/command.ts";
import type { ChaosPlan } from "../bench/chaos/plan.ts";
import type { Chaos } from "../bench/chaos/start.ts";
import { sampled, someOf } from "./long.ts";
import { sharedChaos } from "./shared-chaos.ts";

let chaos: Chaos;
beforeAll(async () => {
  chaos = await sharedChaos();
});

const JOBS = sampled(16, 60);
const PLAN: ChaosPlan = { jobs: JOBS, faultRate: 0.2, seed: 1 };
const GUILTLESS = { lost: 0, wrong_result: 0, double_billed: 0 };

test.each(sampled([1], [1, 2]))(
  "seed %i: no job is lost, none is paid for twice, no result is wrong; and it replays exactly",
  async (seed) => {
    const report = await chaos.run({ ...PLAN, seed });
    const { completed, failed, operations, faults, wall_seconds: _, ...rest } = report;
    expect(Object.values(failed).reduce((sum, count) => sum + count, completed + report.ignored)).toBe(JOBS);
    expect(completed).toBeGreaterThan(0.75 * JOBS);
    const failing = Object.entries(faults).filter(([name]) => !name.startsWith("delivery."));
    const share = failing.reduce((sum, [, count]) => sum + count, 0) / operations;
    expect(share).toBeGreaterThan(0.15);
    expect(share).toBeLessThan(0.25);
    expect(await chaos.run({ ...PLAN, seed })).toMatchObject({ digest: report.digest, operations, failed });
    expect(rest).toMatchObject({ ...GUILTLESS, real_errors: [] });
  },
);

test("without faults every job is completed in one attempt for each of its tasks", async () => {
  const report = await chaos.run({ ...PLAN, faultRate: 0 });
  expect(report).toMatchObject({
    ...GUILTLESS,
    completed: JOBS,
    ignored: 0,
    deaths: 0,
    dead_letters: 0,
    real_errors: [],
  });
  expect(report.billed_calls).toBe(report.model_calls);
});

test("jobs that are archived and pruned meanwhile were right when they ended, and those that are left still are", async () => {
  const report = await chaos.run({ ...PLAN, keepMinutes: 3 });
  expect(report).toMatchObject({ ...GUILTLESS, real_errors: [] });
  expect(report.archived).toBeGreaterThan(0);
  expect(report.pruned).toBeGreaterThan(JOBS / 2);
});

test("a job that is gone before its time is lost, also if the run lasts until it might be pruned", async () => {
  const report = await chaos.run({ ...PLAN, keepMinutes: 1, sabotage: "prunes_early" });
  expect(report.lost).toBeGreaterThan(0);
  expect(report.findings[0]).toMatchObject({ type: "lost", reason: expect.stringContaining("has no row") });
});

const POISONS: readonly (readonly [poison: string, deaths: number])[] = [
  // The task dies once next to others and twice alone. At the model's door it dies once, and then five times alone.
  ["put results/job_j4/", 3],
  ["ai job_j4 ", 6],
];

test.each(someOf(POISONS, 2))(
  "a task that kills every consumer at '%s' ends as a dead letter, and its neighbours are done",
  async (poison, deaths) => {
    const report = await chaos.run({ ...PLAN, faultRate: 0, poison });
    expect(report).toMatchObject({ ...GUILTLESS, completed: JOBS - 1, failed: { worker_lost: 1 }, dead_letters: 1 });
    expect(report.deaths).toBe(deaths);
    // The tasks that ran next to it at its first death were retried once.
    expect(report.attempts).toBeLessThan(JOBS + deaths + 10 + 10);
  },
);

test("an object that kills every consumer that reads it is an ignored upload, and its neighbours are done", async () => {
  const report = await chaos.run({ ...PLAN, faultRate: 0, poison: "head inbox/j3.jpg" });
  // The object has no job, and is an ignored upload with its reason. Its event is then acknowledged, so there is no dead letter.
  expect(report).toMatchObject({ ...GUILTLESS, ignored: 1, completed: JOBS - 1, failed: {}, dead_letters: 0 });
  // It dies once next to others, before it is suspected, and three times alone.
  expect(report.deaths).toBe(4);
});

const SABOTAGES = [
  ["forgets_commits", "lost"],
  ["asks_twice", "double_billed"],
  ["stores_half", "wrong_result"],
] as const;

test.each(SABOTAGES)("a door that %s is found out as %s", async (sabotage, verdict) => {
  // With few jobs, a door may have nothing to spoil.
  const report = await chaos.run({ ...PLAN, jobs: Math.max(JOBS, 30), faultRate: 0, sabotage });
  expect(report[verdict]).toBeGreaterThan(0);
  expect(report.findings[0]).toMatchObject({ type: verdict });
});

test.each([
  [["--jobs", "0"], "--jobs is '0'"],
  [["--jobs", "ten"], "--jobs is 'ten'"],
  [["--fault-rate", "2"], "--fault-rate is '2'"],
  [["--seed", "-1"], "seed"],
  [["--only", "video"], "--only is 'video'"],
  [["--joobs", "1"], "--joobs"],
])("%j is refused", (args, message) => {
  expect(parseCommand(args)).toMatchObject({ message: expect.stringContaining(message) });
});
