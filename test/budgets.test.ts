// Budgets during work: they are never exceeded, hold tasks until the reset, and release them after a change.
import { expect, test } from "vitest";

import { budgeting, near, picture, PICTURE_NEURONS } from "./budgeting.ts";
import { KEYS, startDarkroom, until } from "./harness.ts";

const darkroom = startDarkroom();
const { setBudget, budgets, callsOf, states, hurry } = budgeting(darkroom);
const DAY_MS = 86_400_000;

/** Wait until no task runs. Tasks that wait for running calls are made due. */
async function untilStates(wanted: Record<string, number>): Promise<void> {
  await until(
    async () => {
      const now = await states();
      if (now["budget_reserved"] !== undefined) await hurry("budget_reserved");
      return now;
    },
    (now) => {
      const names = new Set([...Object.keys(now), ...Object.keys(wanted)]);
      return [...names].every((name) => now[name] === wanted[name]);
    },
    90_000,
  );
}

/** Let a period pass: move the spending this many days back, and make tasks due that wait for the reset. */
async function pass(days: number): Promise<void> {
  await darkroom.bindings().DB.prepare("UPDATE usage_days SET day = day - ?1").bind(days).run();
  await hurry("budget_used");
}

test("of 200 tasks that race for a budget of 50 calls, exactly 50 make theirs; the others are held and continue after each reset", async () => {
  await setBudget("operator/day", 50 * PICTURE_NEURONS);
  for (const half of [0, 1]) {
    const jobs = Array.from({ length: 100 }, (_, index) => picture(`race-${half}-${index}`));
    expect((await darkroom.post("/v1/jobs/batch", { jobs })).status).toBe(200);
  }
  await untilStates({ completed: 50, budget_used: 150 });
  expect(await callsOf("race-")).toBe(50);
  expect(await budgets()).toMatchObject([
    {
      ownerId: "operator",
      spentNeurons: near(8640),
      reservedNeurons: 0,
      share: near(1),
    },
  ]);
  const { results } = await darkroom
    .bindings()
    .DB.prepare("SELECT scheduled_at AS at FROM tasks WHERE state = 'retryable'")
    .all<{ at: number }>();
  const midnight = Math.ceil(Date.now() / DAY_MS) * DAY_MS;
  expect(results.filter(({ at }) => at < midnight || at > midnight + 5 * 60_000)).toEqual([]);
  for (const done of [100, 150, 200]) {
    await pass(1);
    await untilStates(done === 200 ? { completed: 200 } : { completed: done, budget_used: 200 - done });
    expect(await callsOf("race-")).toBe(done);
  }
});

test("a monthly budget holds until the first of the next month, however long that is", async () => {
  await setBudget("operator/month", PICTURE_NEURONS);
  const first = await darkroom.submit(picture("month-1"));
  await darkroom.untilJob(first.id);
  const second = await darkroom.submit(picture("month-2"));
  const held = await darkroom.untilJob(second.id, ({ waiting }) => waiting?.code === "budget_used");
  const now = new Date();
  const reset = Date.UTC(now.getUTCFullYear(), now.getUTCMonth() + 1);
  expect(Date.parse(held.waiting!.until!) - reset).toBeGreaterThanOrEqual(0);
  expect(Date.parse(held.waiting!.until!) - reset).toBeLessThanOrEqual(5 * 60_000);
  expect(held.waiting!.message).toMatch(
    /^The owner's monthly budget is used up \(172\.8 of 172\.8 neurons\), .* UTC\.$/,
  );
  // A task may wait at most a week for anything else.
  await darkroom
    .bindings()
    .DB.prepare("UPDATE tasks SET created_at = created_at - ?1")
    .bind(20 * DAY_MS)
    .run();
  await hurry("budget_used");
  await until(
    () => darkroom.readJob(second.id),
    ({ attempts }) => attempts.length === 2,
  );
  expect((await darkroom.readJob(second.id)).waiting?.code).toBe("budget_used");
  // The wait does not count against that week if the task then waits for capacity.
  const { DB } = darkroom.bindings();
  const countedFrom = await DB.prepare("SELECT created_at AS at FROM tasks WHERE state = 'retryable'").first<number>(
    "at",
  );
  expect(countedFrom).toBeGreaterThanOrEqual(reset);
  await pass(31);
  expect((await darkroom.untilJob(second.id)).state).toBe("completed");
});

test("a budget of the account holds every owner, and shows no owner what others have spent", async () => {
  await setBudget("account/day", PICTURE_NEURONS);
  await darkroom.untilJob((await darkroom.submit(picture("account-1"))).id);
  const { id } = await darkroom.submit(picture("account-2"), KEYS.other);
  const held = await darkroom.untilJob(id, ({ waiting }) => waiting?.code === "budget_used", KEYS.other);
  expect(held.waiting!.message).toContain("The account's daily budget is used up, and the next call would cost 172.8");
  expect(held.waiting!.message).not.toContain("of 172.8");
  expect(await (await darkroom.api("/v1/budgets", { key: KEYS.other })).json()).toEqual({ budgets: [] });
});

test("urgent jobs may exceed only a budget that allows it", async () => {
  await setBudget("operator/day", PICTURE_NEURONS);
  await darkroom.untilJob((await darkroom.submit(picture("urgent-1"))).id);
  const urgent = await darkroom.submit(picture("urgent-2", { priority: "high" }));
  await darkroom.untilJob(urgent.id, ({ waiting }) => waiting?.code === "budget_used");
  const normal = await darkroom.submit(picture("urgent-3"));
  await darkroom.untilJob(normal.id, ({ waiting }) => waiting?.code === "budget_used");
  await setBudget("operator/day", PICTURE_NEURONS, { letsHighThrough: true });
  expect((await darkroom.untilJob(urgent.id)).state).toBe("completed");
  await darkroom.untilJob(
    normal.id,
    ({ attempts, waiting }) => attempts.length === 2 && waiting?.code === "budget_used",
  );
  const [budget] = await budgets();
  expect(budget).toMatchObject({ letsHighThrough: true, remainingNeurons: 0, share: near(2) });
});

test("raising or removing a budget releases at once the tasks that it held", async () => {
  await setBudget("operator/day", PICTURE_NEURONS);
  await darkroom.untilJob((await darkroom.submit(picture("edit-1"))).id);
  const ids = await Promise.all([2, 3].map(async (n) => (await darkroom.submit(picture(`edit-${n}`))).id));
  for (const id of ids) await darkroom.untilJob(id, ({ waiting }) => waiting?.code === "budget_used");
  await setBudget("operator/day", 2 * PICTURE_NEURONS);
  await untilStates({ completed: 2, budget_used: 1 });
  expect((await darkroom.api("/v1/budgets/operator/day", { method: "DELETE" })).status).toBe(204);
  await untilStates({ completed: 3 });
  expect((await darkroom.api("/v1/budgets/operator/day", { method: "DELETE" })).status).toBe(404);
});

test("a task that is refused by a budget that was just removed is released by maintenance", async () => {
  await setBudget("operator/day", PICTURE_NEURONS);
  await darkroom.untilJob((await darkroom.submit(picture("straggler-1"))).id);
  const { id } = await darkroom.submit(picture("straggler-2"));
  await darkroom.untilJob(id, ({ waiting }) => waiting?.code === "budget_used");
  const { DB } = darkroom.bindings();
  const held = await DB.prepare("SELECT scheduled_at, check_at FROM tasks WHERE state = 'retryable'").first<
    Record<string, number>
  >();
  await darkroom.api("/v1/budgets/operator/day", { method: "DELETE" });
  await darkroom.untilJob(id);
  // This is the state in which the settlement came after the edit.
  const other = await darkroom.submit(picture("straggler-3"));
  await darkroom.untilJob(other.id);
  await DB.batch([
    DB.prepare("UPDATE jobs SET state = 'running', finalized_at = NULL WHERE id = ?1").bind(other.id),
    DB.prepare(
      "UPDATE tasks SET state = 'retryable', finalized_at = NULL, scheduled_at = ?2, check_at = ?3, held_by = 'budget_used' WHERE job_id = ?1",
    ).bind(other.id, held!["scheduled_at"], held!["check_at"]),
    DB.prepare("UPDATE attempts SET outcome = 'snooze', error_code = 'budget_used' WHERE task_id LIKE ?1 || '%'").bind(
      other.id,
    ),
  ]);
  await darkroom.maintain();
  expect((await darkroom.untilJob(other.id)).state).toBe("completed");
  await darkroom.maintain(new Date(Date.now() + 5 * 60_000));
  expect(await DB.prepare("SELECT count(*) AS n FROM releases").first("n")).toBe(0);
});

test("a call that costs more than a whole budget is discarded, because no reset would help", async () => {
  await setBudget("operator/day", PICTURE_NEURONS - 1);
  const { id } = await darkroom.submit(picture("dear"));
  expect(await darkroom.untilJob(id)).toMatchObject({ state: "failed", error: { code: "exceeds_budget" } });
  expect(await callsOf("dear")).toBe(0);
});
