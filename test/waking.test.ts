// How often consumers are woken while a model is asked as often as it allows (bench/growth/waking.ts).
import { expect, test } from "vitest";

import { sqliteD1 } from "../bench/growth/sqlite-d1.ts";
import { simulateWaking } from "../bench/growth/waking.ts";
import { MINUTE_MS } from "../shared/durations.ts";
import { insertJobs } from "../shared/db/jobs/jobs.ts";
import { takeDueTasks } from "../shared/db/jobs/maintenance.ts";
import { takeSlots } from "../shared/db/tasks/wake-slots.ts";
import { newJob } from "../shared/jobs/new-job.ts";
import { DEFAULT_TERMS } from "../shared/jobs/terms.ts";
import { migratedDatabase } from "./migrated.ts";

const LABELS = "@cf/huggingface/distilbert-sst-2-int8";

test.each([
  ["in requests of a hundred jobs", 100],
  ["in requests of three jobs", 3],
])("a backlog of ten minutes, submitted %s, takes few more messages than tasks", async (_, jobsARequest) => {
  const found = await simulateWaking({ tasks: 600, owners: 30, callsAMinute: 60, jobsARequest });
  expect(found.deliveriesPerTask).toBeLessThan(1.5);
  expect(found.emptyLeases).toBeLessThan(0.3);
  expect(found.worstWaitRatio).toBeLessThanOrEqual(2);
  expect(found.timeRatio).toBeLessThan(1.1);
});

test("messages that are lost are sent again", async () => {
  const found = await simulateWaking({ tasks: 300, owners: 3, callsAMinute: 60, jobsARequest: 100, lostShare: 0.5 });
  expect(found.timeRatio).toBeLessThan(4);
});

test("messages count as under way only while their model is leased, even if jobs keep coming", async () => {
  const START = Date.UTC(2030, 0, 1);
  const database = await migratedDatabase();
  const file = sqliteD1(database);
  const callsAMinute = { [LABELS]: 10 };
  const submit = async (from: number, count: number, now: number) => {
    const jobs = Array.from({ length: count }, (_, index) =>
      newJob(
        { kind: "classification", input: { text: `${from + index}`, options: { topK: 1, minScore: 0 } } },
        { ...DEFAULT_TERMS, reuse: false },
        { id: `job_${from + index}`, ownerId: "owner", createdAt: now },
      ),
    );
    const made = await Promise.all(jobs);
    await insertJobs(file, { jobs: made, uploads: [] }, now);
    const slots = await takeSlots(
      file,
      made.map(({ taskId }) => taskId),
      { now, callsAMinute },
    );
    return Math.max(...slots) - now;
  };
  // These messages of an hour are lost.
  await submit(0, 600, START);
  const waits = [];
  for (let minute = 1; minute <= 6; minute += 1) {
    waits.push(await submit(600 + minute, 1, START + minute * MINUTE_MS));
  }
  expect(Math.max(...waits.slice(2))).toBeLessThanOrEqual(MINUTE_MS);
  // Ten calls are on their way at most, and maintenance wakes the others.
  const now = START + 6 * MINUTE_MS;
  const woken = await takeDueTasks(file, { now, graceMs: MINUTE_MS, limit: 100, callsAMinute });
  expect(woken.length).toBeGreaterThanOrEqual(90);
});
