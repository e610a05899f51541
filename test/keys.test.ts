import { expect, test } from "vitest";

import { app } from "../producer/index.ts";
import type { PendingUpload } from "../producer/uploads/schema.ts";
import { signingKey } from "../shared/keys/signing-keys.ts";
import { KEYS, startDarkroom } from "./harness.ts";
import { startReceiver } from "./receiver.ts";
import { speech } from "./speech.ts";

const darkroom = startDarkroom({
  CORS_ORIGINS: "https://app.example, http://localhost:5173",
});

interface Made {
  readonly id: string;
  readonly key: string;
  readonly expiresAt: string | null;
  readonly state: string;
}

async function make(body: object, key?: string): Promise<Made> {
  const response = await darkroom.post("/v1/keys", { label: "a key", ...body }, key);
  expect(response.status).toBe(201);
  return response.json<Made>();
}

const codeOf = async (response: Response) => [response.status, (await response.json<{ code: string }>()).code];
const revoke = async (id: string, key: string = KEYS.operator) =>
  darkroom.api(`/v1/keys/${id}`, { method: "DELETE", key });

test("a key is shown once, works for its owner, is listed without its secret, and stops when it is revoked", async () => {
  const made = await make({ ownerId: "ann", scopes: ["jobs:write", "jobs:read"], expiresInDays: 1 });
  expect(made).toMatchObject({ ownerId: "ann", state: "active", scopes: ["jobs:read", "jobs:write"] });
  const { id } = await darkroom.submit({ kind: "classification", text: "hers" }, made.key);
  expect((await darkroom.untilJob(id, undefined, made.key)).state).toBe("completed");
  expect((await darkroom.api(`/v1/jobs/${id}`)).status).toBe(404);

  const listed = await (await darkroom.api("/v1/keys?ownerId=ann")).text();
  expect(JSON.parse(listed)).toMatchObject({ keys: [{ id: made.id, label: "a key" }], nextCursor: null });
  expect(listed).not.toContain(made.key.split("_").at(-1));
  const stored = await darkroom.bindings().DB.prepare("SELECT * FROM api_keys").all();
  expect(JSON.stringify(stored.results)).not.toContain(made.key.split("_").at(-1));

  expect(await (await revoke(made.id)).json()).toMatchObject({ state: "revoked" });
  expect((await revoke(made.id)).status).toBe(200);
  expect((await darkroom.api("/v1/jobs", { key: made.key })).status).toBe(401);
  const audit = await (await darkroom.api(`/v1/audit?subject=${made.id}`)).json<{ audit: { act: string }[] }>();
  expect(audit.audit.map(({ act }) => act)).toEqual(["key.revoke", "key.create"]);
});

test("an expired key is refused, and none outlives the key that made it", async () => {
  const brief = await make({ scopes: ["admin"], expiresInDays: 2 });
  const child = await make({ scopes: ["jobs:read"], expiresInDays: 30 }, brief.key);
  expect(child.expiresAt).toBe(brief.expiresAt);
  await darkroom.bindings().DB.prepare("UPDATE api_keys SET expires_at = 1 WHERE id = ?1").bind(child.id).run();
  const refused = await darkroom.api("/v1/jobs", { key: child.key });
  expect(refused.headers.get("www-authenticate")).toContain('error="invalid_token"');
  expect(await codeOf(refused)).toEqual([401, "unauthorized"]);
  expect(await (await darkroom.api("/v1/keys?limit=1")).json()).toMatchObject({ keys: [{ state: "expired" }] });
});

test("admins of other owners manage only their own keys, and a key with limits none", async () => {
  const own = await make({ scopes: ["jobs:read"] }, KEYS.other);
  expect(own).toMatchObject({ ownerId: "other" });
  expect(await codeOf(await darkroom.api("/v1/keys?ownerId=operator", { key: KEYS.other }))).toEqual([
    403,
    "forbidden",
  ]);
  expect((await revoke(own.id, KEYS.other)).status).toBe(200);
  // Unlike the operator's, their last admin key can be revoked, because the operator can create another.
  expect((await revoke("other", KEYS.other)).status).toBe(200);

  const limited = await make({ scopes: ["admin"], maxConcurrentJobs: 1 });
  const refused = await darkroom.post("/v1/keys", { label: "two", scopes: ["jobs:write"] }, limited.key);
  expect(await codeOf(refused)).toEqual([403, "forbidden"]);
  const wrong = await darkroom.post("/v1/keys", { label: "x", scopes: [], ownerId: "a b" });
  expect(await codeOf(wrong)).toEqual([422, "invalid_request"]);
});

test("the operator's last admin key stays, even when two revoke each other at once", async () => {
  expect(await codeOf(await revoke("operator"))).toEqual([409, "last_admin_key"]);
  const second = await make({ scopes: ["admin"] });
  const answers = await Promise.all([revoke("operator", second.key), revoke(second.id)]);
  const usable = await darkroom
    .bindings()
    .DB.prepare("SELECT count(*) AS n FROM api_keys WHERE owner_id = 'operator' AND revoked_at IS NULL")
    .first<number>("n");
  expect(usable).toBe(1);
  expect(answers.filter(({ status }) => status === 200)).toHaveLength(1);
});

test("answers carry security headers, and only pages of listed origins may read them", async () => {
  for (const path of ["/healthz", "/v1/jobs", "/v1/nowhere"]) {
    const { headers } = await darkroom.api(path, { headers: { origin: "https://app.example" } });
    expect(Object.fromEntries(headers)).toMatchObject({
      "x-content-type-options": "nosniff",
      "x-frame-options": "DENY",
      "referrer-policy": "no-referrer",
      "cross-origin-resource-policy": "same-origin",
      "content-security-policy": "default-src 'none'; frame-ancestors 'none'",
      "access-control-allow-origin": "https://app.example",
      vary: expect.stringContaining("Origin"),
    });
    expect(headers.get("access-control-expose-headers")).toMatch(/Retry-After/);
    expect(headers.has("access-control-allow-credentials")).toBe(false);
  }
  const stranger = await darkroom.api("/v1/jobs", { headers: { origin: "https://evil.example" } });
  expect(stranger.headers.has("access-control-allow-origin")).toBe(false);
  const asked = "authorization,content-type,idempotency-key,x-stainless-retry-count";
  const preflight = await darkroom.api("/openai/v1/images/generations", {
    method: "OPTIONS",
    key: null,
    headers: {
      origin: "http://localhost:5173",
      "access-control-request-method": "POST",
      "access-control-request-headers": asked,
    },
  });
  expect([preflight.status, preflight.headers.get("access-control-allow-origin")]).toEqual([
    204,
    "http://localhost:5173",
  ]);
  // They include the headers that the OpenAI SDK sends by itself.
  expect(preflight.headers.get("access-control-allow-headers")).toBe(asked);
});

test("an answer over HTTPS keeps browsers to it for a year", async () => {
  const { headers } = await app.request("https://darkroom.example/v1/jobs", {}, { CORS_ORIGINS: "" });
  expect(headers.get("strict-transport-security")).toBe("max-age=31536000");
});

test("no secret is in the log of any kind of request, failing ones among them", async () => {
  const made = await make({ scopes: ["jobs:read", "jobs:write", "webhooks", "admin"] });
  const forged = `dk_operator_${"f".repeat(32)}`;
  const signature = "5f3a".repeat(16);
  const { key } = made;
  const calls: [string, RequestInit & { key?: string }][] = [
    ["/v1/jobs", {}],
    ["/v1/jobs", { key: forged }],
    [`/v1/nowhere?X-Amz-Signature=${signature}&key=${key}`, {}],
    ["/v1/jobs", { method: "POST", body: "{" }],
    ["/v1/uploads?name=nothing.xyz", { method: "POST", body: "?" }],
    ["/v1/queues/classification/pause", { method: "POST", body: "{}" }],
    ["/v1/queues/classification/resume", { method: "POST", body: "{}" }],
    ["/v1/dead-letters", {}],
    [`/v1/keys/${made.id}`, { method: "DELETE", key: KEYS.other }],
  ];
  for (const [path, init] of calls) await (await darkroom.api(path, { key, ...init })).text();
  const upload = await darkroom.upload({ name: "note.mp3" }, speech("zero one"));
  const done = await darkroom.untilJob(upload.id);
  expect(done.state).toBe("completed");
  const failed = await darkroom.submit({ kind: "image_generation", prompt: "error:3010 broken" }, key);
  await darkroom.untilJob(failed.id, undefined, key);
  // Cause a server error: the stored transcript is not a transcript.
  const { DB, MEDIA } = darkroom.bindings();
  await DB.prepare("UPDATE artifacts SET key = 'results/broken' WHERE job_id = ?1").bind(upload.id).run();
  for (const stored of ["{}", 'they said "quotedwords" and '] as const) {
    await MEDIA.put("results/broken", stored);
    const broken = await darkroom.api(`/v1/jobs/${upload.id}/transcript?format=txt`, { key });
    expect(broken.status).toBe(500);
  }
  const signing = await useSigningSecrets(key);
  await darkroom.maintain();

  const log = darkroom
    .logs()
    .map((line) => JSON.stringify(line))
    .join("\n");
  for (const event of ["job.completed", "job.failed", "request.failed"]) expect(log).toContain(event);
  const { results } = await DB.prepare("SELECT secret_hash AS hash FROM api_keys").all<{ hash: string }>();
  const secrets = [...Object.values(KEYS), key, forged].map((one) => one.split("_").at(-1)!);
  const hidden = [...secrets, ...results.map(({ hash }) => hash), signature, ...signing, "quotedwords", "they said"];
  expect(hidden.filter((secret) => log.includes(secret))).toEqual([]);
  expect(log).not.toMatch(/authorization|bearer|whsec_|X-Amz-(Signature|Credential)|[?&]signature=/i);
});

/** Create every kind of signing secret, and use each correctly and incorrectly. @returns the secrets and the signatures. */
async function useSigningSecrets(key: string): Promise<string[]> {
  const receiver = await startReceiver();
  receiver.answer({ status: 204 }, { status: 500, body: "no" });
  const made = await darkroom.post("/v1/webhooks", { url: `${receiver.url}/hook`, events: ["job.cancelled"] }, key);
  const endpoint = await made.json<{ id: string; secret: string }>();
  const secrets = [endpoint.secret];
  for (const path of [`/v1/webhooks/${endpoint.id}/rotate`, "/v1/webhooks/secret/rotate"]) {
    secrets.push((await (await darkroom.post(path, {}, key)).json<{ secret: string }>()).secret);
  }
  secrets.push((await (await darkroom.api("/v1/webhooks/secret", { key })).json<{ secret: string }>()).secret);
  // One is accepted, one is refused, and one has no receiver.
  for (const _ of [1, 2]) await (await darkroom.post(`/v1/webhooks/${endpoint.id}/test`, {}, key)).text();
  await receiver.close();
  await (await darkroom.post(`/v1/webhooks/${endpoint.id}/test`, {}, key)).text();
  const told = receiver.received.map(({ headers }) => String(headers["webhook-signature"]));
  expect(told).toHaveLength(2);
  const signatures = told.flatMap((header) => header.split(" ").map((one) => one.split(",").at(-1)!));

  const headers = { "content-type": "application/json" };
  const body = JSON.stringify({
    name: "note.wav",
    sizeBytes: 6_000_000,
    method: "multipart",
    partSizeBytes: 5_242_880,
  });
  const announced = await darkroom.api("/v1/uploads", { method: "POST", headers, body, key });
  const { upload } = await announced.json<{ upload: PendingUpload }>();
  const again = await darkroom.post(`/v1/uploads/${upload.id}/parts`, {}, key);
  const signed = [...upload.parts!, ...(await again.json<{ upload: PendingUpload }>()).upload.parts!];
  for (const { url } of signed) {
    const { pathname, search, searchParams } = new URL(url);
    signatures.push(searchParams.get("X-Amz-Signature")!);
    // It is sent to the API by mistake, as by a client that confuses its addresses.
    await (await darkroom.api(`/v1${pathname}${search}`, { method: "PUT", body: "?", key })).text();
  }
  await (await darkroom.post(`/v1/uploads/${upload.id}/complete`, {}, key)).text();

  const pictured = await darkroom.api("/openai/v1/images/generations", {
    method: "POST",
    body: JSON.stringify({ prompt: "a harbour", response_format: "url" }),
    key,
  });
  const { data } = await pictured.json<{ data: { url: string }[] }>();
  const link = new URL(data[0]!.url);
  signatures.push(link.searchParams.get("signature")!);
  const statuses: number[] = [];
  for (const path of [link.pathname, link.pathname.replace("image.", "other.")]) {
    const response = await darkroom.api(path + link.search, { key: null });
    statuses.push(response.status);
    await response.arrayBuffer();
  }
  expect(statuses).toEqual([200, 401]);
  const signingSecret = await signingKey(darkroom.bindings().DB, Date.now());
  const found = [...secrets, ...secrets.map((one) => one.replace("whsec_", "")), ...signatures, signingSecret];
  expect(found.filter((one) => one.length < 20)).toEqual([]);
  return [...found, "local-secret"];
}
