// The events of budgets: each once a period, to endpoints and in the journal.
import { afterAll, beforeAll, beforeEach, expect, test } from "vitest";

import { KEYS, startDarkroom, until } from "./harness.ts";
import { startReceiver } from "./receiver.ts";

const darkroom = startDarkroom();
let receiver: Awaited<ReturnType<typeof startReceiver>>;
beforeAll(async () => {
  receiver = await startReceiver();
});
afterAll(() => receiver.close());

const PICTURE_NEURONS = 172.8;
let path = "";
beforeEach(async () => {
  path = `/news/${crypto.randomUUID()}`;
  await darkroom.post("/v1/webhooks", { url: receiver.url + path, events: ["budget.warning", "budget.exhausted"] });
});

type Told = { type: string; data: Record<string, unknown> };

async function told(count: number): Promise<Told[]> {
  return (await receiver.untilReceived(path, count)).map(({ body }) => JSON.parse(body) as Told);
}

async function setBudget(name: string, neurons: number): Promise<void> {
  const body = JSON.stringify({ neurons });
  expect((await darkroom.api(`/v1/budgets/${name}`, { method: "PUT", body })).status).toBe(200);
}

async function submitMany(count: number, name: string, key?: string): Promise<void> {
  const jobs = Array.from({ length: count }, (_, index) => ({
    kind: "image_generation",
    prompt: `unpriced ${name}-${index}`,
    reuse: false,
  }));
  expect((await darkroom.post("/v1/jobs/batch", { jobs }, key)).status).toBe(200);
}

async function completed(): Promise<number | null> {
  return darkroom.bindings().DB.prepare("SELECT count(*) AS n FROM jobs WHERE state = 'completed'").first<number>("n");
}

test("however many attempts settle at once, 80 % and the end are each reported once", async () => {
  await setBudget("operator/day", 20 * PICTURE_NEURONS);
  await submitMany(20, "news");
  await until(completed, (count) => count === 20);
  const events = await told(2);
  expect(events.map(({ type }) => type).toSorted()).toEqual(["budget.exhausted", "budget.warning"]);
  const warning = events.find(({ type }) => type === "budget.warning")!.data;
  expect(warning).toMatchObject({ ownerId: "operator", period: "day", neurons: 3456 });
  expect(warning["share"]).toBeGreaterThanOrEqual(0.8 - 1e-9);
  expect(warning["resetsAt"]).toMatch(/T00:00:00.000Z$/);
  const lines = darkroom.logs().map(({ message }) => message);
  for (const event of ["budget.warning", "budget.exhausted"]) {
    expect(lines.filter((line) => line.includes(`"event":"${event}"`))).toHaveLength(1);
  }

  // The next day, or for another amount on the same day, the event may be sent again.
  const { DB } = darkroom.bindings();
  await DB.batch([
    DB.prepare("UPDATE usage_days SET day = day - 1"),
    DB.prepare("UPDATE budgets SET warned_in = warned_in - 1, exhausted_in = exhausted_in - 1"),
  ]);
  await submitMany(16, "tomorrow");
  await until(completed, (count) => count === 36);
  expect((await told(3)).map(({ type }) => type).slice(2)).toEqual(["budget.warning"]);
  await setBudget("operator/day", 17 * PICTURE_NEURONS);
  await submitMany(1, "more");
  expect(
    (await told(5))
      .map(({ type }) => type)
      .slice(3)
      .toSorted(),
  ).toEqual(["budget.exhausted", "budget.warning"]);
});

test("a budget that holds a task is exhausted, although a little is left", async () => {
  await setBudget("operator/day", 1.5 * PICTURE_NEURONS);
  await submitMany(1, "little");
  await until(completed, (count) => count === 1);
  await submitMany(2, "too-much");
  const [event, ...more] = await told(1);
  expect(event).toMatchObject({
    type: "budget.exhausted",
    data: { spentNeurons: expect.closeTo(PICTURE_NEURONS, 6) as number },
  });
  expect(more).toEqual([]);
});

test("the operator gets the events of the account's budget, and each owner those of their own", async () => {
  const other = `/news/${crypto.randomUUID()}`;
  await darkroom.post("/v1/webhooks", { url: receiver.url + other }, KEYS.other);
  await setBudget("account/month", PICTURE_NEURONS);
  await setBudget("other/day", 1.2 * PICTURE_NEURONS);
  await submitMany(1, "theirs", KEYS.other);
  const events = await told(2);
  expect(events.map(({ type }) => type).toSorted()).toEqual(["budget.exhausted", "budget.warning"]);
  for (const { data } of events) expect(data).toMatchObject({ ownerId: null, period: "month" });
  const theirs = (await receiver.untilReceived(other, 2)).map(({ body }) => JSON.parse(body) as Told);
  expect(theirs.map(({ type }) => type).toSorted()).toEqual(["budget.warning", "job.completed"]);
  expect(theirs.find(({ type }) => type === "budget.warning")!.data["ownerId"]).toBe("other");
});
