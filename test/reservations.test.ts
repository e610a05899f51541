// Neurons reserved for calls: at the same moment, by consumers that die, by requests, within the limit of one job.
import { expect, test } from "vitest";

import { sentCall } from "../shared/models/model-call.ts";
import { reserveDirect, settleDirect } from "../shared/db/cost/direct-calls.ts";
import { insertJobs } from "../shared/db/jobs/jobs.ts";
import { leaseTasks } from "../shared/db/tasks/leases.ts";
import { reserveCalls } from "../shared/db/cost/reservations.ts";
import { newJob } from "../shared/jobs/new-job.ts";
import { DEFAULT_TERMS } from "../shared/jobs/terms.ts";
import { budgeting, near, picture, PICTURE_NEURONS } from "./budgeting.ts";
import { startDarkroom, until } from "./harness.ts";
import { speech } from "./speech.ts";
import { JobWork } from "../shared/kinds/index.ts";

const darkroom = startDarkroom();
const { setBudget, budgets, callsOf, hurry } = budgeting(darkroom);
/** A time far ahead, at which the consumer next to these tests finds nothing due. */
const LATER = 1_900_000_000_000;
const FLUX = "@cf/black-forest-labs/flux-1-schnell";
const UNITS = { pictures: 1, tiles: 4, steps: 4 };

async function insert(id: string, createdAt = LATER): Promise<void> {
  const work = JobWork.parse({ kind: "image_generation", input: { prompt: `unpriced ${id}`, options: {} } });
  const job = await newJob(work, { ...DEFAULT_TERMS, reuse: false }, { id, ownerId: "operator", createdAt });
  await insertJobs(darkroom.bindings().DB, { jobs: [job], uploads: [] }, createdAt);
}

function leaseAll(limit: number, now = LATER + 60_000) {
  const lease = { id: crypto.randomUUID(), now, leaseMs: 1e9, limit, callsAMinute: {} };
  return leaseTasks(darkroom.bindings().DB, lease);
}

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
  // It is repeated, as after a lost answer. The same neurons are not reserved twice.
  const repeated = await reserveCalls(DB, again, LATER);
  expect(repeated.filter((refusal) => refusal === null)).toHaveLength(5);
  expect(await DB.prepare("SELECT count(*) AS n FROM reservations").first("n")).toBe(30);
});

test("what a consumer had reserved when it died counts as spent, unless its result is found, which has the real cost", async () => {
  await setBudget("operator/day", 10 * PICTURE_NEURONS);
  const { DB } = darkroom.bindings();
  const call = sentCall(FLUX, UNITS);
  const past = Date.now() - 10_000;
  await insert("job_dies", past);
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

  // This is the state after the consumer died following its last write to R2, without a settlement.
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
  const reused = await darkroom.untilJob("job_dies");
  expect(reused.attempts.map(({ outcome, neurons }) => [outcome, neurons])).toEqual([
    ["lost", near(PICTURE_NEURONS)],
    ["lost", null],
    ["completed", near(PICTURE_NEURONS)],
  ]);
  expect(reused.attempts[2]!.calls).toMatchObject([{ recalledFrom: 2 }]);
  expect(await callsOf("job_dies")).toBe(1);
  expect(await budgets()).toMatchObject([{ spentNeurons: near(PICTURE_NEURONS), reservedNeurons: 0 }]);
});

test("a job that was cancelled during a call gives back what the call did not cost, and nothing stays reserved", async () => {
  await setBudget("operator/day", 10 * PICTURE_NEURONS);
  const { id } = await darkroom.submit(picture("sleep:20000 cancelled"));
  await until(budgets, ([budget]) => budget!.reservedNeurons > 0);
  await darkroom.api(`/v1/jobs/${id}/cancel`, { method: "POST" });
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
  // It runs twice, as after a lost answer.
  for (let time = 0; time < 2; time += 1) await settleDirect(DB, "id" in first ? first.id : "", settled);
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
  // Of five chunks of a minute with their overlaps, at 46.63 neurons a minute, two fit.
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

test("a second opinion that the budget does not allow is left out, and the first answer is kept", async () => {
  // One call of three and a half seconds costs 2.7.
  const heard = await darkroom.upload({ name: "loopy.wav", maxNeurons: "4" }, speech("unpriced loopy a b c d e"));
  const ended = await darkroom.untilJob(heard.id);
  expect(ended.state).toBe("completed");
  expect(ended.attempts[0]!.calls).toHaveLength(1);
});
