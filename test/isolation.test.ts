// Every route with another owner's key, with a key that lacks its scope, and with none. A route that is not walked fails.
import { createHmac } from "node:crypto";

import { afterAll, beforeAll, expect, test } from "vitest";

import { app } from "../producer/index.ts";
import { SCOPE_OF } from "../producer/scopes.ts";
import { SCOPES } from "../shared/scopes.ts";
import { KEYS, startDarkroom } from "./harness.ts";
import { startReceiver } from "./receiver.ts";
import { speech } from "./speech.ts";

const darkroom = startDarkroom();
let receiver: Awaited<ReturnType<typeof startReceiver>>;
beforeAll(async () => {
  receiver = await startReceiver();
});
afterAll(() => receiver.close());

/** What the operator has, and another owner asks for. */
interface Belongings {
  readonly done: string;
  readonly waiting: string;
  readonly sourceKey: string;
  readonly letter: string;
  readonly redrive: string;
  readonly key: string;
  readonly upload: string;
  readonly uploadKey: string;
  readonly webhook: string;
  readonly delivery: string;
  readonly prediction: string;
  /** An address of Replicate's dialect. */
  readonly file: string;
  /** What only they may sign with: an endpoint's secret, and their key's. */
  readonly endpointSecret: string;
  readonly keySecret: string;
}

interface Step {
  readonly path: (theirs: Belongings) => string;
  /** JSON, a form, or bytes as they stand. */
  readonly body?: (theirs: Belongings) => unknown;
  /** The problem's code, in Replicate's dialect its title; null for an answer that may be given, and then says nothing of theirs. */
  readonly code: string | null;
}

/** What anybody may ask for. A signed link carries its own leave. */
const PUBLIC = new Set([
  "GET /healthz",
  "GET /openapi.json",
  "GET /docs",
  "GET /docs.js",
  "GET /docs.css",
  "GET /signed/jobs/:id/artifacts/:name",
]);

const PARTS = { parts: [{ number: 1, etag: '"etag"' }] };
/** Replicate's errors have no code; they are told apart by their title. */
const NO_PREDICTION = "No such prediction";
const INVALID_INPUT = "Input validation failed";
const NO_FILE = "No such file";

function recordingForm(): FormData {
  const form = new FormData();
  form.set("file", new File([speech("their words")], "same.mp3", { type: "audio/mpeg" }));
  form.set("model", "whisper-1");
  return form;
}

function fileForm(): FormData {
  const form = new FormData();
  form.set("content", new File([speech("their words")], "same.mp3", { type: "audio/mpeg" }));
  return form;
}

const WALK: Readonly<Record<string, Step>> = {
  "GET /v1/jobs": { path: () => "/v1/jobs?limit=100", code: null },
  "POST /v1/jobs": {
    path: () => "/v1/jobs",
    body: ({ sourceKey }) => ({ kind: "transcription", source: sourceKey }),
    code: "source_not_found",
  },
  "POST /v1/jobs/batch": {
    path: () => "/v1/jobs/batch",
    body: ({ sourceKey }) => ({ jobs: [{ kind: "transcription", source: sourceKey }] }),
    code: "source_not_found",
  },
  "GET /v1/jobs/:id": { path: ({ done }) => `/v1/jobs/${done}`, code: "job_not_found" },
  "DELETE /v1/jobs/:id": { path: ({ waiting }) => `/v1/jobs/${waiting}`, code: "job_not_found" },
  "GET /v1/jobs/:id/artifacts/:name": {
    path: ({ done }) => `/v1/jobs/${done}/artifacts/transcript.txt`,
    code: "artifact_not_found",
  },
  "GET /v1/jobs/:id/transcript": { path: ({ done }) => `/v1/jobs/${done}/transcript`, code: "job_not_found" },
  "GET /v1/jobs/:id/events": { path: ({ done }) => `/v1/jobs/${done}/events`, code: "job_not_found" },
  "GET /v1/uploads": { path: () => "/v1/uploads", code: null },
  // Their own bytes, the same as theirs: a job of their own, and no result taken over.
  "POST /v1/uploads": { path: () => "/v1/uploads?name=same.mp3", body: () => speech("their words"), code: null },
  "GET /v1/uploads/:id": { path: ({ upload }) => `/v1/uploads/${upload}`, code: "upload_not_found" },
  "DELETE /v1/uploads/:id": { path: ({ upload }) => `/v1/uploads/${upload}`, code: "upload_not_found" },
  "POST /v1/uploads/:id/parts": {
    path: ({ upload }) => `/v1/uploads/${upload}/parts`,
    body: () => ({}),
    code: "upload_not_found",
  },
  "PUT /v1/uploads/:id/parts": {
    path: ({ upload }) => `/v1/uploads/${upload}/parts`,
    body: () => PARTS,
    code: "upload_not_found",
  },
  "POST /v1/uploads/:id/complete": {
    path: ({ upload }) => `/v1/uploads/${upload}/complete`,
    body: () => PARTS,
    code: "upload_not_found",
  },
  "POST /v1/uploads/:id/s3": { path: ({ upload }) => `/v1/uploads/${upload}/s3?uploads`, code: "upload_not_found" },
  "GET /v1/uploads/:id/s3": { path: ({ upload }) => `/v1/uploads/${upload}/s3`, code: "upload_not_found" },
  "DELETE /v1/uploads/:id/s3": { path: ({ upload }) => `/v1/uploads/${upload}/s3`, code: "upload_not_found" },
  "GET /v1/dead-letters": { path: () => "/v1/dead-letters?view=list&state=all", code: null },
  "GET /v1/dead-letters/:id": { path: ({ letter }) => `/v1/dead-letters/${letter}`, code: "dead_letter_not_found" },
  "POST /v1/dead-letters/:id/redrive": {
    path: ({ letter }) => `/v1/dead-letters/${letter}/redrive`,
    body: () => ({}),
    code: "dead_letter_not_found",
  },
  "POST /v1/dead-letters/:id/discard": {
    path: ({ letter }) => `/v1/dead-letters/${letter}/discard`,
    body: () => ({ note: "mine now" }),
    code: "dead_letter_not_found",
  },
  "GET /v1/redrives": { path: () => "/v1/redrives", code: null },
  "POST /v1/redrives": {
    path: () => "/v1/redrives",
    body: () => ({ filter: { all: true } }),
    code: "nothing_to_redrive",
  },
  "GET /v1/redrives/:id": { path: ({ redrive }) => `/v1/redrives/${redrive}`, code: "redrive_not_found" },
  "DELETE /v1/redrives/:id": { path: ({ redrive }) => `/v1/redrives/${redrive}`, code: "redrive_not_found" },
  "GET /v1/queues": { path: () => "/v1/queues", code: null },
  "POST /v1/queues/:kind/pause": { path: () => "/v1/queues/transcription/pause", body: () => ({}), code: "forbidden" },
  "POST /v1/queues/:kind/resume": {
    path: () => "/v1/queues/image_generation/resume",
    body: () => ({}),
    code: "forbidden",
  },
  "GET /v1/audit": { path: () => "/v1/audit?limit=100", code: null },
  "GET /v1/keys": { path: () => "/v1/keys?limit=100", code: null },
  "POST /v1/keys": {
    path: () => "/v1/keys",
    body: () => ({ label: "a way in", ownerId: "operator", scopes: ["admin"] }),
    code: "forbidden",
  },
  "DELETE /v1/keys/:id": { path: ({ key }) => `/v1/keys/${key}`, code: "key_not_found" },
  "GET /v1/webhooks": { path: () => "/v1/webhooks", code: null },
  "POST /v1/webhooks": {
    path: () => "/v1/webhooks",
    body: () => ({ url: `${receiver.url}/own`, events: ["job.cancelled"] }),
    code: null,
  },
  "GET /v1/webhooks/:id": { path: ({ webhook }) => `/v1/webhooks/${webhook}`, code: "webhook_not_found" },
  "PATCH /v1/webhooks/:id": {
    path: ({ webhook }) => `/v1/webhooks/${webhook}`,
    body: () => ({ url: `${receiver.url}/own` }),
    code: "webhook_not_found",
  },
  "DELETE /v1/webhooks/:id": { path: ({ webhook }) => `/v1/webhooks/${webhook}`, code: "webhook_not_found" },
  "POST /v1/webhooks/:id/rotate": {
    path: ({ webhook }) => `/v1/webhooks/${webhook}/rotate`,
    code: "webhook_not_found",
  },
  "POST /v1/webhooks/:id/test": { path: ({ webhook }) => `/v1/webhooks/${webhook}/test`, code: "webhook_not_found" },
  "GET /v1/webhooks/:id/deliveries": {
    path: ({ webhook }) => `/v1/webhooks/${webhook}/deliveries`,
    code: "webhook_not_found",
  },
  "POST /v1/webhooks/:id/deliveries/:deliveryId/replay": {
    path: ({ webhook, delivery }) => `/v1/webhooks/${webhook}/deliveries/${delivery}/replay`,
    code: "webhook_not_found",
  },
  // Each key has one of its own.
  "GET /v1/webhooks/secret": { path: () => "/v1/webhooks/secret", code: null },
  "POST /v1/webhooks/secret/rotate": { path: () => "/v1/webhooks/secret/rotate", code: null },
  "GET /openai/v1/models": { path: () => "/openai/v1/models", code: null },
  "GET /openai/v1/models/:id{.+}": { path: () => "/openai/v1/models/@cf/openai/whisper", code: null },
  "POST /openai/v1/audio/transcriptions": {
    path: () => "/openai/v1/audio/transcriptions",
    body: recordingForm,
    code: null,
  },
  "POST /openai/v1/audio/translations": {
    path: () => "/openai/v1/audio/translations",
    body: recordingForm,
    code: null,
  },
  // The operator has paused pictures, and the call would wait; a prompt names nothing of anybody's.
  "POST /openai/v1/images/generations": {
    path: () => "/openai/v1/images/generations",
    body: () => ({ prompt: "a harbour", model: "none" }),
    code: "model_not_found",
  },
  "GET /replicate/v1/models": { path: () => "/replicate/v1/models", code: null },
  "GET /replicate/v1/models/:owner/:name": { path: () => "/replicate/v1/models/openai/whisper", code: null },
  "POST /replicate/v1/models/:owner/:name/predictions": {
    path: () => "/replicate/v1/models/openai/whisper/predictions",
    body: ({ file }) => ({ input: { audio: file } }),
    code: INVALID_INPUT,
  },
  "GET /replicate/v1/predictions": { path: () => "/replicate/v1/predictions", code: null },
  "POST /replicate/v1/predictions": {
    path: () => "/replicate/v1/predictions",
    body: ({ file }) => ({ version: "openai/whisper", input: { audio: file } }),
    code: INVALID_INPUT,
  },
  "GET /replicate/v1/predictions/:id": {
    path: ({ prediction }) => `/replicate/v1/predictions/${prediction}`,
    code: NO_PREDICTION,
  },
  "POST /replicate/v1/predictions/:id/cancel": {
    path: ({ prediction }) => `/replicate/v1/predictions/${prediction}/cancel`,
    code: NO_PREDICTION,
  },
  "POST /replicate/v1/files": { path: () => "/replicate/v1/files", body: fileForm, code: null },
  "GET /replicate/v1/files/:id": { path: ({ file }) => new URL(file).pathname, code: NO_FILE },
  "DELETE /replicate/v1/files/:id": { path: ({ file }) => new URL(file).pathname, code: NO_FILE },
  "GET /replicate/v1/webhooks/default/secret": { path: () => "/replicate/v1/webhooks/default/secret", code: null },
};

const ROUTES = [
  ...new Set(app.routes.filter(({ method }) => method !== "ALL").map(({ method, path }) => `${method} ${path}`)),
].filter((route) => !PUBLIC.has(route));

/** The harness' fetch knows no FormData of this realm: forms are encoded here. */
async function sent(body: unknown): Promise<RequestInit> {
  if (body === undefined) return {};
  if (body instanceof Uint8Array) return { body: body as BodyInit };
  if (!(body instanceof FormData)) return { body: JSON.stringify(body) };
  const form = new Response(body);
  const headers = { "content-type": form.headers.get("content-type")! };
  return { body: await form.arrayBuffer(), headers };
}

async function call(route: string, theirs: Belongings, key: string | null): Promise<Response> {
  const { path, body } = WALK[route]!;
  const [method = "GET"] = route.split(" ");
  return darkroom.api(path(theirs), { method, key, ...(await sent(body?.(theirs))) });
}

type Refusal = { code?: string; title?: string; status?: number; error?: { code: string; type: string } };

/** What a refusal is called in the dialect of its route; its shape is that dialect's alone. */
function nameOf(route: string, text: string): string | null {
  const refusal = JSON.parse(text) as Refusal;
  if (route.includes(" /openai/")) {
    expect(Object.keys(refusal)).toEqual(["error"]);
    return refusal.error!.code;
  }
  if (!route.includes(" /replicate/")) return refusal.code ?? null;
  expect(refusal).toMatchObject({ title: expect.any(String), detail: expect.any(String), status: expect.any(Number) });
  expect(refusal).not.toHaveProperty("code");
  return refusal.title ?? null;
}

/** How each dialect says that there is no key, and that the key may not. */
function refusalsOf(route: string): readonly [unauthorized: string, insufficient: string] {
  if (route.includes(" /openai/")) return ["invalid_api_key", "insufficient_scope"];
  if (route.includes(" /replicate/")) return ["Unauthenticated", "The key may not do this"];
  return ["unauthorized", "insufficient_scope"];
}

async function settle(): Promise<Belongings> {
  const { id: done, input } = await darkroom.upload({ name: "same.mp3" }, speech("their words"));
  await darkroom.untilJob(done);
  const broken = await darkroom.submit({ kind: "image_generation", prompt: "error:3010 broken" });
  await darkroom.untilJob(broken.id);
  await darkroom.post("/v1/queues/image_generation/pause", { note: "for the walk" });
  const waiting = await darkroom.submit({ kind: "image_generation", prompt: "their picture" });
  const letters = await darkroom.api("/v1/dead-letters?view=list");
  const letter = (await letters.json<{ deadLetters: { id: string }[] }>()).deadLetters[0]!.id;
  const redrive = await darkroom.post("/v1/redrives", { filter: { all: true } });
  const key = await darkroom.post("/v1/keys", { label: "their key", scopes: ["jobs:read"] });
  const announced = await darkroom.api("/v1/uploads", {
    method: "POST",
    headers: { "content-type": "application/json" },
    body: JSON.stringify({ name: "theirs.wav", sizeBytes: 6_000_000, method: "multipart", partSizeBytes: 5_242_880 }),
  });
  const { upload } = await announced.json<{ upload: { id: string; key: string } }>();
  const hook = { url: `${receiver.url}/theirs`, events: ["job.cancelled"] };
  const webhook = await (await darkroom.post("/v1/webhooks", hook)).json<{ id: string; secret: string }>();
  const delivery = await (await darkroom.post(`/v1/webhooks/${webhook.id}/test`, {})).json<{ id: string }>();
  const prediction = await darkroom.post("/replicate/v1/models/black-forest-labs/flux-schnell/predictions", {
    input: { prompt: "their picture" },
  });
  const file = await darkroom.api("/replicate/v1/files", { method: "POST", ...(await sent(fileForm())) });
  const secret = await darkroom.api("/v1/webhooks/secret");
  return {
    done,
    waiting: waiting.id,
    sourceKey: (input as { source: { key: string } }).source.key,
    letter,
    redrive: (await redrive.json<{ id: string }>()).id,
    key: (await key.json<{ id: string }>()).id,
    upload: upload.id,
    uploadKey: upload.key,
    webhook: webhook.id,
    delivery: delivery.id,
    prediction: (await prediction.json<{ id: string }>()).id,
    file: (await file.json<{ urls: { get: string } }>()).urls.get,
    endpointSecret: webhook.secret,
    keySecret: (await secret.json<{ secret: string }>()).secret,
  };
}

/** All that the operator can see of it, without what time alone changes. */
async function inventory(theirs: Belongings): Promise<unknown> {
  const paths = [
    ...[theirs.done, theirs.waiting].map((id) => `/v1/jobs/${id}`),
    `/v1/dead-letters/${theirs.letter}`,
    `/v1/redrives/${theirs.redrive}`,
    "/v1/keys?ownerId=operator",
    "/v1/audit",
    `/v1/uploads/${theirs.upload}`,
    "/v1/webhooks",
    "/v1/webhooks/secret",
    `/v1/webhooks/${theirs.webhook}/deliveries`,
    `/replicate/v1/predictions/${theirs.prediction}`,
    new URL(theirs.file).pathname,
  ];
  const seen = await Promise.all(paths.map(async (path) => [path, await (await darkroom.api(path)).json()]));
  return [seen, receiver.received.filter(({ path }) => path === "/theirs").length];
}

async function keyFor(ownerId: string, ...scopes: string[]): Promise<string> {
  const response = await darkroom.post("/v1/keys", { label: "for a test", ownerId, scopes });
  return (await response.json<{ key: string }>()).key;
}

test("every route is walked, and says which scope it wants", () => {
  expect(ROUTES.toSorted()).toEqual(Object.keys(WALK).toSorted());
  expect(Object.keys(SCOPE_OF).toSorted()).toEqual(ROUTES.toSorted());
});

test("another owner's key, with every scope or just the route's, sees and changes nothing", async () => {
  const theirs = await settle();
  const every = await keyFor("ben", ...SCOPES);
  const sole = Object.fromEntries(
    await Promise.all(SCOPES.map(async (scope) => [scope, await keyFor("ben", scope)] as const)),
  );
  const before = await inventory(theirs);
  const words = ["their picture", "their key", theirs.endpointSecret, theirs.keySecret];
  const ids = [...Object.values(theirs), '"operator"'];

  for (const keyOf of [() => every, (route: string) => sole[SCOPE_OF[route]!]!]) {
    const answers: Record<string, string | null> = {};
    for (const route of ROUTES) {
      const response = await call(route, theirs, keyOf(route));
      const text = await response.text();
      answers[route] = response.ok ? refusedInBatch(route, text) : nameOf(route, text);
      // What is asked for may be repeated, and nothing else of theirs. Who brings the same words may have them back.
      const asked = JSON.stringify([WALK[route]!.path(theirs), WALK[route]!.body?.(theirs) ?? null]);
      const hidden = response.ok ? [...words, ...ids.filter((id) => !asked.includes(id))] : [...words, "their words"];
      expect([route, hidden.filter((word) => text.includes(word))]).toEqual([route, []]);
    }
    expect(answers).toEqual(Object.fromEntries(ROUTES.map((route) => [route, WALK[route]!.code])));
  }
  expect(await inventory(theirs)).toEqual(before);
});

/** A batch is answered, and each of its jobs for itself. */
function refusedInBatch(route: string, text: string): string | null {
  if (route !== "POST /v1/jobs/batch") return null;
  const { results } = JSON.parse(text) as { results: { problem?: { code: string } }[] };
  return results[0]?.problem?.code ?? null;
}

test("without a key no route answers, and one that lacks a scope is told which", async () => {
  const theirs = await settle();
  const keys = Object.fromEntries(
    await Promise.all(SCOPES.map(async (scope) => [scope, await keyFor("operator", scope)] as const)),
  );
  const before = await inventory(theirs);
  for (const route of ROUTES) {
    const scope = SCOPE_OF[route]!;
    const [unauthorized, insufficient] = refusalsOf(route);
    for (const key of [null, KEYS.revoked]) {
      const response = await call(route, theirs, key);
      const name = nameOf(route, await response.text());
      expect([route, response.status, name]).toEqual([route, 401, unauthorized]);
      expect(response.headers.get("www-authenticate")).toMatch(/^Bearer realm="darkroom"/);
    }
    for (const [own, key] of Object.entries(keys)) {
      if (own === scope) continue;
      const response = await call(route, theirs, key);
      const name = nameOf(route, await response.text());
      expect([route, own, response.status, name]).toEqual([route, own, 403, insufficient]);
      expect(response.headers.get("www-authenticate")).toContain(`error="insufficient_scope", scope="${scope}"`);
    }
  }
  expect(await inventory(theirs)).toEqual(before);
});

test("what is public is so without a key and says nothing of anybody, and a link opens what it was signed for", async () => {
  const theirs = await settle();
  const said = Object.values(theirs);
  for (const route of [...PUBLIC].filter((one) => !one.includes(":"))) {
    const response = await darkroom.api(route.slice("GET ".length), { key: null });
    const text = await response.text();
    expect([route, response.status, said.filter((word) => text.includes(word))]).toEqual([route, 200, []]);
  }
  const expires = String(Math.floor(Date.now() / 1000) + 60);
  const path = `/signed/jobs/${theirs.done}/artifacts/transcript.txt`;
  const hmac = createHmac("sha256", darkroom.bindings().URL_SIGNING_KEY!).update(`${path}\n${expires}`);
  const query = `?expires=${expires}&signature=${hmac.digest("hex")}`;
  const others = [path, path.replace(".txt", ".json") + query, path.replace(theirs.done, theirs.waiting) + query];
  const statuses: number[] = [];
  for (const link of [path + query, ...others]) statuses.push((await darkroom.api(link, { key: null })).status);
  expect(statuses).toEqual([200, 401, 401, 401]);
});
