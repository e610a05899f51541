// Every route with another owner's key, with a key that lacks its scope, and without a key. A route that is not tested fails the test.
import { createHmac } from "node:crypto";

import { afterAll, beforeAll, expect, test } from "vitest";

import { app } from "../producer/index.ts";
import { SCOPES_OF } from "../producer/http/scopes.ts";
import { signingKey } from "../shared/keys/signing-keys.ts";
import { SCOPES } from "../shared/keys/scopes.ts";
import { KEYS, startDarkroom, until } from "./harness.ts";
import { embedJob } from "./passages.ts";
import { startReceiver } from "./receiver.ts";
import { speech } from "./speech.ts";
import { type Belongings, fileForm, PUBLIC, WALK } from "./walk.ts";

const darkroom = startDarkroom();
let receiver: Awaited<ReturnType<typeof startReceiver>>;
beforeAll(async () => {
  receiver = await startReceiver();
});
afterAll(() => receiver.close());

const ROUTES = [
  ...new Set(app.routes.filter(({ method }) => method !== "ALL").map(({ method, path }) => `${method} ${path}`)),
].filter((route) => !PUBLIC.has(route));

/** Encode a form, because the harness's fetch does not recognise FormData of this realm. */
async function sent(body: unknown): Promise<{ body?: BodyInit; headers?: Record<string, string> }> {
  if (body === undefined) return {};
  if (body instanceof Uint8Array) return { body: body as BodyInit };
  if (!(body instanceof FormData)) return { body: JSON.stringify(body) };
  const form = new Response(body);
  const headers = { "content-type": form.headers.get("content-type")! };
  return { body: await form.arrayBuffer(), headers };
}

async function call(route: string, theirs: Belongings, key: string | null): Promise<Response> {
  const { path, body, headers } = WALK[route]!;
  const [method = "GET"] = route.split(" ");
  const content = await sent(body?.(theirs));
  return darkroom.api(path(theirs), { method, key, ...content, headers: { ...headers, ...content.headers } });
}

type Refusal = { code?: string; title?: string; status?: number; error?: { code: string; type: string } };

/** Return the name of a refusal in the dialect of its route. It has the shape of that dialect. */
function nameOf(route: string, text: string): string | null {
  const refusal = JSON.parse(text) as Refusal;
  if (route.includes(" /openai/")) {
    return Object.keys(refusal).join(",") === "error" ? refusal.error!.code : `not OpenAI's shape: ${text}`;
  }
  if (!route.includes(" /replicate/")) return refusal.code ?? null;
  const isShaped = refusal.code === undefined && refusal.status !== undefined && refusal.title !== undefined;
  return isShaped ? refusal.title! : `not Replicate's shape: ${text}`;
}

/** The names in each dialect for a missing key, and for a key without the scope. */
function refusalsOf(route: string): readonly [unauthorized: string, insufficient: string] {
  if (route.includes(" /openai/")) return ["invalid_api_key", "insufficient_scope"];
  if (route.includes(" /replicate/")) return ["Unauthenticated", "The key may not do this"];
  return ["unauthorized", "insufficient_scope"];
}

async function settle(): Promise<Belongings> {
  const marks = { tag: "their tag", metadata: '{"order":"their order"}' };
  const { id: done, input } = await darkroom.upload({ name: "same.mp3", ...marks }, speech("their words"));
  await darkroom.untilJob(done);
  await embedJob(darkroom.bindings(), done);
  await until(
    () => darkroom.api("/v1/search?q=their+words").then((response) => response.json<{ hits: unknown[] }>()),
    ({ hits }) => hits.length > 0,
  );
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
  await darkroom.api("/v1/budgets/operator/day", { method: "PUT", body: JSON.stringify({ neurons: 12_345_678 }) });
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

/** Return everything that the operator can see of it, without the fields that only time changes. */
async function inventory(theirs: Belongings): Promise<unknown> {
  const paths = [
    ...[theirs.done, theirs.waiting].map((id) => `/v1/jobs/${id}`),
    `/v1/dead-letters/${theirs.letter}`,
    `/v1/redrives/${theirs.redrive}`,
    "/v1/keys?ownerId=operator",
    "/v1/audit",
    "/v1/budgets",
    `/v1/uploads/${theirs.upload}`,
    "/v1/webhooks",
    "/v1/webhooks/secret",
    `/v1/webhooks/${theirs.webhook}/deliveries`,
    `/replicate/v1/predictions/${theirs.prediction}`,
    new URL(theirs.file).pathname,
  ];
  // A signed address is signed again each time.
  const readPath = async (path: string) =>
    (await (await darkroom.api(path)).text()).replaceAll(/expires=\d+|signature=[0-9a-f]+/g, "");
  const seen = await Promise.all(paths.map(async (path) => [path, JSON.parse(await readPath(path)) as unknown]));
  return [seen, receiver.received.filter(({ path }) => path === "/theirs").length];
}

async function keyFor(ownerId: string, ...scopes: string[]): Promise<string> {
  const response = await darkroom.post("/v1/keys", { label: "for a test", ownerId, scopes });
  return (await response.json<{ key: string }>()).key;
}

test("every route is visited, and requires the scope in the table", () => {
  expect(ROUTES.toSorted()).toEqual(Object.keys(WALK).toSorted());
  expect(Object.keys(SCOPES_OF).toSorted()).toEqual(ROUTES.toSorted());
});

test("another owner's key, with every scope or just the route's, sees and changes nothing", async () => {
  const theirs = await settle();
  const every = await keyFor("ben", ...SCOPES);
  const sets = new Map(Object.values(SCOPES_OF).map((scopes) => [scopes.join(" "), scopes]));
  const sole = Object.fromEntries(
    await Promise.all(
      // Every key has a scope. A route that requires none is called with an unrelated one.
      [...sets].map(
        async ([name, scopes]) => [name, await keyFor("ben", ...(name === "" ? ["webhooks"] : scopes))] as const,
      ),
    ),
  );
  const before = await inventory(theirs);
  const words = ["12345678", "their picture", "their key", theirs.endpointSecret, theirs.keySecret];
  const ids = [...Object.values(theirs), '"operator"'];

  for (const keyOf of [() => every, (route: string) => sole[SCOPES_OF[route]!.join(" ")]!]) {
    const answers: Record<string, string | null> = {};
    for (const route of ROUTES) {
      const response = await call(route, theirs, keyOf(route));
      const text = await response.text();
      answers[route] = response.ok ? refusedInBatch(route, text) : nameOf(route, text);
      // An answer may repeat the request, and nothing else of theirs. A caller that sends the same words may get them back.
      const asked = JSON.stringify([WALK[route]!.path(theirs), WALK[route]!.body?.(theirs) ?? null]);
      const hidden = response.ok ? [...words, ...ids.filter((id) => !asked.includes(id))] : [...words, "their words"];
      expect([route, hidden.filter((word) => text.includes(word))]).toEqual([route, []]);
    }
    expect(answers).toEqual(Object.fromEntries(ROUTES.map((route) => [route, WALK[route]!.code])));
  }
  expect(await inventory(theirs)).toEqual(before);
});

/** Return the answers to each job of a batch. */
function refusedInBatch(route: string, text: string): string | null {
  if (!route.startsWith("POST /v1/jobs/batch")) return null;
  const { results } = JSON.parse(text) as { results: { problem?: { code: string } }[] };
  return results[0]?.problem?.code ?? null;
}

test("a key that may only write learns nothing of its owner's content on any route", async () => {
  const theirs = await settle();
  const key = await keyFor("operator", "jobs:write");
  const words = ["their", "error:3010", "harbour", theirs.endpointSecret, theirs.keySecret];
  for (const route of ROUTES) {
    const response = await call(route, theirs, key);
    const text = await response.text();
    // The source was uploaded with another key, whose objects only a key that may read learns of.
    const isOfOther = route === "POST /v1/jobs/estimate";
    expect([route, response.status === 403]).toEqual([
      route,
      isOfOther || SCOPES_OF[route]!.some((scope) => scope !== "jobs:write"),
    ]);
    // The request named it itself, or got it with the id of an upload.
    const known = ["their+words", "theirs.wav"];
    const told = known.reduce((rest, own) => rest.replaceAll(own, ""), text);
    expect([route, words.filter((word) => told.includes(word))]).toEqual([route, []]);
    for (const result of ["labels", "artifacts", "attempts", "input", "tags", "metadata", "error"]) {
      const shown = response.ok && !route.includes("/files") ? text : "";
      expect([route, shown.includes(`"${result}"`)]).toEqual([route, false]);
    }
  }
});

test("without a key no route answers, and a key that lacks a scope learns which", async () => {
  const theirs = await settle();
  const keys = Object.fromEntries(
    await Promise.all(SCOPES.map(async (scope) => [scope, await keyFor("operator", scope)] as const)),
  );
  const before = await inventory(theirs);
  for (const route of ROUTES) {
    const scopes = SCOPES_OF[route]!;
    const [unauthorized, insufficient] = refusalsOf(route);
    for (const key of [null, KEYS.revoked]) {
      const response = await call(route, theirs, key);
      const name = nameOf(route, await response.text());
      expect([route, response.status, name]).toEqual([route, 401, unauthorized]);
      expect(response.headers.get("www-authenticate")).toMatch(/^Bearer realm="darkroom"/);
    }
    for (const [own, key] of Object.entries(keys)) {
      const missing = scopes.filter((scope) => scope !== own);
      if (missing.length === 0) continue;
      const response = await call(route, theirs, key);
      const name = nameOf(route, await response.text());
      expect([route, own, response.status, name]).toEqual([route, own, 403, insufficient]);
      expect(response.headers.get("www-authenticate")).toContain(
        `error="insufficient_scope", scope="${missing.join(" ")}"`,
      );
    }
  }
  expect(await inventory(theirs)).toEqual(before);
});

test("public routes need no key and show nothing of any owner, and a link opens what it was signed for", async () => {
  const theirs = await settle();
  const said = Object.values(theirs);
  for (const route of [...PUBLIC].filter((one) => one.startsWith("GET ") && !one.includes(":"))) {
    const response = await darkroom.api(route.slice("GET ".length), { key: null });
    const text = await response.text();
    expect([route, response.status, said.filter((word) => text.includes(word))]).toEqual([route, 200, []]);
  }
  const expires = String(Math.floor(Date.now() / 1000) + 60);
  const path = `/signed/jobs/${theirs.done}/artifacts/transcript.txt`;
  const key = await signingKey(darkroom.bindings().DB, Date.now());
  const hmac = createHmac("sha256", key).update(`${path}\n${expires}`);
  const query = `?expires=${expires}&signature=${hmac.digest("hex")}`;
  const others = [path, path.replace(".txt", ".json") + query, path.replace(theirs.done, theirs.waiting) + query];
  const statuses: number[] = [];
  for (const link of [path + query, ...others]) statuses.push((await darkroom.api(link, { key: null })).status);
  expect(statuses).toEqual([200, 401, 401, 401]);
});
