// The platform's refusal of the account. After a refusal, no model is called until the platform's count starts again.
import { expect, test } from "vitest";

import type { Load } from "../producer/queues/schema.ts";
import type { SearchAnswer } from "../producer/search/schema.ts";
import { callGate, gated } from "../consumer/runner/call-gate.ts";
import { refusal } from "../shared/models/model-error.ts";
import type { ModelRunner } from "../shared/models/run-model.ts";
import { settleTasks } from "../shared/db/tasks/settle.ts";
import type { Task } from "../shared/jobs/task.ts";
import { msUntilNext } from "../shared/db/tasks/leases.ts";
import { KEYS, startDarkroom, until } from "./harness.ts";
import { startReceiver } from "./receiver.ts";
import { expectProblem } from "./redriving.ts";

const darkroom = startDarkroom();

const text = (words: string) => ({ kind: "classification", text: words, reuse: false });

async function load(): Promise<Load> {
  return (await darkroom.api("/v1/queues")).json<Load>();
}

async function callsOf(name: string): Promise<number> {
  const { calls } = await darkroom.modelCalls();
  return Object.entries(calls).reduce((sum, [script, count]) => sum + (script.includes(name) ? count : 0), 0);
}

const heldEvents = () => darkroom.logs().filter(({ message }) => message.includes('"account.held"'));

async function refuse(script: string): Promise<void> {
  await darkroom.submit({ kind: "image_generation", prompt: script });
  await until(load, ({ hold }) => hold !== null);
}

test.each(["3036", "4006"])(
  "after one %s, 20 queued jobs ask nothing more, and go on after midnight by themselves",
  async (code) => {
    await refuse(`error:${code}x1 first`);
    const ids: string[] = [];
    for (let index = 0; index < 20; index += 1) ids.push((await darkroom.submit(text(`held-${code} ${index}`))).id);
    await darkroom.maintain();
    // No task is woken, and messages that still arrive lease nothing.
    await darkroom.bindings().TASKS.send({ v: 1 });
    const { DB } = darkroom.bindings();
    expect(await msUntilNext(DB, { now: Date.now(), callsAMinute: {} })).toBeNull();
    await new Promise((resolve) => setTimeout(resolve, 1000));
    expect(await callsOf(`held-${code}`)).toBe(0);
    const job = await darkroom.readJob(ids[7]!);
    expect(job).toMatchObject({ state: "queued", attempts: [], waiting: { code: "daily_allocation_used" } });
    expect(job.waiting!.until).toMatch(/T00:[0-3]\d:/);
    expect(job.queue?.eta).toBeNull();
    const { hold, kinds } = await load();
    expect(hold).toMatchObject({ code: "daily_allocation_used", until: job.waiting!.until });
    expect(kinds.find(({ kind }) => kind === "classification")!.tasks).toMatchObject({ held: 20, waiting: 0 });
    expect(heldEvents().length).toBeGreaterThan(0);

    // Midnight has passed.
    await DB.batch([
      DB.prepare("UPDATE holds SET until = 1"),
      DB.prepare("UPDATE tasks SET scheduled_at = 0, check_at = 0 WHERE finalized_at IS NULL"),
    ]);
    await darkroom.maintain();
    for (const id of ids) expect((await darkroom.untilJob(id)).state).toBe("completed");
    expect(await callsOf(`held-${code}`)).toBe(20);
    expect((await load()).hold).toBeNull();
  },
);

test("no call of a running batch begins after the refusal, even if only a second opinion was refused", async () => {
  const { DB } = darkroom.bindings();
  const gate = callGate(DB);
  const asked: string[] = [];
  const models: ModelRunner = {
    async run(model) {
      asked.push(model);
      throw refusal(429, '{"internalCode":4006,"description":"you have used up your daily free allocation"}');
    },
  };
  const task = { isBudgeted: false } as Task;
  await expect(gated(models, gate, task).run("first", {}, {})).rejects.toThrow("4006");
  await expect(gated(models, gate, task).run("second", {}, {})).rejects.toThrow("4006");
  expect(asked).toEqual(["first"]);
  expect(gate.hold).toMatchObject({ code: "daily_allocation_used" });
  // The settlement of the batch records the hold, whatever the outcome of its tasks.
  const settled = await settleTasks(DB, [], { now: Date.now(), hold: gate.hold ?? undefined });
  expect(settled.heldUntil).toBe(gate.hold!.until);
  expect((await load()).hold).not.toBeNull();
});

test("tasks that ask no model continue: webhooks are delivered", async () => {
  const receiver = await startReceiver();
  try {
    await darkroom.post("/v1/webhooks", { url: `${receiver.url}/held`, events: ["job.cancelled"] });
    await refuse("error:4006x1 webhook");
    const { id } = await darkroom.submit(text("cancelled while held"));
    await darkroom.api(`/v1/jobs/${id}/cancel`, { method: "POST" });
    expect(await receiver.untilReceived("/held", 1)).toHaveLength(1);
  } finally {
    await receiver.close();
  }
});

test("the operator lifts the hold: the held tasks run at once, and the act is in the audit log", async () => {
  const refused = await darkroom.submit({ kind: "image_generation", prompt: "error:4006x1 lifted" });
  await until(load, ({ hold }) => hold !== null);
  const waiting = await darkroom.submit(text("lifted too"));
  for (let time = 0; time < 2; time += 1) {
    expect((await darkroom.api("/v1/queues/hold", { method: "DELETE" })).status).toBe(204);
  }
  expect((await darkroom.untilJob(refused.id)).state).toBe("completed");
  expect((await darkroom.untilJob(waiting.id)).state).toBe("completed");
  const { audit } = await (await darkroom.api("/v1/audit?act=hold.lift")).json<{ audit: { subject: string }[] }>();
  expect(audit).toMatchObject([{ subject: "account" }]);
});

/** Submit a text and wait until it is classified, so that questions about it are possible. */
async function textOf(key?: string): Promise<string> {
  const { id } = await darkroom.submit(text("the harbour opens at nine"), key);
  await darkroom.untilJob(id, ({ state }) => state === "completed", key);
  return id;
}

async function ask(id: string, question: string, { accept = "text/event-stream", key = KEYS.operator } = {}) {
  return darkroom.api(`/v1/jobs/${id}/ask`, {
    method: "POST",
    headers: { accept },
    body: JSON.stringify({ question }),
    key,
  });
}

test.each([
  ["3036", "text/event-stream"],
  ["4006", "application/json"],
])("a question refused with %s holds the account for everybody, as %s", async (code, accept) => {
  const eventsBefore = heldEvents().length;
  const [mine, theirs] = [await textOf(), await textOf(KEYS.other)];
  // Both are sent at once, before the first refusal is known.
  const first = await Promise.all(
    [1, 2, 3].map((nth) =>
      ask(mine, `then-sleep:300 then-error:${code}x1 held-by-question-${code} ${nth}`, { accept }),
    ),
  );
  for (const response of first) {
    await expectProblem(response, 429, "daily_allocation_used", /allocation of neurons is used up/);
  }
  const callsBefore = await callsOf(`held-by-question-${code}`);
  expect(callsBefore).toBeGreaterThan(0);
  const { hold } = await load();
  expect(hold).toMatchObject({ code: "daily_allocation_used" });
  expect(Date.parse(hold!.until)).toBeGreaterThan(Date.now());
  expect(heldEvents().length).toBeGreaterThan(eventsBefore);

  const [job, search] = [await darkroom.submit(text(`held-by-question-${code} job`)), `held-by-question-${code} words`];
  for (const [id, key] of [
    [mine, KEYS.operator],
    [theirs, KEYS.other],
  ] as const) {
    const response = await ask(id, `held-by-question-${code} again`, { accept, key });
    const retryAt = Date.now() + 1000 * Number(response.headers.get("retry-after"));
    expect(Math.abs(retryAt - Date.parse(hold!.until))).toBeLessThan(3000);
    await expectProblem(response, 429, "daily_allocation_used", /allocation of neurons is used up/);
  }
  const found = await (await darkroom.api(`/v1/search?q=${encodeURIComponent(search)}`)).json<SearchAnswer>();
  expect(found).toMatchObject({ engine: null, neurons: 0 });
  expect(found.degraded).toMatch(/allocation of neurons is used up/);
  expect((await darkroom.readJob(job.id)).waiting?.code).toBe("daily_allocation_used");
  expect(await callsOf(`held-by-question-${code}`)).toBe(callsBefore);

  await darkroom.api("/v1/queues/hold", { method: "DELETE" });
  expect((await darkroom.untilJob(job.id)).state).toBe("completed");
  expect((await ask(mine, `held-by-question-${code} lifted`, { accept })).status).toBe(200);
});

test("a search that is refused holds the account too, and finds by words", async () => {
  const response = await darkroom.api("/v1/search?q=held-by-search%20error:4006x1");
  expect([response.status, (await response.json<SearchAnswer>()).degraded]).toEqual([
    200,
    expect.stringContaining("did not answer"),
  ]);
  expect((await load()).hold).toMatchObject({ code: "daily_allocation_used" });
  await darkroom.api("/v1/search?q=held-by-search%20again");
  expect(await callsOf("held-by-search")).toBe(1);
});

test("a question that fails otherwise holds nothing", async () => {
  const response = await ask(await textOf(), "then-error:3040 held-by-nothing");
  await expectProblem(response, 503, "model_unavailable", /no free capacity/);
  expect((await load()).hold).toBeNull();
});
