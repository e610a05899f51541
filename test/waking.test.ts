// How often consumers are woken while a model is asked as often as it allows (bench/growth/waking.ts).
import { expect, test } from "vitest";

import { simulateWaking } from "../bench/growth/waking.ts";

test.each([
  ["in requests of a hundred jobs", 100],
  ["in requests of three jobs", 3],
])("a backlog of ten minutes, submitted %s, takes hardly more messages than tasks", async (_, jobsARequest) => {
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
