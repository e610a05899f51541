// A key cannot see in another way what it may not read. Webhooks that a key registered end with it.
import { afterAll, beforeAll, beforeEach, expect, test } from "vitest";

import { KEYS, startDarkroom, until } from "./harness.ts";
import { startReceiver } from "./receiver.ts";
import { speech } from "./speech.ts";

const darkroom = startDarkroom();
let receiver: Awaited<ReturnType<typeof startReceiver>>;
beforeAll(async () => {
  receiver = await startReceiver();
});
beforeEach(() => void receiver.received.splice(0));
afterAll(() => receiver.close());

interface Made {
  readonly id: string;
  readonly key: string;
}

async function make(...scopes: string[]): Promise<Made> {
  return (await darkroom.post("/v1/keys", { label: "a key", scopes })).json<Made>();
}

const codeOf = async (response: Response) => [response.status, (await response.json<{ code: string }>()).code];
const json = (response: Response) => response.json<Record<string, unknown>>();
const send = (path: string, body: unknown, key: string, headers: Record<string, string>) =>
  darkroom.api(path, { method: "POST", body: JSON.stringify(body), key, headers });

/** The fields of a job for a key that may not read. */
const ACCEPTED = ["createdAt", "id", "kind", "url"];

test("asking about a transcript requires a key that may read and write", async () => {
  const { id } = await darkroom.upload({ name: "a.wav" }, speech("a secret"));
  await darkroom.untilJob(id);
  const headers = { accept: "application/json" };
  for (const scope of ["jobs:read", "jobs:write"]) {
    const { key } = await make(scope);
    const refused = await send(`/v1/jobs/${id}/ask`, { question: "What is said?" }, key, headers);
    const missing = scope === "jobs:read" ? "jobs:write" : "jobs:read";
    expect(refused.headers.get("www-authenticate")).toContain(`scope="${missing}"`);
    expect(await codeOf(refused)).toEqual([403, "insufficient_scope"]);
  }
  const { key } = await make("jobs:read", "jobs:write");
  expect((await send(`/v1/jobs/${id}/ask`, { question: "What is said?" }, key, headers)).status).toBe(200);
});

test("a key that may only write learns that its job was accepted, and no result: single, waited for, repeated, reused, in a batch", async () => {
  const { key } = await make("jobs:write");
  const work = { kind: "classification", text: "a lovely day", tags: ["a tag"] };
  const once = { "idempotency-key": "once", prefer: "wait=30" };
  // The stored answer contains the result.
  const full = await json(await send("/v1/jobs", work, KEYS.operator, once));
  expect(full).toMatchObject({ state: "completed", labels: [{ label: "horse" }, {}, {}] });
  const replayed = await send("/v1/jobs", work, key, once);
  expect(replayed.headers.get("idempotency-replayed")).toBe("true");

  const jobs = [
    await json(replayed),
    await json(await send("/v1/jobs", work, key, {})),
    await json(await send("/v1/jobs", { ...work, reuse: false }, key, { prefer: "wait=30" })),
    await json(await darkroom.api("/v1/uploads?name=a.txt", { method: "POST", body: "a lovely day", key })),
  ];
  for (const job of jobs) expect(Object.keys(job).toSorted()).toEqual(ACCEPTED);
  expect(jobs[0]!["id"]).toBe(full["id"]);
  const batch = await json(await send("/v1/jobs/batch", { jobs: [work, { kind: "none" }] }, key, {}));
  const [taken, refused] = batch["results"] as [{ job: object }, { problem: { code: string } }];
  expect(Object.keys(taken.job).toSorted()).toEqual(ACCEPTED);
  expect(refused.problem.code).toBe("invalid_request");
  await darkroom.post("/v1/queues/image_generation/pause", {});
  const { id } = await darkroom.submit({ kind: "image_generation", prompt: "a secret harbour" });
  const cancelled = await json(await darkroom.api(`/v1/jobs/${id}/cancel`, { method: "POST", key }));
  expect(Object.keys(cancelled).toSorted()).toEqual(ACCEPTED);
  // A cost estimate is not a result, and an announced upload belongs to the key.
  expect(await json(await send("/v1/jobs/estimate", work, key, {}))).toMatchObject({ estimate: { calls: 1 } });
  const announced = await send("/v1/uploads", { name: "b.txt", sizeBytes: 5 }, key, {
    "content-type": "application/json",
  });
  expect(await json(announced)).toMatchObject({ upload: { url: expect.stringContaining("X-Amz-Signature") } });
});

test("a dry run shows a key that may only write its own uploads, and no other object of its owner", async () => {
  const { key } = await make("jobs:write");
  const { MEDIA } = darkroom.bindings();
  const objects: Record<string, Uint8Array> = {
    "inbox/talk.wav": speech("a secret"),
    "inbox/note.txt": new TextEncoder().encode("a secret"),
    "inbox/empty.txt": new Uint8Array(),
    "inbox/unknown": Uint8Array.of(1, 2, 3),
  };
  for (const [name, body] of Object.entries(objects)) await MEDIA.put(name, body);
  const jobs = Object.keys(objects).flatMap((source) =>
    ["transcription", "classification", "image_generation"].map((kind) => ({ kind, source })),
  );
  for (const job of jobs) {
    const refused = await send("/v1/jobs/estimate", job, key, {});
    expect(refused.headers.get("www-authenticate")).toContain('scope="jobs:read"');
    expect([job, ...(await codeOf(refused))]).toEqual([job, 403, "insufficient_scope"]);
  }
  const own = await json(await darkroom.api("/v1/uploads?name=a.wav", { method: "POST", body: speech("mine"), key }));
  const { input } = await darkroom.untilJob(String(own["id"]));
  const mine = { kind: "transcription", source: (input as { source: { key: string } }).source.key };
  expect(await json(await send("/v1/jobs/estimate", mine, key, {}))).toMatchObject({ estimate: { calls: 1 } });
  const batch = await json(await send("/v1/jobs/batch/estimate", { jobs: [...jobs, mine] }, key, {}));
  const results = batch["results"] as { status: number; problem?: { code: string; detail: string } }[];
  expect(results.map(({ status }) => status)).toEqual([...jobs.map(() => 403), 200]);
  const { key: reader } = await make("jobs:read", "jobs:write");
  const read = await send("/v1/jobs/estimate", jobs[0], reader, {});
  expect(await json(read)).toMatchObject({ estimate: { calls: 1 } });
});

test("sending events to an address requires the scope for it, wherever the address is given", async () => {
  const { key } = await make("jobs:read", "jobs:write");
  const url = `${receiver.url}/hook`;
  const prediction = { input: { prompt: "a harbour" }, webhook: url };
  const model = "/replicate/v1/models/black-forest-labs/flux-schnell/predictions";
  const endpoint = await darkroom.post("/v1/webhooks", { url, events: ["job.completed"] }, key);
  expect(await codeOf(endpoint)).toEqual([403, "insufficient_scope"]);
  expect((await darkroom.api("/v1/webhooks", { key })).status).toBe(403);
  const refused = await darkroom.post(model, prediction, key);
  expect(refused.headers.get("www-authenticate")).toContain('scope="webhooks"');
  expect([refused.status, await json(refused)]).toMatchObject([403, { detail: expect.stringContaining("'webhooks'") }]);
  const { key: other } = await make("jobs:read", "jobs:write", "webhooks");
  expect((await darkroom.post(model, prediction, other)).status).toBe(201);
  expect((await darkroom.post("/v1/webhooks", { url, events: ["job.completed"] }, other)).status).toBe(201);
});

interface Revoked {
  readonly state: string;
  readonly webhooks: readonly { readonly id: string; readonly disabled: boolean }[];
}

async function revoke(id: string, query = ""): Promise<Revoked> {
  return (await darkroom.api(`/v1/keys/${id}${query}`, { method: "DELETE" })).json<Revoked>();
}

async function register(key: string, path: string): Promise<string> {
  const body = { url: `${receiver.url}${path}`, events: ["job.completed"] };
  return (await (await darkroom.post("/v1/webhooks", body, key)).json<{ id: string }>()).id;
}

const received = (path: string) => receiver.received.filter((one) => one.path === path).length;

test("revoking a key disables the endpoints that it registered, and says so; others receive events as before", async () => {
  const [lost, kept] = [await make("webhooks"), await make("webhooks")];
  const [gone, stays, own] = [
    await register(lost.key, "/gone"),
    await register(kept.key, "/stays"),
    await register(KEYS.operator, "/own"),
  ];
  expect(await revoke(lost.id)).toMatchObject({ state: "revoked", webhooks: [{ id: gone, disabled: true }] });
  expect(await revoke(kept.id, "?webhooks=keep")).toMatchObject({ webhooks: [{ id: stays, disabled: false }] });
  expect(await codeOf(await darkroom.api(`/v1/keys/${kept.id}?webhooks=no`, { method: "DELETE" }))).toEqual([
    422,
    "invalid_request",
  ]);
  const { id } = await darkroom.submit({ kind: "classification", text: "news" });
  await darkroom.untilJob(id);
  await until(
    async () => received("/own") + received("/stays"),
    (count) => count === 2,
  );
  expect(received("/gone")).toBe(0);
  const disabled = await json(await darkroom.api(`/v1/webhooks/${gone}`));
  expect(disabled["disabled"]).toMatchObject({
    reason: "The key that registered it, last changed its address or last enabled it was revoked.",
  });
  // A second revocation can still disable the kept webhooks, and a key with the scope can enable them again.
  expect(await revoke(kept.id)).toMatchObject({ webhooks: [{ id: stays, disabled: true }] });
  const body = JSON.stringify({ disabled: false });
  expect((await darkroom.api(`/v1/webhooks/${gone}`, { method: "PATCH", body })).status).toBe(200);
  expect(await json(await darkroom.api(`/v1/webhooks/${own}`))).toMatchObject({ disabled: null });
});

/** Return an endpoint after a PATCH by this key. */
async function edit(endpoint: string, key: string, change: object): Promise<Record<string, unknown>> {
  return json(await darkroom.api(`/v1/webhooks/${endpoint}`, { method: "PATCH", key, body: JSON.stringify(change) }));
}

test("an endpoint whose address another key changed, or that it enabled, is disabled with that key", async () => {
  const [first, thief] = [await make("webhooks"), await make("webhooks")];
  const [led, enabled, touched] = [
    await register(first.key, "/led"),
    await register(first.key, "/enabled"),
    await register(first.key, "/touched"),
  ];
  await edit(led, thief.key, { url: `${receiver.url}/elsewhere` });
  await edit(enabled, first.key, { disabled: true });
  await edit(enabled, thief.key, { disabled: false });
  // A change that keeps the address does not change the key that the endpoint belongs to.
  const same = { url: `${receiver.url}/touched`, events: ["job.completed"], description: "touched", disabled: false };
  expect(await edit(touched, thief.key, same)).toMatchObject({ createdBy: `key:${first.id}` });

  const { webhooks } = await revoke(thief.id);
  expect(webhooks.map(({ id }) => id).toSorted()).toEqual([led, enabled].toSorted());
  const { id } = await darkroom.submit({ kind: "classification", text: "news" });
  await darkroom.untilJob(id);
  await until(
    async () => received("/touched"),
    (count) => count === 1,
  );
  expect([received("/elsewhere"), received("/enabled")]).toEqual([0, 0]);
  expect(await revoke(first.id)).toMatchObject({ webhooks: [{ id: touched, disabled: true }] });
});

test("deliveries that wait for an endpoint of a revoked key are cancelled, and another owner's admin cannot revoke it", async () => {
  const { id, key } = await make("webhooks");
  receiver.answer({ status: 500 });
  const endpoint = await register(key, "/slow");
  const job = await darkroom.submit({ kind: "classification", text: "news" });
  await darkroom.untilJob(job.id);
  const states = async () => {
    const page = await darkroom.api(`/v1/webhooks/${endpoint}/deliveries`);
    return (await page.json<{ deliveries: { state: string }[] }>()).deliveries.map(({ state }) => state);
  };
  await until(states, ([state]) => state === "retrying");
  expect((await darkroom.api(`/v1/keys/${id}`, { method: "DELETE", key: KEYS.other })).status).toBe(404);
  expect(await states()).toEqual(["retrying"]);
  await revoke(id);
  expect(await states()).toEqual(["cancelled"]);
});

test.each([
  ["", 0],
  ["?webhooks=keep", 1],
])("a prediction's webhook receives nothing after its key was revoked, unless it is kept: %j", async (query, told) => {
  const { id, key } = await make("jobs:read", "jobs:write", "webhooks");
  await darkroom.post("/v1/queues/image_generation/pause", {});
  const prediction = { input: { prompt: "a harbour" }, webhook: `${receiver.url}/prediction` };
  const model = "/replicate/v1/models/black-forest-labs/flux-schnell/predictions";
  const made = await json(await darkroom.post(model, prediction, key));
  await revoke(id, query);
  await darkroom.post("/v1/queues/image_generation/resume", {});
  await darkroom.untilJob(String(made["id"]));
  const { DB } = darkroom.bindings();
  await until(
    () => DB.prepare("SELECT count(*) AS n FROM tasks WHERE finalized_at IS NULL").first<number>("n"),
    (unfinished) => unfinished === 0,
  );
  expect(received("/prediction")).toBe(told);
});
