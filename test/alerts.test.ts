// Alerts to the operator: one for each incident, and one when it is over.
import { afterAll, beforeAll, expect, test } from "vitest";

import { DATABASE_LIMIT_BYTES, signsOf } from "../shared/alerts/alert.ts";
import { DAY_MS, MINUTE_MS } from "../shared/durations.ts";
import { withDefaults } from "../shared/settings.ts";
import { deliverStrays, TAKEN_MS } from "../consumer/maintenance/deliver-strays.ts";
import { type Connections, createConnections, NoConnection, REMOTE_WAIT_MS } from "../shared/connections.ts";
import { LONGEST_SENDING_MS } from "../shared/webhooks/send.ts";
import { intakeOf } from "../shared/jobs/intake.ts";
import { watchCron, watchDeployment } from "../consumer/maintenance/watch-deployment.ts";
import { KEYS, startDarkroom, until } from "./harness.ts";
import { startReceiver } from "./receiver.ts";

const darkroom = startDarkroom();
let receiver: Awaited<ReturnType<typeof startReceiver>>;
beforeAll(async () => {
  receiver = await startReceiver();
});
afterAll(() => receiver.close());

interface Told {
  readonly type: string;
  readonly data: Record<string, unknown>;
}

/** Register a separate endpoint for each test. */
async function hook(events?: readonly string[], key = KEYS.operator) {
  const path = `/hook/${crypto.randomUUID()}`;
  const made = await darkroom.post("/v1/webhooks", { url: receiver.url + path, ...(events && { events }) }, key);
  expect(made.status).toBe(201);
  const { id } = await made.json<{ id: string }>();
  const bodies = () => receiver.received.filter((request) => request.path === path).map(({ body }) => body);
  return { id, path, told: () => bodies().map((body) => JSON.parse(body) as Told) };
}

const at = (ms: number) => darkroom.maintain(new Date(ms));

function deps() {
  const env = withDefaults(darkroom.bindings());
  return { ...intakeOf(env), allowInsecureWebhooks: true, connections: createConnections(), watchedQueues: {} };
}

test("a consumer's first batch looks after cron", async () => {
  const ops = await hook(["ops.cron_stopped"]);
  await darkroom
    .bindings()
    .DB.prepare("INSERT INTO cursors VALUES ('maintained', ?1)")
    .bind(String(Date.now() - 3_600_000))
    .run();
  const { id } = await darkroom.submit({ kind: "classification", text: "first" });
  await darkroom.untilJob(id);
  await until(
    async () => ops.told().length,
    (count) => count === 1,
  );
  expect(ops.told()).toMatchObject([{ type: "ops.cron_stopped" }]);
});

test("an old queue is reported once, and once more when it is worked off; other owners get no alert", async () => {
  const ops = await hook();
  const theirs = await hook(undefined, KEYS.other);
  await darkroom.post("/v1/queues/classification/pause", {});
  const { id } = await darkroom.submit({ kind: "classification", text: "old" });
  const now = Date.now();
  // A paused kind waits for the operator, who knows that.
  await at(now);
  await at(now + 9 * MINUTE_MS);
  await at(now + 18 * MINUTE_MS);
  expect(ops.told()).toEqual([]);
  await darkroom.bindings().DB.prepare("DELETE FROM pauses").run();
  await darkroom.bindings().DB.prepare("UPDATE tasks SET scheduled_at = ?1 - 960000").bind(now).run();
  await watchDeployment(deps(), now + 19 * MINUTE_MS);
  await watchDeployment(deps(), now + 20 * MINUTE_MS);
  await at(now + 21 * MINUTE_MS);
  await darkroom.untilJob(id);
  // No task may run when maintenance runs with a clock that is minutes ahead. It would take the task for lost, and run it again.
  await until(
    () =>
      darkroom.bindings().DB.prepare("SELECT count(*) AS n FROM tasks WHERE finalized_at IS NULL").first<number>("n"),
    (unfinished) => unfinished === 0,
  );
  await at(now + 22 * MINUTE_MS);
  await at(now + 23 * MINUTE_MS);
  const told = ops.told();
  expect(told).toMatchObject([
    { type: "ops.queue_growing", data: { queue: "tasks" } },
    { type: "job.completed" },
    { type: "ops.recovered", data: { alert: "ops.queue_growing", queue: "tasks" } },
  ]);
  expect(told[0]!.data["oldestAgeMs"]).toBeGreaterThanOrEqual(15 * MINUTE_MS);
  expect(told[0]!.data["incidentId"]).toBe(told[2]!.data["incidentId"]);
  expect(theirs.told()).toEqual([]);
  const lines = darkroom.logs().map(({ message }) => message);
  expect(lines.filter((line) => line.includes('"event":"alert.ended"'))).toHaveLength(1);
});

test("a burst of dead letters is an alert, whichever owners they belong to", async () => {
  const ops = await hook(["ops.dead_letters_burst", "ops.recovered"]);
  const now = Date.now();
  const letters = Array.from({ length: 170 }, (_, index) => ({ id: `dl_${index}`, owner: `owner${index % 3}` }));
  await darkroom
    .bindings()
    .DB.prepare(
      `INSERT INTO dead_letters (id, owner_id, queue, body, code, reason, created_at)
       SELECT value ->> 'id', value ->> 'owner', 'media-uploads', '{}', 'x', 'y', ?2 FROM json_each(?1)`,
    )
    .bind(JSON.stringify(letters), now - MINUTE_MS)
    .run();
  await at(now);
  await at(now + MINUTE_MS);
  await at(now + 9 * MINUTE_MS);
  await at(now + 15 * MINUTE_MS);
  await at(now + 16 * MINUTE_MS);
  expect(ops.told()).toMatchObject([
    { type: "ops.dead_letters_burst", data: { deadLetters: 170 } },
    { type: "ops.recovered", data: { alert: "ops.dead_letters_burst", deadLetters: 0 } },
  ]);
});

test("a budget of any owner that is nearly used up is reported to the operator until its period is over", async () => {
  // The day must not end before the second look at the budget.
  const leftMs = DAY_MS - (Date.now() % DAY_MS);
  if (leftMs < 1.5 * MINUTE_MS) await new Promise((resolve) => setTimeout(resolve, leftMs));
  const ops = await hook(["ops.budget_low", "ops.recovered"]);
  const body = JSON.stringify({ neurons: 180 });
  await darkroom.api("/v1/budgets/other/day", { method: "PUT", body });
  const { id } = await darkroom.submit({ kind: "image_generation", prompt: "unpriced dear" }, KEYS.other);
  await darkroom.untilJob(id, undefined, KEYS.other);
  const now = Date.now();
  await at(now);
  await at(now + MINUTE_MS);
  expect(ops.told()).toMatchObject([
    { type: "ops.budget_low", data: { ownerId: "other", period: "day", neurons: 180 } },
  ]);
  await at(now + 24 * 60 * MINUTE_MS);
  await at(now + 24 * 60 * MINUTE_MS + MINUTE_MS);
  expect(ops.told().slice(1)).toMatchObject([{ type: "ops.recovered", data: { alert: "ops.budget_low" } }]);
});

test("a database that fills up is reported, by the size that D1 itself gives", async () => {
  const { DB } = darkroom.bindings();
  const ops = await hook(["ops.database_filling", "ops.recovered"]);
  const size = (await DB.prepare("INSERT INTO cursors VALUES ('a', 'b')").run()).meta.size_after;
  expect(size).toBeGreaterThan(100_000);
  const now = Date.now();
  await watchDeployment({ ...deps(), databaseLimitBytes: size * 1.2 }, now);
  await watchDeployment({ ...deps(), databaseLimitBytes: size * 1.2 }, now + 1000);
  // Between the two thresholds nothing changes.
  await watchDeployment({ ...deps(), databaseLimitBytes: size * 1.3 }, now + 2000);
  await at(now + 3000);
  expect(ops.told()).toMatchObject([{ type: "ops.database_filling" }, { type: "ops.recovered" }]);
  expect(ops.told()[0]!.data["share"]).toBeGreaterThan(0.8);
  expect(DATABASE_LIMIT_BYTES).toBe(10_000_000_000);
});

test("a consumer reports that cron has stopped, and maintenance reports that it runs again", async () => {
  const ops = await hook(["ops.cron_stopped", "ops.recovered"]);
  const now = Date.now();
  await watchCron(deps(), now, { isAsked: true }); // maintenance never ran, so the wait begins now
  await watchCron(deps(), now + 9 * MINUTE_MS, { isAsked: true });
  expect(ops.told()).toEqual([]);
  await watchCron(deps(), now + 11 * MINUTE_MS, { isAsked: true });
  await watchCron(deps(), now + 16 * MINUTE_MS, { isAsked: true });
  expect(ops.told()).toMatchObject([{ type: "ops.cron_stopped", data: { silentMs: 11 * MINUTE_MS } }]);
  await at(now + 20 * MINUTE_MS);
  await at(now + 21 * MINUTE_MS);
  expect(ops.told().slice(1)).toMatchObject([
    { type: "ops.recovered", data: { alert: "ops.cron_stopped", silentMs: 20 * MINUTE_MS } },
  ]);
});

test("a stopped cron that no consumer noticed is reported when it runs again", async () => {
  const ops = await hook(["ops.cron_stopped", "ops.recovered"]);
  const now = Date.now();
  await at(now);
  await at(now + 60 * MINUTE_MS);
  expect(ops.told().map(({ type }) => type)).toEqual(["ops.cron_stopped", "ops.recovered"]);
});

test("an alert that the endpoint does not accept is sent again with the same id, and the log says so; 410 ends it", async () => {
  const ops = await hook(["ops.database_filling"]);
  receiver.answer({ status: 503, body: "not now" });
  const now = Date.now();
  const full = { ...deps(), databaseLimitBytes: 1000 };
  await watchDeployment(full, now);
  await at(now);
  const log = async () => {
    const answer = await darkroom.api(`/v1/webhooks/${ops.id}/deliveries`);
    return (await answer.json<{ deliveries: Record<string, unknown>[] }>()).deliveries;
  };
  expect(await log()).toMatchObject([
    { event: "ops.database_filling", jobId: null, state: "retrying", attempts: 1, response: { code: 503 } },
  ]);
  await at(now + 1000);
  expect(ops.told()).toHaveLength(1);
  await at(now + 60_000);
  expect(await log()).toMatchObject([{ state: "delivered", attempts: 2, nextAttemptAt: null }]);
  const ids = receiver.received.filter(({ path }) => path === ops.path).map(({ headers }) => headers["webhook-id"]);
  expect(new Set(ids).size).toBe(1);

  const gone = await hook(["ops.dead_letters_burst", "ops.database_filling"]);
  await darkroom.bindings().DB.prepare("DELETE FROM incidents").run();
  await darkroom.api(`/v1/webhooks/${ops.id}`, { method: "DELETE" });
  receiver.answer({ status: 410 });
  await watchDeployment(full, now + 80_000);
  await at(now + 80_000);
  const endpoint = await (await darkroom.api(`/v1/webhooks/${gone.id}`)).json<{ disabled: unknown }>();
  expect(endpoint.disabled).toMatchObject({ reason: "It answered 410 Gone." });
});

test("while an alert waits for a connection no other run sends it, and an alert that gets none is due again without a counted attempt", async () => {
  const ops = await hook(["ops.database_filling"]);
  const now = Date.now();
  await watchDeployment({ ...deps(), databaseLimitBytes: 1000 }, now);
  const read = () =>
    darkroom
      .bindings()
      .DB.prepare("SELECT attempts, next_attempt_at AS nextAttemptAt FROM webhook_deliveries")
      .first<{ attempts: number; nextAttemptAt: number | null }>();
  const never: Connections = { open: () => Promise.reject(new NoConnection()) };
  for (let run = 0; run < 10; run += 1) expect(await deliverStrays({ ...deps(), connections: never }, now)).toBe(0);
  expect(await read()).toMatchObject({ attempts: 0, nextAttemptAt: expect.toSatisfy((dueAt) => dueAt <= Date.now()) });
  expect(ops.told()).toEqual([]);

  // The connection comes as late as possible, and another run looks for due deliveries in the meantime.
  const late: Connections = {
    async open(to, connect) {
      expect(await deliverStrays(deps(), Date.now() + LONGEST_SENDING_MS)).toBe(0);
      return createConnections().open(to, connect);
    },
  };
  expect(await deliverStrays({ ...deps(), connections: late }, Date.now())).toBe(1);
  expect(await read()).toEqual({ attempts: 1, nextAttemptAt: null });
  expect(ops.told()).toHaveLength(1);
});

test("a delivery is taken for longer than a run of deliveries may last", () => {
  expect(LONGEST_SENDING_MS).toBeGreaterThan(REMOTE_WAIT_MS);
  expect(TAKEN_MS).toBeGreaterThan(60_000 + LONGEST_SENDING_MS);
});

test("a run that D1 ends gives back the deliveries that it has not sent", async () => {
  const ops = await hook(["ops.database_filling", "ops.dead_letters_burst"]);
  const now = Date.now();
  await watchDeployment({ ...deps(), databaseLimitBytes: 1000 }, now);
  const { DB } = darkroom.bindings();
  await DB.prepare(
    `INSERT INTO webhook_deliveries (id, owner_id, endpoint_id, signer, event, payload, created_at, next_attempt_at)
     SELECT 'whd_second', owner_id, endpoint_id, signer, event, payload, created_at + 1, next_attempt_at FROM webhook_deliveries`,
  ).run();
  const refusing = new Proxy(DB, {
    get(target, name) {
      if (name === "batch") return () => Promise.reject(new Error("D1 is away"));
      return (sql: string) => target.prepare(sql);
    },
  });
  await expect(deliverStrays({ ...deps(), db: refusing }, now)).rejects.toThrow("D1 is away");
  expect(ops.told()).toHaveLength(1);
  const { results } = await DB.prepare("SELECT attempts FROM webhook_deliveries ORDER BY created_at").all();
  expect(results).toEqual([{ attempts: 1 }, { attempts: 0 }]);
});

test("a check is one round trip, and reads few rows however many there are", async () => {
  const { DB } = darkroom.bindings();
  const rows = Array.from({ length: 400 }, (_, index) => ({ id: `job_${index}`, at: index }));
  await DB.prepare(
    `INSERT INTO jobs (id, owner_id, kind, state, input, created_at, finalized_at)
     SELECT value ->> 'id', 'operator', 'classification', 'completed', '{}', value ->> 'at', value ->> 'at' FROM json_each(?1)`,
  )
    .bind(JSON.stringify(rows))
    .run();
  await DB.prepare(
    `INSERT INTO dead_letters (id, owner_id, queue, body, code, reason, created_at)
     SELECT value ->> 'id', 'operator', 'media-uploads', '{}', 'x', 'y', value ->> 'at' FROM json_each(?1)`,
  )
    .bind(JSON.stringify(rows))
    .run();
  let trips = 0;
  let read = 0;
  const counted = new Proxy(DB, {
    get(target, name) {
      if (name === "prepare") return (sql: string) => target.prepare(sql);
      return async (statements: D1PreparedStatement[]) => {
        trips += 1;
        const results = await target.batch(statements);
        read += results.reduce((sum, { meta }) => sum + meta.rows_read, 0);
        return results;
      };
    },
  });
  await watchDeployment({ ...deps(), db: counted }, Date.now());
  expect(trips).toBe(2);
  expect(read).toBeLessThan(40);
});

test("a value between two thresholds neither raises nor ends an alert", () => {
  const findings = { queues: [], databaseBytes: 0, lowBudgets: [] };
  const of = (deadLetters: number) =>
    signsOf({ ...findings, deadLetters }, { raised: [], databaseLimitBytes: 1 }).find(
      ({ alert }) => alert === "ops.dead_letters_burst",
    )?.state;
  expect([of(0), of(29), of(30), of(149), of(150)]).toEqual(["right", "right", "unclear", "unclear", "wrong"]);
});
