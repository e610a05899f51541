// The platform's refusal of the account: after one, nothing is asked of any model until it counts anew.
import { expect, test } from "vitest";

import type { Load } from "../producer/views/queues.ts";
import { callGate, gated } from "../consumer/call-gate.ts";
import type { ModelRunner } from "../shared/ai/run-model.ts";
import { settleTasks } from "../shared/db/settle.ts";
import type { Task } from "../shared/task.ts";
import { msUntilNext } from "../shared/db/leases.ts";
import { startDarkroom, until } from "./harness.ts";
import { startReceiver } from "./receiver.ts";

const darkroom = startDarkroom();

const text = (words: string) => ({ kind: "classification", text: words, reuse: false });

async function load(): Promise<Load> {
  return (await darkroom.api("/v1/queues")).json<Load>();
}

async function callsOf(name: string): Promise<number> {
  const { calls } = await darkroom.modelCalls();
  return Object.entries(calls).reduce((sum, [script, count]) => sum + (script.includes(name) ? count : 0), 0);
}

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
    // Nothing to ring for either, and messages that come all the same take nothing.
    await darkroom.bindings().TASKS.send({ v: 1, taskId: "any" });
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
    const logged = darkroom.logs().map(({ message }) => message);
    expect(logged.filter((line) => line.includes('"account.held"')).length).toBeGreaterThan(0);

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

test("of a batch that is under way, no call begins after the refusal, also where only a second opinion was refused", async () => {
  const { DB } = darkroom.bindings();
  const gate = callGate(DB);
  const asked: string[] = [];
  const models: ModelRunner = {
    async run(model) {
      asked.push(model);
      throw new Error("4006: you have used up your daily free allocation");
    },
  };
  const task = { isBudgeted: false } as Task;
  await expect(gated(models, gate, task).run("first", {}, {})).rejects.toThrow("4006");
  await expect(gated(models, gate, task).run("second", {}, {})).rejects.toThrow("4006");
  expect(asked).toEqual(["first"]);
  expect(gate.hold).toMatchObject({ code: "daily_allocation_used" });
  // What settles for the batch writes it down, whatever became of its tasks.
  const settled = await settleTasks(DB, [], { now: Date.now(), ringGraceMs: 0, hold: gate.hold ?? undefined });
  expect(settled.heldUntil).toBe(gate.hold!.until);
  expect((await load()).hold).not.toBeNull();
});

test("what asks no model goes on: webhooks are delivered", async () => {
  const receiver = await startReceiver();
  try {
    await darkroom.post("/v1/webhooks", { url: `${receiver.url}/held`, events: ["job.cancelled"] });
    await refuse("error:4006x1 webhook");
    const { id } = await darkroom.submit(text("cancelled while held"));
    await darkroom.api(`/v1/jobs/${id}`, { method: "DELETE" });
    expect(await receiver.untilReceived("/held", 1)).toHaveLength(1);
  } finally {
    await receiver.close();
  }
});

test("the operator lets the account go: what was held runs at once, and the act is written down", async () => {
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
