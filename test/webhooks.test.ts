import { createServer } from "node:http";
import type { AddressInfo } from "node:net";

import { Webhook } from "standardwebhooks";
import { afterAll, beforeAll, expect, test } from "vitest";

import { callGate } from "../consumer/runner/call-gate.ts";
import { isolateMemory } from "../consumer/runner/memory-limit.ts";
import { runTask } from "../consumer/runner/run-task.ts";
import { type Connections, NoConnection } from "../shared/connections.ts";
import { preparedOf } from "../shared/db/transact.ts";
import { insertDeliveries } from "../shared/db/webhooks/deliveries.ts";
import { insertJobs } from "../shared/db/jobs/jobs.ts";
import { leaseTasks } from "../shared/db/tasks/leases.ts";
import { settleTasks } from "../shared/db/tasks/settle.ts";
import { d1Index } from "../shared/search/d1-index.ts";
import type { Task } from "../shared/jobs/task.ts";
import { newJob } from "../shared/jobs/new-job.ts";
import { DEFAULT_TERMS } from "../shared/jobs/terms.ts";
import type { Delivery, Webhook as Endpoint } from "../producer/webhooks/schema.ts";
import { KEYS, startDarkroom, until } from "./harness.ts";
import { type Received, startReceiver } from "./receiver.ts";
import { JobWork } from "../shared/kinds/index.ts";
import { createProcessors } from "../consumer/processors/index.ts";

const darkroom = startDarkroom();
let receiver: Awaited<ReturnType<typeof startReceiver>>;
const { fetch } = globalThis;
beforeAll(async () => {
  receiver = await startReceiver();
  // The harness makes the Worker's outgoing requests in this process, and would follow redirects itself.
  globalThis.fetch = async (input, init) => {
    if (typeof input !== "string" || !input.startsWith(receiver.url) || !(init instanceof Object))
      return fetch(input, init);
    const { method = "GET", headers = {} } = init;
    return fetch(input, { method, headers, body: await new Response(init.body).text(), redirect: "manual" });
  };
});
afterAll(async () => {
  globalThis.fetch = fetch;
  await receiver.close();
});

type Made = Endpoint & { secret: string };
type Payload = { type: string; timestamp: string; data: Record<string, unknown> & { artifacts: { url: string }[] } };

let paths = 0;
/** Events without alerts: these tests move the clock, and their waiting tasks look stuck. */
const OF_JOBS = ["job.completed", "job.failed", "job.cancelled"];

/** Register an endpoint with a separate path. */
async function register(body: Record<string, unknown> = {}, key?: string): Promise<Made & { path: string }> {
  const path = `/hook/${(paths += 1)}`;
  const response = await darkroom.post("/v1/webhooks", { url: receiver.url + path, events: OF_JOBS, ...body }, key);
  expect(response.status).toBe(201);
  return { ...(await response.json<Made>()), path };
}

async function log(id: string): Promise<Delivery[]> {
  const body = await (await darkroom.api(`/v1/webhooks/${id}/deliveries`)).json<{ deliveries: Delivery[] }>();
  return body.deliveries;
}

async function untilLogged(id: string, state: Delivery["state"]): Promise<Delivery> {
  const deliveries = await until(
    () => log(id),
    ([latest]) => latest?.state === state,
  );
  return deliveries[0]!;
}

function verify({ body, headers }: Received, secret: string): Payload {
  return new Webhook(secret).verify(body, headers as Record<string, string>) as Payload;
}

/** Make the next attempt due now. */
async function hurry(): Promise<void> {
  await darkroom
    .bindings()
    .DB.prepare("UPDATE tasks SET scheduled_at = 0, check_at = 0 WHERE finalized_at IS NULL")
    .run();
  await darkroom.maintain();
}

const job = (text: string) => ({ kind: "classification", text, reuse: false });

test("an endpoint gets a job's end once, signed so that the standard's own package accepts it", async () => {
  const endpoint = await register();
  expect(endpoint.secret).toMatch(/^whsec_[A-Za-z0-9+/]{43}=$/);
  const { id } = await darkroom.submit(job("a fine harbour"));
  const [told, ...more] = await receiver.untilReceived(endpoint.path, 1);
  expect(more).toEqual([]);
  const payload = verify(told!, endpoint.secret);
  const seen = await darkroom.readJob(id);
  expect(payload).toMatchObject({
    type: "job.completed",
    timestamp: seen.finishedAt,
    data: { id, kind: "classification", state: "completed", error: null, createdAt: seen.createdAt, url: seen.url },
  });
  expect(payload.data.artifacts).toEqual(seen.artifacts);
  expect(payload.data["labels"]).toEqual(seen.labels);
  const { pathname } = new URL(payload.data.artifacts[0]!.url);
  expect((await darkroom.api(pathname)).status).toBe(200);
  // Side tasks are not part of the job's progress or history.
  expect(seen).toMatchObject({ progress: { tasksCompleted: 1, tasksTotal: 1, fraction: 1 } });
  expect(seen.attempts).toHaveLength(1);

  // A signature covers `id.timestamp.body`, so the id must not contain a dot.
  expect(told!.headers["webhook-id"]).toMatch(/^whd_[0-9a-f]+_\d{13}_[0-9a-f]+$/);
  expect(() => verify({ ...told!, body: told!.body.replace("completed", "failed") }, endpoint.secret)).toThrow(
    "No matching signature found",
  );
  expect(await untilLogged(endpoint.id, "delivered")).toMatchObject({
    id: told!.headers["webhook-id"],
    jobId: id,
    event: "job.completed",
    attempts: 1,
    response: { code: 204, body: null },
    error: null,
    nextAttemptAt: null,
    payload,
  });
  expect(JSON.stringify(await (await darkroom.api("/v1/webhooks")).json())).not.toContain("whsec_");
  expect(darkroom.logs().filter(({ message }) => message.includes("whsec_"))).toEqual([]);
});

test("it gets the events that it asked for, only of its owner's jobs", async () => {
  const failures = await register({ events: ["job.failed"] });
  const theirs = await register({}, KEYS.other);
  const fine = await darkroom.submit(job("fine"));
  const broken = await darkroom.submit(job("error:5004"));
  await darkroom.untilJob(fine.id);
  const [told, ...more] = await receiver.untilReceived(failures.path, 1);
  expect(more).toEqual([]);
  expect(verify(told!, failures.secret)).toMatchObject({
    type: "job.failed",
    data: { id: broken.id, error: { code: "invalid_model_input" }, artifacts: [] },
  });
  expect(receiver.received.filter(({ path }) => path === theirs.path)).toEqual([]);
  for (const [path, method] of [
    ["", "GET"],
    ["", "DELETE"],
    ["/rotate", "POST"],
    ["/test", "POST"],
    ["/deliveries", "GET"],
  ]) {
    const response = await darkroom.api(`/v1/webhooks/${theirs.id}${path}`, { method: method! });
    expect(await response.json()).toMatchObject({ status: 404, code: "webhook_not_found" });
  }
});

test("a delivery that the endpoint does not accept is repeated with the same id and content, and does not hold up the job", async () => {
  const endpoint = await register();
  receiver.answer(
    { status: 500, body: "x".repeat(5000) },
    { status: 404 },
    { status: 429, headers: { "retry-after": "7200" } },
  );
  const { id } = await darkroom.submit(job("again"));
  const waiting = await untilLogged(endpoint.id, "retrying");
  expect(waiting).toMatchObject({ attempts: 1, response: { code: 500 }, error: { code: "http_500" } });
  expect(waiting.response!.body).toBe("x".repeat(1024));
  const delayMs = Date.parse(waiting.nextAttemptAt!) - Date.parse(waiting.lastAttemptAt!);
  expect(delayMs).toBeGreaterThan(4900);
  expect(await darkroom.readJob(id)).toMatchObject({ state: "completed", waiting: null });
  await hurry();
  await until(
    () => log(endpoint.id),
    ([latest]) => latest?.response?.code === 404,
  );
  await hurry();
  const slowed = await until(
    () => log(endpoint.id),
    ([latest]) => latest?.response?.code === 429,
  );
  expect(Date.parse(slowed[0]!.nextAttemptAt!) - Date.now()).toBeGreaterThan(7_000_000);
  await hurry();
  expect(await untilLogged(endpoint.id, "delivered")).toMatchObject({ attempts: 4, response: { code: 204 } });
  const told = await receiver.untilReceived(endpoint.path, 4);
  expect(new Set(told.map(({ headers, body }) => `${String(headers["webhook-id"])} ${body}`)).size).toBe(1);
});

test("a rotated secret signs together with the old one for a day", async () => {
  const endpoint = await register();
  const rotated = await (
    await darkroom.api(`/v1/webhooks/${endpoint.id}/rotate`, { method: "POST" })
  ).json<{ secret: string; previousValidUntil: string }>();
  expect(rotated.secret).not.toBe(endpoint.secret);
  expect(Date.parse(rotated.previousValidUntil) - Date.now()).toBeGreaterThan(23 * 3_600_000);
  await darkroom.submit(job("both"));
  const [both] = await receiver.untilReceived(endpoint.path, 1);
  expect(String(both!.headers["webhook-signature"]).split(" ")).toHaveLength(2);
  for (const secret of [endpoint.secret, rotated.secret]) expect(verify(both!, secret).type).toBe("job.completed");

  await darkroom
    .bindings()
    .DB.prepare("UPDATE webhook_secrets SET previous_until = 1 WHERE signer = ?1")
    .bind(endpoint.id)
    .run();
  await darkroom.submit(job("one"));
  const [, one] = await receiver.untilReceived(endpoint.path, 2);
  expect(verify(one!, rotated.secret).type).toBe("job.completed");
  expect(() => verify(one!, endpoint.secret)).toThrow("No matching signature found");
});

test("410 stops an endpoint, and what waits for it; enabled again, a delivery is replayed with its id", async () => {
  const endpoint = await register();
  receiver.answer({ status: 503 }, { status: 410 });
  const first = await darkroom.submit(job("waits"));
  await untilLogged(endpoint.id, "retrying");
  await darkroom.submit(job("gone"));
  await until(
    async () => (await darkroom.api(`/v1/webhooks/${endpoint.id}`)).json<Endpoint>(),
    ({ disabled }) => disabled?.reason === "It answered 410 Gone.",
  );
  expect((await log(endpoint.id)).map(({ state }) => state).toSorted()).toEqual(["cancelled", "failed"]);
  await darkroom.untilJob((await darkroom.submit(job("unheard"))).id);
  expect(await log(endpoint.id)).toHaveLength(2);
  expect(await receiver.untilReceived(endpoint.path, 2)).toHaveLength(2);
  expect(darkroom.logs().some(({ message }) => message.includes('"webhook.disabled"'))).toBe(true);

  const waited = (await log(endpoint.id)).find(({ jobId }) => jobId === first.id)!;
  const replay = `/v1/webhooks/${endpoint.id}/deliveries/${waited.id}/replay`;
  expect(await (await darkroom.post(replay, {})).json()).toMatchObject({ status: 409, code: "not_replayable" });
  const enable = { method: "PATCH", body: '{"disabled": false}' };
  expect(await (await darkroom.api(`/v1/webhooks/${endpoint.id}`, enable)).json()).toMatchObject({ disabled: null });
  expect((await darkroom.post(replay, {})).status).toBe(202);
  const [tried, , again] = await receiver.untilReceived(endpoint.path, 3);
  expect(again!.headers["webhook-id"]).toBe(tried!.headers["webhook-id"]);
  expect(again!.body).toBe(tried!.body);
});

test("a redirect is not followed, and a test event says so at once", async () => {
  const endpoint = await register();
  receiver.answer({ status: 307, headers: { location: `${receiver.url}/elsewhere` } });
  const failed = await (await darkroom.post(`/v1/webhooks/${endpoint.id}/test`, {})).json<Delivery>();
  expect(failed).toMatchObject({
    event: "webhook.test",
    state: "failed",
    response: { code: 307 },
    error: { code: "http_307" },
  });
  expect(receiver.received.filter(({ path }) => path === "/elsewhere")).toEqual([]);
  expect(await (await darkroom.post(`/v1/webhooks/${endpoint.id}/test`, {})).json()).toMatchObject({
    state: "delivered",
  });
  const told = await receiver.untilReceived(endpoint.path, 2);
  expect(verify(told[1]!, endpoint.secret)).toMatchObject({ type: "webhook.test", data: { webhookId: endpoint.id } });
  expect((await log(endpoint.id)).map(({ state }) => state).toSorted()).toEqual(["delivered", "failed"]);
});

/** Lease a delivery task as a consumer does. */
const DELIVERING: Omit<Task, "args"> = {
  id: "task",
  jobId: "job",
  kind: "deliver_webhook",
  attempt: 1,
  maxAttempts: 7,
  model: null,
  preferredModel: null,
  lost: 0,
  leaseId: "lease",
  leasedAt: 0,
  createdAt: 0,
  deadlineAt: null,
  isTooLate: false,
  isBudgeted: false,
  format: 1,
  editedAfter: 0,
  mayBeStored: false,
  leaseRows: { d1RowsRead: 0, d1RowsWritten: 0 },
  startsJob: false,
};

test("a delivery that gets no connection is put off, and the attempt is not counted", async () => {
  const endpoint = await register();
  await darkroom.submit(job("no way out"));
  const { id: deliveryId } = await untilLogged(endpoint.id, "delivered");
  const { DB: db, MEDIA: media } = darkroom.bindings();
  const never: Connections = { open: () => Promise.reject(new NoConnection()) };
  const task = { ...DELIVERING, args: JSON.stringify({ deliveryId }) };
  const binding = { run: () => Promise.reject(new Error("it was asked")) };
  const processors = createProcessors({
    db,
    media,
    ai: { binding, gateway: undefined, connections: never },
    connections: never,
    images: undefined,
    passages: d1Index(db),
    memory: isolateMemory(),
    gate: callGate(db),
    allowInsecureWebhooks: true,
  });
  const { outcome } = await runTask(task, { db, processors, fallbacks: {} }, new AbortController().signal);
  expect(outcome).toMatchObject({ type: "snooze", failure: { code: "no_connection" } });
  expect(outcome.delivery).toBeUndefined();
  expect(await receiver.untilReceived(endpoint.path, 1)).toHaveLength(1);
});

test("a receiver that never ends its answer is waited for as long as one that never begins it", async () => {
  const dripping = createServer((_request, response) => {
    response.writeHead(503);
    const drip = setInterval(() => response.write("no"), 1000);
    response.on("close", () => clearInterval(drip));
  });
  await new Promise<void>((resolve) => dripping.listen(0, "127.0.0.1", () => resolve()));
  const endpoint = await register({ url: `http://127.0.0.1:${(dripping.address() as AddressInfo).port}` });
  const beganAt = Date.now();
  const tested = await darkroom.post(`/v1/webhooks/${endpoint.id}/test`, {});
  expect(Date.now() - beganAt).toBeLessThan(22_000);
  expect(await tested.json()).toMatchObject({ state: "failed" });
  dripping.closeAllConnections();
  await new Promise((resolve) => dripping.close(resolve));
}, 40_000);

test("a job that is cancelled, runs out of time or reuses a result is reported too", async () => {
  const endpoint = await register();
  await darkroom.post("/v1/queues/classification/pause", {});
  const cancelled = await darkroom.submit(job("cancel me"));
  const late = await darkroom.submit({ ...job("too late"), deadlineSeconds: 1 });
  await darkroom.api(`/v1/jobs/${cancelled.id}/cancel`, { method: "POST" });
  await until(
    async () => darkroom.maintain().then(() => darkroom.readJob(late.id)),
    ({ state }) => state === "failed",
  );
  // Deliveries are not a kind of job that can be paused.
  await receiver.untilReceived(endpoint.path, 2);
  await darkroom.post("/v1/queues/classification/resume", {});
  const leader = await darkroom.submit({ kind: "classification", text: "twin" });
  const follower = await darkroom.submit({ kind: "classification", text: "twin" });
  const told = await receiver.untilReceived(endpoint.path, 4);
  const events = told.map((request) => verify(request, endpoint.secret));
  const typesOf = (id: string) => events.filter(({ data }) => data["id"] === id).map(({ type }) => type);
  expect([cancelled, late, leader, follower].map(({ id }) => typesOf(id))).toEqual([
    ["job.cancelled"],
    ["job.failed"],
    ["job.completed"],
    ["job.completed"],
  ]);
  expect(events.find(({ data }) => data["id"] === follower.id)!.data).toMatchObject({ reusedFrom: leader.id });
});

test("an exhausted delivery is a dead letter, which fails no job and is redriven on its own", async () => {
  const endpoint = await register();
  receiver.answer(...Array.from({ length: 7 }, () => ({ status: 500 })));
  const { id } = await darkroom.submit(job("error:5004x1 stubborn"));
  for (let attempt = 1; attempt <= 7; attempt += 1) {
    await until(
      () => log(endpoint.id),
      ([latest]) => latest?.attempts === attempt && latest.state !== "running",
    );
    if (attempt < 7) await hurry();
  }
  expect(await untilLogged(endpoint.id, "failed")).toMatchObject({ attempts: 7, error: { code: "http_500" } });
  expect(await darkroom.readJob(id)).toMatchObject({ state: "failed", error: { code: "invalid_model_input" } });
  type Letters = { deadLetters: { id: string; kind: string }[] };
  const { deadLetters } = await (await darkroom.api("/v1/dead-letters?view=list")).json<Letters>();
  const delivery = deadLetters.find(({ kind }) => kind === "deliver_webhook");
  expect((await darkroom.post(`/v1/dead-letters/${delivery!.id}/redrive`, {})).status).toBe(202);
  await untilLogged(endpoint.id, "delivered");
  expect((await darkroom.readJob(id)).state).toBe("failed");

  const work = deadLetters.find(({ kind }) => kind === "classify");
  expect((await darkroom.post(`/v1/dead-letters/${work!.id}/redrive`, {})).status).toBe(202);
  expect(await darkroom.untilJob(id)).toMatchObject({ state: "completed", error: null });
  const told = await receiver.untilReceived(endpoint.path, 9);
  expect(verify(told.at(-1)!, endpoint.secret).type).toBe("job.completed");
  expect(told).toHaveLength(9);
});

test("a settlement that is repeated makes no second delivery; a delivery waits in front of its owner's backlog", async () => {
  const { DB } = darkroom.bindings();
  await darkroom.post("/v1/queues/classification/pause", {});
  const endpoint = await register();
  const ahead = Date.now() + 1e9; // the other consumer finds nothing due
  const work = JobWork.parse({ kind: "classification", input: { text: "once", options: {} } });
  const terms = { ...DEFAULT_TERMS, reuse: false };
  const jobs = await Promise.all(
    ["job_a", "job_b"].map((id) => newJob(work, terms, { id, ownerId: "operator", createdAt: ahead })),
  );
  await insertJobs(DB, { jobs, uploads: [] }, ahead);
  await darkroom.post("/v1/queues/classification/resume", {});
  const lease = (limit: number) =>
    leaseTasks(DB, { id: crypto.randomUUID(), now: ahead, leaseMs: 1000, limit, callsAMinute: {} });
  const [task] = await lease(1);
  const ended = {
    taskId: task!.id,
    leaseId: task!.leaseId,
    outcome: { type: "completed" },
    calls: [],
    isBudgeted: false,
    startedAt: ahead,
    finishedAt: ahead,
  } as const;
  const settled = await Promise.all(Array.from({ length: 5 }, () => settleTasks(DB, [ended], { now: ahead })));
  expect(settled.flatMap(({ opened }) => opened)).toHaveLength(1);
  expect(await log(endpoint.id)).toMatchObject([{ state: "pending", jobId: task!.jobId }]);
  const [next] = await lease(1);
  expect(next!.kind).toBe("deliver_webhook");
  expect(await DB.prepare("SELECT count(*) AS n FROM tasks WHERE is_side = 1").first("n")).toBe(1);
});

test.each([
  [{ url: "ftp://example.com/" }, /^url/],
  [{ url: "https://user:secret@example.com/" }, /^url/],
  [{ url: "https://example.com/", events: [] }, /^events/],
  [{ url: "https://example.com/", events: ["job.started"] }, /^events/],
  [{ url: "https://example.com/", secret: "whsec_mine" }, /secret/],
])("an endpoint that is refused: %j", async (body, detail) => {
  const response = await darkroom.post("/v1/webhooks", body);
  expect(response.status).toBe(422);
  expect((await response.json<{ detail: string }>()).detail).toMatch(detail);
});

test("there are ten endpoints at most; a deleted endpoint loses its log and its waiting deliveries", async () => {
  const made: Made[] = [];
  for (let count = 0; count < 10; count += 1) made.push(await register());
  const response = await darkroom.post("/v1/webhooks", { url: `${receiver.url}/eleventh` });
  expect(await response.json()).toMatchObject({ status: 409, code: "too_many_webhooks" });
  for (const { id } of made.slice(1)) await darkroom.api(`/v1/webhooks/${id}`, { method: "DELETE" });
  receiver.answer({ status: 500 });
  await darkroom.submit(job("deleted"));
  await untilLogged(made[0]!.id, "retrying");
  expect((await darkroom.api(`/v1/webhooks/${made[0]!.id}`, { method: "DELETE" })).status).toBe(204);
  const { DB } = darkroom.bindings();
  expect(await DB.prepare("SELECT state FROM tasks WHERE is_side = 1").first("state")).toBe("cancelled");
  expect(await DB.prepare("SELECT count(*) AS n FROM webhook_deliveries").first("n")).toBe(0);
  expect(await DB.prepare("SELECT count(*) AS n FROM webhook_secrets").first("n")).toBe(0);
  const acts = (await (await darkroom.api("/v1/audit?act=webhook.delete")).json<{ audit: unknown[] }>()).audit;
  expect(acts).toHaveLength(10);
});

test("an owner without endpoints pays a few rows read for the end of a job, and none written", async () => {
  const { DB } = darkroom.bindings();
  await register({}, KEYS.other);
  const { id } = await darkroom.submit(job("unobserved"));
  const { finishedAt } = await darkroom.untilJob(id);
  const results = await DB.batch(insertDeliveries(DB, Date.parse(finishedAt!)).map(preparedOf));
  const sum = (figure: "rows_read" | "rows_written") => results.reduce((total, { meta }) => total + meta[figure], 0);
  expect(sum("rows_written")).toBe(0);
  expect(sum("rows_read")).toBeLessThanOrEqual(6);
});
