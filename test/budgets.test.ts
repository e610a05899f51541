// Budgets under work: never exceeded, held until the reset, let go by an edit; and what one job may cost.
import { expect, test } from "vitest";

import { insertJobs } from "../shared/db/jobs.ts";
import { leaseTasks } from "../shared/db/leases.ts";
import { reserveDirect, settleDirect } from "../shared/db/direct-calls.ts";
import { reserveCalls } from "../shared/db/reservations.ts";
import { sentCall } from "../shared/ai/model-call.ts";
import { JobWork, newJob } from "../shared/new-job.ts";
import { DEFAULT_TERMS, type JobTerms } from "../shared/terms.ts";
import type { Budget } from "../producer/views/budget.ts";
import { KEYS, startDarkroom, until } from "./harness.ts";
import { speech } from "./speech.ts";

const darkroom = startDarkroom();
const DAY_MS = 86_400_000;
const LATER = 1_900_000_000_000;
const FLUX = "@cf/black-forest-labs/flux-1-schnell";
/** A picture of 1024 × 1024 in four steps by the catalogue, which stands where a script says `unpriced`. */
const PICTURE_NEURONS = 172.8;
const UNITS = { pictures: 1, tiles: 4, steps: 4 };

/** Sums of binary fractions. */
const near = (neurons: number) => expect.closeTo(neurons, 6) as number;

async function setBudget(path: string, neurons: number, more: object = {}): Promise<void> {
  const body = JSON.stringify({ neurons, ...more });
  const response = await darkroom.api(`/v1/budgets/${path}`, { method: "PUT", body });
  if (!response.ok) throw new Error(await response.text());
}

async function budgets(): Promise<readonly Budget[]> {
  return (await (await darkroom.api("/v1/budgets")).json<{ budgets: Budget[] }>()).budgets;
}

const picture = (name: string, more: object = {}) => ({
  kind: "image_generation",
  prompt: `unpriced ${name}`,
  reuse: false,
  ...more,
});

/** How often a picture whose prompt holds this was asked for. */
async function callsOf(name: string): Promise<number> {
  const { calls } = await darkroom.modelCalls();
  return Object.entries(calls).reduce((sum, [script, count]) => sum + (script.includes(name) ? count : 0), 0);
}

async function states(): Promise<Record<string, number>> {
  const { results } = await darkroom
    .bindings()
    .DB.prepare(
      `SELECT CASE WHEN j.finalized_at IS NOT NULL THEN j.state ELSE coalesce(
                (SELECT error_code FROM attempts a JOIN tasks t ON t.id = a.task_id AND t.attempt = a.number AND t.state = 'retryable'
                  WHERE t.job_id = j.id), j.state) END AS state, count(*) AS n FROM jobs j GROUP BY 1`,
    )
    .all<{ state: string; n: number }>();
  return Object.fromEntries(results.map(({ state, n }) => [state, n]));
}

/** Wait until nothing is under way any more: what waits for calls under way is hurried on. */
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

/** The moment that tasks held with this code wait for has come. */
async function hurry(code: string): Promise<void> {
  await darkroom
    .bindings()
    .DB.prepare(
      `UPDATE tasks SET scheduled_at = 0, check_at = 0 WHERE state = 'retryable' AND EXISTS (
         SELECT 1 FROM attempts a WHERE a.task_id = tasks.id AND a.number = tasks.attempt AND a.error_code = ?1)`,
    )
    .bind(code)
    .run();
  await darkroom.maintain();
}

/** A period has passed: what was spent so many days ago, and what waits for the reset is due. */
async function pass(days: number): Promise<void> {
  await darkroom.bindings().DB.prepare("UPDATE usage_days SET day = day - ?1").bind(days).run();
  await hurry("budget_used");
}

async function insert(id: string, terms: Partial<JobTerms> = {}, createdAt = LATER): Promise<void> {
  const work = JobWork.parse({ kind: "image_generation", input: { prompt: `unpriced ${id}`, options: {} } });
  const job = await newJob(
    work,
    { ...DEFAULT_TERMS, ...terms, reuse: false },
    { id, ownerId: "operator", createdAt, ringGraceMs: 1e12 },
  );
  await insertJobs(darkroom.bindings().DB, { jobs: [job], uploads: [] }, { now: createdAt, ringGraceMs: 1e12 });
}

function leaseAll(limit: number, now = LATER + 60_000) {
  const lease = { id: crypto.randomUUID(), now, leaseMs: 1e9, limit, callsAMinute: {} };
  return leaseTasks(darkroom.bindings().DB, lease);
}

test("of 200 tasks that race for a budget of 50 calls, 50 are made; the others are held and go on after each reset", async () => {
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

test("reservations made at the same moment never exceed a budget together, whichever of two is the smaller", async () => {
  for (let index = 0; index < 60; index += 1) await insert(`job_r${index}`);
  await setBudget("operator/month", 1000 * PICTURE_NEURONS);
  await setBudget("account/day", 25 * PICTURE_NEURONS);
  const { DB } = darkroom.bindings();
  const tasks = await leaseAll(100);
  const call = sentCall(FLUX, UNITS);
  const refusals = await Promise.all(
    tasks.map(async ({ id: taskId, leaseId }) => reserveCalls(DB, [{ taskId, leaseId, number: 1, call }], LATER)),
  );
  expect(refusals.flat().filter((refusal) => refusal === null)).toHaveLength(25);
  await setBudget("operator/month", 30 * PICTURE_NEURONS);
  await setBudget("account/day", 1000 * PICTURE_NEURONS);
  const again = tasks.map(({ id: taskId, leaseId }) => ({ taskId, leaseId, number: 2, call }));
  const halves = await Promise.all([
    reserveCalls(DB, again.slice(0, 30), LATER),
    reserveCalls(DB, again.slice(30), LATER),
  ]);
  expect(halves.flat().filter((refusal) => refusal === null)).toHaveLength(5);
  // Asked again, as after a lost answer: what was set aside is not set aside twice.
  const repeated = await reserveCalls(DB, again, LATER);
  expect(repeated.filter((refusal) => refusal === null)).toHaveLength(5);
  expect(await DB.prepare("SELECT count(*) AS n FROM reservations").first("n")).toBe(30);
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
  // A week is what anything else may wait.
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
  await pass(31);
  expect((await darkroom.untilJob(second.id)).state).toBe("completed");
});

test("a budget of the account holds every owner, and tells none what others have spent", async () => {
  await setBudget("account/day", PICTURE_NEURONS);
  await darkroom.untilJob((await darkroom.submit(picture("account-1"))).id);
  const { id } = await darkroom.submit(picture("account-2"), KEYS.other);
  const held = await darkroom.untilJob(id, ({ waiting }) => waiting?.code === "budget_used", KEYS.other);
  expect(held.waiting!.message).toContain("The account's daily budget is used up, and the next call would cost 172.8");
  expect(held.waiting!.message).not.toContain("of 172.8");
  expect(await (await darkroom.api("/v1/budgets", { key: KEYS.other })).json()).toEqual({ budgets: [] });
});

test("urgent jobs are let through where the budget says so, and only there", async () => {
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

test("raising a budget or lifting it lets go at once what it held", async () => {
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

test("what is refused by a budget that was just lifted is let go by maintenance", async () => {
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
  // As if its settlement had come after the edit.
  const other = await darkroom.submit(picture("straggler-3"));
  await darkroom.untilJob(other.id);
  await DB.batch([
    DB.prepare("UPDATE jobs SET state = 'running', finalized_at = NULL WHERE id = ?1").bind(other.id),
    DB.prepare(
      "UPDATE tasks SET state = 'retryable', finalized_at = NULL, scheduled_at = ?2, check_at = ?3 WHERE job_id = ?1",
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

test("a call dearer than a whole budget is given up on: no reset would help", async () => {
  await setBudget("operator/day", PICTURE_NEURONS - 1);
  const { id } = await darkroom.submit(picture("dear"));
  expect(await darkroom.untilJob(id)).toMatchObject({ state: "failed", error: { code: "exceeds_budget" } });
  expect(await callsOf("dear")).toBe(0);
});

test("what a consumer had set aside when it died is spent, unless its result is found: then that says what it cost", async () => {
  await setBudget("operator/day", 10 * PICTURE_NEURONS);
  const { DB } = darkroom.bindings();
  const call = sentCall(FLUX, UNITS);
  const past = Date.now() - 10_000;
  await insert("job_dies", {}, past);
  const lease = { id: "dying", now: past, leaseMs: 1, limit: 1, callsAMinute: {} };
  const [task] = await leaseTasks(DB, lease);
  expect(task).toMatchObject({ jobId: "job_dies", isBudgeted: true });
  expect(await reserveCalls(DB, [{ taskId: task!.id, leaseId: "dying", number: 1, call }], Date.now())).toEqual([null]);
  expect(await budgets()).toMatchObject([{ spentNeurons: 0, reservedNeurons: near(PICTURE_NEURONS) }]);
  await darkroom.maintain();
  const job = await darkroom.untilJob("job_dies");
  expect(job.attempts.map(({ outcome, neurons }) => [outcome, neurons])).toEqual([
    ["lost", near(PICTURE_NEURONS)],
    ["completed", near(PICTURE_NEURONS)],
  ]);
  expect(job.attempts[0]!.calls).toMatchObject([{ model: FLUX, engine: null, isEstimated: true }]);
  expect(await budgets()).toMatchObject([{ spentNeurons: near(2 * PICTURE_NEURONS), reservedNeurons: 0 }]);

  // As if the consumer had died after its last write to R2: nothing of the settlement is there.
  const taskId = "job_dies.generate_image";
  await DB.batch([
    DB.prepare("DELETE FROM attempts WHERE number = 2"),
    DB.prepare("DELETE FROM usage_days"),
    DB.prepare("UPDATE jobs SET state = 'running', finalized_at = NULL"),
    DB.prepare(
      "UPDATE tasks SET state = 'running', finalized_at = NULL, lease_id = 'dead', leased_at = unixepoch() * 1000, check_at = 2, scheduled_at = 1",
    ),
    DB.prepare(
      "INSERT INTO reservations (owner_id, task_id, attempt, number, job_id, kind, neurons, call, made_at) VALUES ('operator', ?1, 2, 1, 'job_dies', 'image_generation', 172.8, ?2, ?3)",
    ).bind(taskId, JSON.stringify(call), Date.now()),
  ]);
  await darkroom.maintain();
  const recalled = await darkroom.untilJob("job_dies");
  expect(recalled.attempts.map(({ outcome, neurons }) => [outcome, neurons])).toEqual([
    ["lost", near(PICTURE_NEURONS)],
    ["lost", null],
    ["completed", near(PICTURE_NEURONS)],
  ]);
  expect(recalled.attempts[2]!.calls).toMatchObject([{ recalledFrom: 2 }]);
  expect(await callsOf("job_dies")).toBe(1);
  expect(await budgets()).toMatchObject([{ spentNeurons: near(PICTURE_NEURONS), reservedNeurons: 0 }]);
});

test("a job that was cancelled in the middle of a call gives back what its call did not cost, and nothing is left set aside", async () => {
  await setBudget("operator/day", 10 * PICTURE_NEURONS);
  const { id } = await darkroom.submit(picture("sleep:20000 cancelled"));
  await until(budgets, ([budget]) => budget!.reservedNeurons > 0);
  await darkroom.api(`/v1/jobs/${id}`, { method: "DELETE" });
  const [budget] = await until(budgets, ([now]) => now!.reservedNeurons === 0);
  expect(budget!.spentNeurons).toBeCloseTo(PICTURE_NEURONS, 6);
});

test("a request's own calls count against budgets, and one that dies does not hold them for ever", async () => {
  await setBudget("operator/day", 2 * PICTURE_NEURONS);
  const { DB } = darkroom.bindings();
  const asked = { ownerId: "operator", kind: "ask", calls: [sentCall(FLUX, UNITS)], now: Date.now() } as const;
  const [first, second, third] = [
    await reserveDirect(DB, asked),
    await reserveDirect(DB, asked),
    await reserveDirect(DB, asked),
  ];
  expect([first.ok, second.ok]).toEqual([true, true]);
  expect(third).toMatchObject({ ok: false, refusal: { type: "wait", failure: { code: "budget_reserved" } } });
  const settled = {
    ownerId: "operator",
    kind: "ask",
    calls: [{ ...asked.calls[0], neurons: 1.5 }],
    at: Date.now(),
  } as const;
  // Twice, as after a lost answer.
  for (let time = 0; time < 2; time += 1)
    await settleDirect(DB, "id" in first ? first.id : "", settled, { ringGraceMs: 0 });
  expect(await budgets()).toMatchObject([{ spentNeurons: 1.5, reservedNeurons: near(PICTURE_NEURONS) }]);
  await darkroom.maintain(new Date(Date.now() + 30 * 60_000));
  expect(await budgets()).toMatchObject([{ spentNeurons: near(1.5 + PICTURE_NEURONS), reservedNeurons: 0 }]);
  await setBudget("operator/day", 3 * PICTURE_NEURONS);
  expect(await reserveDirect(DB, asked)).toMatchObject({ ok: true });
  await setBudget("operator/day", PICTURE_NEURONS);
  expect(await reserveDirect(DB, asked)).toMatchObject({
    ok: false,
    refusal: { type: "hold", failure: { code: "budget_used" } },
  });
});

test("a recording stops where its job's maxNeurons are spent, and keeps the rest with its gaps", async () => {
  const said = Array.from({ length: 600 }, (_, index) => (index % 20 === 0 ? "unpriced" : `c${index}`));
  // Five chunks of a minute and their overlaps, at 46.63 neurons a minute: two of them fit.
  const id = (await darkroom.upload({ name: "long.wav", reuse: "false", maxNeurons: "120" }, speech(said.join(" "))))
    .id;
  await until(
    async () => {
      await hurry("budget_reserved");
      return darkroom.readJob(id);
    },
    ({ state }) => state === "failed",
    90_000,
  );
  const job = await darkroom.readJob(id);
  expect(job).toMatchObject({ terms: { maxNeurons: 120 }, error: { code: "max_neurons_reached" } });
  const spent = job.attempts.reduce((sum, { neurons }) => sum + (neurons ?? 0), 0);
  expect(spent).toBeGreaterThan(60);
  expect(spent).toBeLessThanOrEqual(120);
  const transcript = await (
    await darkroom.api(`/v1/jobs/${id}/transcript`)
  ).json<{ text: string; gaps: { reason: string }[] }>();
  expect(transcript.gaps.length).toBeGreaterThan(0);
  expect(new Set(transcript.gaps.map(({ reason }) => reason))).toEqual(new Set(["max_neurons_reached"]));
  expect(transcript.text).toContain("c1 ");
});

test("a second opinion that may not be paid for is not had, and the first one stands", async () => {
  const job = await darkroom.submit({ kind: "classification", text: "x" });
  await darkroom.untilJob(job.id);
  // One call of three and a half seconds costs 2.7.
  const heard = await darkroom.upload({ name: "loopy.wav", maxNeurons: "4" }, speech("unpriced loopy a b c d e"));
  const ended = await darkroom.untilJob(heard.id);
  expect(ended.state).toBe("completed");
  expect(ended.attempts[0]!.calls).toHaveLength(1);
});
