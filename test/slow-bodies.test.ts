// Requests whose key ends while they are being sent, over separate sockets.
import { request } from "node:http";

import { expect, test, vi } from "vitest";

import { KEY_LOOKED_UP_MS, keyWatch } from "../producer/http/guard-body.ts";
import { startDarkroom } from "./harness.ts";
import { speech } from "./speech.ts";

const darkroom = startDarkroom();

interface Sent {
  readonly method?: string;
  readonly path: string;
  readonly body: string | Uint8Array;
  readonly headers?: Record<string, string>;
  /** Whether the request does not give its length. */
  readonly isChunked?: boolean;
}

/** Send all but the last bytes of a request. @returns functions that send them, and read the answer. */
function begin({ method = "POST", path, body, headers = {}, isChunked = false }: Sent, key: string) {
  const bytes = Buffer.from(body);
  const { promise, resolve, reject } = Promise.withResolvers<{ status: number; text: string }>();
  const length = isChunked ? {} : { "content-length": String(bytes.length) };
  const sending = request(
    `${darkroom.origin()}${path}`,
    { method, headers: { authorization: `Bearer ${key}`, ...length, ...headers } },
    (response) => {
      const parts: Buffer[] = [];
      response.on("data", (part: Buffer) => parts.push(part));
      response.on("end", () => resolve({ status: response.statusCode ?? 0, text: Buffer.concat(parts).toString() }));
    },
  );
  sending.on("error", reject);
  sending.write(bytes.subarray(0, -2));
  return async () => {
    sending.end(bytes.subarray(-2));
    return promise;
  };
}

const json = { "content-type": "application/json" };
const form = (name: string) => ({
  headers: { "content-type": "multipart/form-data; boundary=b" },
  body: `--b\r\nContent-Disposition: form-data; name="${name}"; filename="a.txt"\r\nContent-Type: text/plain\r\n\r\nwords\r\n--b--\r\n`,
});

function writes(endpointId: string): readonly Sent[] {
  const edited = JSON.stringify({ url: "https://example.com/theirs" });
  const job = JSON.stringify({ kind: "classification", text: "a fine harbour" });
  return [
    { method: "PATCH", path: `/v1/webhooks/${endpointId}`, body: edited, headers: json },
    { method: "PATCH", path: `/v1/webhooks/${endpointId}`, body: edited, headers: json, isChunked: true },
    { path: "/v1/webhooks", body: edited, headers: json },
    { path: "/v1/keys", body: JSON.stringify({ label: "another", scopes: ["admin"] }), headers: json },
    { path: "/v1/jobs", body: job, headers: json },
    { path: "/v1/jobs", body: job, headers: { ...json, "idempotency-key": "once" } },
    { method: "PUT", path: "/v1/budgets/operator/day", body: JSON.stringify({ neurons: 5 }), headers: json },
    { path: "/v1/uploads?name=a.txt", body: "some words" },
    { path: "/v1/uploads?name=a.wav", body: speech("harbour"), headers: { "idempotency-key": "once-more" } },
    { path: "/replicate/v1/files", ...form("content") },
    { path: "/openai/v1/audio/transcriptions", ...form("file") },
    { path: "/openai/v1/images/generations", body: JSON.stringify({ prompt: "a boat" }), headers: json },
  ];
}

const sleep = (ms: number) => new Promise((resolve) => setTimeout(resolve, ms));
/** Under load, a request is handled late. */
const SLOW_MS = KEY_LOOKED_UP_MS + 3_000;

async function setUp() {
  const made = await darkroom.post("/v1/keys", {
    label: "a key",
    scopes: ["jobs:read", "jobs:write", "webhooks", "admin"],
  });
  const { id, key } = await made.json<{ id: string; key: string }>();
  const hook = await darkroom.post("/v1/webhooks", { url: "https://example.com/ours" });
  return { keyId: id, key, endpointId: (await hook.json<{ id: string }>()).id };
}

async function rows() {
  const { DB, MEDIA } = darkroom.bindings();
  const tables = ["jobs", "tasks", "uploads", "api_keys", "webhook_endpoints", "budgets"];
  const counts = await DB.batch<{ rows: number }>(
    tables.map((table) => DB.prepare(`SELECT count(*) AS rows FROM ${table}`)),
  );
  const answers = await DB.prepare("SELECT status FROM idempotency_keys WHERE status IS NOT NULL").all();
  const urls = await DB.prepare("SELECT url FROM webhook_endpoints").all();
  const { objects } = await MEDIA.list();
  return {
    counts: counts.map(({ results }) => results[0]?.rows),
    urls: urls.results,
    answers: answers.results,
    objects: objects.length,
  };
}

test("a request whose key is revoked while its body is being sent writes nothing, whatever it is", async () => {
  const { key, keyId, endpointId } = await setUp();
  const before = await rows();
  const sent = writes(endpointId).map((one) => ({ one, end: begin(one, key) }));
  await sleep(SLOW_MS);
  expect((await darkroom.api(`/v1/keys/${keyId}`, { method: "DELETE" })).status).toBe(200);
  const answers = await Promise.all(sent.map(async ({ one, end }) => ({ path: one.path, ...(await end()) })));
  // Each of them began while the key was valid.
  const refused = { status: 401, text: expect.stringContaining("while the request was being sent") };
  expect(answers).toEqual(sent.map(({ one }) => ({ path: one.path, ...refused })));
  await sleep(500);
  expect(await rows()).toEqual(before);
});

test("a slow body is accepted if its key is still valid, and a request that was done before the body came is answered as done", async () => {
  const { key, keyId, endpointId } = await setUp();
  const [edit, , , , job, , , upload] = writes(endpointId);
  const ends = [edit!, job!, upload!].map((one) => begin(one, key));
  const { id } = await darkroom.submit({ kind: "classification", text: "sleep:60000 long" });
  const cancelling = begin({ path: `/v1/jobs/${id}/cancel`, body: "who reads this" }, key);
  await sleep(SLOW_MS);
  const answers = await Promise.all(ends.map((end) => end()));
  expect(answers.map(({ status }) => status)).toEqual([200, 201, 201]);
  await darkroom.api(`/v1/keys/${keyId}`, { method: "DELETE" });
  expect((await cancelling()).status).toBe(200);
});

test("a key is looked up again only if the last look is long ago", async () => {
  const clock = vi.spyOn(Date, "now").mockReturnValue(0);
  const isUsable = vi.fn<() => Promise<boolean>>().mockResolvedValue(true);
  const mayStillAct = keyWatch(isUsable);
  const at = async (ms: number) => {
    clock.mockReturnValue(ms);
    return [await mayStillAct(), isUsable.mock.calls.length];
  };
  try {
    expect(await at(KEY_LOOKED_UP_MS - 1)).toEqual([true, 0]);
    expect(await at(KEY_LOOKED_UP_MS)).toEqual([true, 1]);
    expect(await at(KEY_LOOKED_UP_MS + 1)).toEqual([true, 1]);
    isUsable.mockResolvedValue(false);
    expect(await at(2 * KEY_LOOKED_UP_MS)).toEqual([false, 2]);
    expect(await at(2 * KEY_LOOKED_UP_MS + 1)).toEqual([false, 3]);
  } finally {
    clock.mockRestore();
  }
});
