// The document matches the code in every route and every answer.
import { Script } from "node:vm";

import { Ajv2020 } from "ajv/dist/2020.js";
import { expect, test } from "vitest";

import { KEYS, startDarkroom, until } from "./harness.ts";
import { answersOf, type Document, METHODS, type Operation, strictly } from "./document.ts";
import { embedJob } from "./passages.ts";
import { speech } from "./speech.ts";
import type { JobView } from "./views.ts";

const SETUP_TOKEN = "a-setup-token-of-tests";
const darkroom = startDarkroom({ SETUP_TOKEN });

async function readDocument(): Promise<Document> {
  return (await darkroom.api("/openapi.json", { key: null })).json<Document>();
}

/** More than an object's metadata can have, once it is escaped for a header. */
const wide = Array.from({ length: 16 }, (_, index) => [`key${index}`, "é".repeat(512)]);

/** The essential parts of the OpenAPI 3.1 schema, without which a generator cannot use a document. */
const OPENAPI_3_1 = {
  type: "object",
  required: ["openapi", "info", "paths", "components"],
  properties: {
    openapi: { pattern: "^3\\.1\\.\\d+$" },
    info: { type: "object", required: ["title", "version"] },
    // One of these scopes is enough.
    security: { const: [{ key: [] }, { access: [] }] },
    components: {
      type: "object",
      required: ["schemas", "securitySchemes"],
      properties: {
        securitySchemes: { required: ["key", "access"] },
        schemas: {
          type: "object",
          propertyNames: { pattern: "^[a-zA-Z0-9._-]+$" },
          additionalProperties: { $ref: "https://json-schema.org/draft/2020-12/schema" },
        },
      },
    },
    paths: {
      type: "object",
      propertyNames: { pattern: "^/" },
      additionalProperties: {
        type: "object",
        propertyNames: { enum: METHODS },
        additionalProperties: { $ref: "#/$defs/operation" },
      },
    },
  },
  $defs: {
    operation: {
      type: "object",
      required: ["operationId", "summary", "tags", "responses"],
      properties: {
        parameters: {
          type: "array",
          items: {
            type: "object",
            required: ["in", "name", "schema"],
            properties: {
              in: { enum: ["query", "path", "header"] },
              schema: { $ref: "https://json-schema.org/draft/2020-12/schema" },
            },
            if: { properties: { in: { const: "path" } } },
            // oxlint-disable-next-line unicorn/no-thenable
            then: { required: ["required"], properties: { required: { const: true } } },
          },
        },
        requestBody: { type: "object", required: ["content"], properties: { content: { $ref: "#/$defs/content" } } },
        responses: {
          type: "object",
          minProperties: 1,
          propertyNames: { pattern: "^[1-5]\\d\\d$" },
          additionalProperties: {
            type: "object",
            required: ["description"],
            properties: { description: { type: "string", minLength: 1 }, content: { $ref: "#/$defs/content" } },
          },
        },
      },
    },
    content: {
      type: "object",
      propertyNames: { pattern: "^[^/]+/[^/]+$" },
      additionalProperties: {
        type: "object",
        required: ["schema"],
        properties: { schema: { $ref: "https://json-schema.org/draft/2020-12/schema" } },
      },
    },
  },
};

test("the document is OpenAPI 3.1, each operation has an id of its own, and each path its parameters", async () => {
  const document = await readDocument();
  const isValid = new Ajv2020({ strict: false }).compile(OPENAPI_3_1);
  expect(isValid(document) ? [] : isValid.errors).toEqual([]);
  const ids = Object.values(document.paths).flatMap((path) => Object.values(path).map((one) => one.operationId));
  expect(new Set(ids).size).toBe(ids.length);
  for (const [path, operations] of Object.entries(document.paths)) {
    const names = [...path.matchAll(/\{(\w+)\}/g)].map((match) => match[1] ?? "");
    const isPublic = !path.startsWith("/v1/");
    const wantsSignature = path.startsWith("/signed/");
    for (const operation of Object.values(operations)) {
      const declared = (operation.parameters ?? []).filter((one) => one.in === "path").map((one) => one.name);
      const { security } = operation;
      expect({ path, declared: new Set(declared), security, wantsKey: "401" in operation.responses }).toEqual({
        path,
        declared: new Set(names),
        security: isPublic ? [] : undefined,
        wantsKey: !isPublic || wantsSignature,
      });
    }
  }
  const references = JSON.stringify(document).match(/#\/components\/schemas\/[^"]+/g) ?? [];
  for (const name of new Set(references)) expect(document.components.schemas).toHaveProperty(name.split("/").at(-1)!);
});

test("the page at /docs brings all that it names, and its script is one", async () => {
  const page = await darkroom.api("/docs", { key: null });
  // It loads nothing from elsewhere, and has nothing inline.
  expect(page.headers.get("content-security-policy")).toMatch(
    /script-src 'self'; style-src 'self'; connect-src 'self'/,
  );
  const names = [...(await page.text()).matchAll(/(?:href|src)="([^"]+)"/g)].map((match) => match[1] ?? "");
  expect(new Set(names)).toEqual(
    new Set(["/", "/docs.css", "/docs.js", "/openapi.json", "/openapi/openai.json", "/openapi/replicate.json"]),
  );
  // The page itself is not one of the Worker's own files.
  for (const name of names.filter((one) => one !== "/"))
    expect((await darkroom.api(name, { key: null })).status).toBe(200);
  const script = await (await darkroom.api("/docs.js", { key: null })).text();
  expect(() => new Script(script)).not.toThrow();
});

test("the answers of the API match the document, to the last field", async () => {
  const document = strictly(await readDocument());
  const seen: string[] = [];
  const operations = new Map<string, Operation>(
    Object.values(document.paths).flatMap((path) => Object.values(path).map((one) => [one.operationId, one] as const)),
  );

  /** Call, and check the answer against the document. */
  async function call(id: string, path: string, init: RequestInit & { key?: string } = {}): Promise<never> {
    const response = await darkroom.api(path, init);
    const text = await response.text();
    const errors = answersOf(document, operations.get(id)!, { response, text });
    expect({ called: `${id} ${response.status} ${text}`, errors }).toMatchObject({ errors: [] });
    seen.push(`${id} ${response.status}`);
    return (text.startsWith("{") ? JSON.parse(text) : text) as never;
  }
  const json = (body: unknown, headers = {}) => ({ method: "POST", body: JSON.stringify(body), headers });
  const remove = { method: "DELETE" };

  await call("readHealth", "/healthz");
  await call("readDocument", "/openapi.json");
  await call("readOpenAiDocument", "/openapi/openai.json");
  await call("readReplicateDocument", "/openapi/replicate.json");
  for (const [id, path] of Object.entries({
    readDocs: "/docs",
    readDocsScript: "/docs.js",
    readDocsStyle: "/docs.css",
    readSetup: "/setup",
  }))
    await call(id, path);

  const upload: JobView = await call("upload", "/v1/uploads?name=a.wav&tag=x&metadata=%7B%22a%22%3A%22b%22%7D", {
    method: "POST",
    body: speech("zero one two"),
  });
  await darkroom.untilJob(upload.id);
  await call("upload", "/v1/uploads?name=a.bin", { method: "POST", body: "no media" });
  await call("listUploads", "/v1/uploads");
  await call("readJob", `/v1/jobs/${upload.id}`);
  const { headers } = await darkroom.api(`/v1/jobs/${upload.id}`);
  await call("readJob", `/v1/jobs/${upload.id}`, { headers: { "if-none-match": headers.get("etag")! } });
  await call("readJob", "/v1/jobs/none");
  for (const format of ["json", "txt", "vtt", "srt", "pdf"])
    await call("readTranscript", `/v1/jobs/${upload.id}/transcript?format=${format}`);
  const { headers: tagged } = await darkroom.api(`/v1/jobs/${upload.id}/transcript`);
  await call("readTranscript", `/v1/jobs/${upload.id}/transcript`, {
    headers: { "if-none-match": tagged.get("etag")! },
  });
  const edit = (method: string, body: unknown, more = {}) => ({
    method,
    body: JSON.stringify(body),
    headers: { "if-match": tagged.get("etag")!, ...more },
  });
  const said = { operations: [{ op: "speaker", segment: 0, speaker: "Ann" }] };
  await call("editTranscript", `/v1/jobs/${upload.id}/transcript`, { ...edit("PATCH", said), headers: {} });
  await call("editTranscript", `/v1/jobs/${upload.id}/transcript`, edit("PATCH", said));
  await call("editTranscript", `/v1/jobs/${upload.id}/transcript`, edit("PATCH", said, { prefer: "return=minimal" }));
  await call("editTranscript", `/v1/jobs/${upload.id}/transcript`, edit("PATCH", { operations: [] }));
  await call("editTranscript", "/v1/jobs/none/transcript", edit("PATCH", said));
  await call("readTranscriptHistory", `/v1/jobs/${upload.id}/transcript/history`);
  await call("readTranscriptHistory", "/v1/jobs/none/transcript/history");
  const back = `/v1/jobs/${upload.id}/transcript/revert`;
  await call("revertTranscript", back, edit("POST", { version: 0 }));
  await call("revertTranscript", back, edit("POST", { version: 0 }, { "if-match": "*" }));
  await call("revertTranscript", back, edit("POST", { version: 99 }, { "if-match": "*" }));
  await call("readTranscript", `/v1/jobs/${upload.id}/transcript?version=99`);
  await call("readArtifact", `/v1/jobs/${upload.id}/artifacts/transcript.json`);
  await call("readArtifact", `/v1/jobs/${upload.id}/artifacts/none`);
  await call("readArtifact", `/v1/jobs/${upload.id}/artifacts/transcript.txt`, { headers: { range: "bytes=0-1" } });
  await call("readSource", `/v1/jobs/${upload.id}/source`);
  await call("readSource", `/v1/jobs/${upload.id}/source`, { headers: { range: "bytes=0-1" } });
  await call("readSource", "/v1/jobs/none/source");
  for (const query of ["", "?fromMs=100&toMs=400", "?fromMs=9000000", "?fromMs=2&toMs=1"])
    await call("readAudio", `/v1/jobs/${upload.id}/audio${query}`);
  await call("readAudio", "/v1/jobs/none/audio");
  await call("cancelJob", `/v1/jobs/${upload.id}/cancel`, { method: "POST" });
  await embedJob(darkroom.bindings(), upload.id);
  await until<{ hits: unknown[] }>(
    async () => call("search", "/v1/search?q=zero%20error:3040"),
    ({ hits }) => hits.length > 0,
  );
  await call("search", "/v1/search?q=zero");
  await call("search", "/v1/search?q=");

  await call("submitJob", "/v1/jobs", json({ kind: "classification", text: "horse" }, { prefer: "wait=60" }));
  await call("submitJob", "/v1/jobs", json({ kind: "image_generation", prompt: "sleep:5000" }, { prefer: "wait=1" }));
  for (const text of ["error:3003 a", "error:3003 b", "error:3003 c"]) {
    const failing: JobView = await call("submitJob", "/v1/jobs", json({ kind: "classification", text }));
    await darkroom.untilJob(failing.id);
  }
  await call("submitJob", "/v1/jobs", { method: "POST", body: "{" });
  await call("submitJob", "/v1/jobs", json({ kind: "transcription", source: "inbox/none" }));
  const both = {
    jobs: [{ kind: "classification", text: "fox" }, { kind: "none" }, { kind: "transcription", source: "x" }],
  };
  await call("submitJobs", "/v1/jobs/batch", json(both));
  const picture = json({ kind: "image_generation", prompt: "a harbour" });
  const file = () => ({ method: "POST", body: speech("zero") });
  // A dry run answers what the operation that has replaced it answers.
  for (const path of ["/v1/jobs/estimate", "/v1/jobs?dryRun=true"]) await call("estimateJob", path, picture);
  for (const path of ["/v1/jobs/batch/estimate", "/v1/jobs/batch?dryRun=true"])
    await call("estimateJobs", path, json(both));
  for (const path of ["/v1/uploads/estimate?name=a.wav", "/v1/uploads?name=a.wav&dryRun=true"])
    await call("estimateUpload", path, file());
  await call("estimateJob", "/v1/jobs/estimate?dryRun=true", json({ kind: "none" }));
  await call("estimateUpload", "/v1/uploads/estimate?name=a.wav&sizeBytes=1", file());
  await call("submitJob", "/v1/jobs?dryRun=maybe", picture);
  await call("upload", "/v1/uploads?name=a.wav&sizeBytes=9", { method: "POST", body: speech("zero") });
  await call("readReceipt", `/v1/jobs/${upload.id}/receipt`);
  await call("readReceipt", "/v1/jobs/none/receipt");
  await call("readJobChunks", `/v1/jobs/${upload.id}/chunks`);
  await call("readJobChunks", "/v1/jobs/none/chunks");
  await call("readUsage", "/v1/usage?by=day,model,kind,owner");
  await call("readUsage", "/v1/usage?by=week");
  await call("readUsage", "/v1/usage?by=owner", { key: KEYS.other });
  await call("listJobs", "/v1/jobs?limit=2&state=failed");
  await call("listJobs", "/v1/jobs?limit=0");
  const waiting: JobView = await call("submitJob", "/v1/jobs", json({ kind: "classification", text: "error:3043" }));
  await darkroom.untilJob(waiting.id, (job) => job.waiting !== null);
  await call("readJob", `/v1/jobs/${waiting.id}`);
  await call("cancelJob", `/v1/jobs/${waiting.id}/cancel`, { method: "POST" });
  await call("deleteJob", `/v1/jobs/${waiting.id}`, remove);
  await call("deleteJob", `/v1/jobs/${waiting.id}?source=perhaps`, remove);
  const retention = { method: "PUT", body: JSON.stringify({ days: 7 }) };
  await call("setRetention", "/v1/retention/other", retention);
  await call("setRetention", "/v1/retention/other", { ...retention, key: KEYS.other });
  await call("listRetentions", "/v1/retention");
  await call("deleteRetention", "/v1/retention/other", remove);
  await call("deleteRetention", "/v1/retention/other", remove);

  const { groups } = await until<{ groups: unknown[] }>(
    async () => call("listDeadLetters", "/v1/dead-letters"),
    (page) => page.groups.length > 0,
  );
  expect(groups).toHaveLength(1);
  const { deadLetters }: { deadLetters: { id: string }[] } = await call(
    "listDeadLetters",
    "/v1/dead-letters?view=list",
  );
  const [letter, second] = deadLetters;
  await call("redriveMany", "/v1/redrives", json({ filter: { all: true }, dryRun: true }));
  await call("discardDeadLetter", `/v1/dead-letters/${letter!.id}/discard`, json({ note: "no" }));
  await call("discardDeadLetter", `/v1/dead-letters/${letter!.id}/discard`, json({ note: "no" }));
  await call("readDeadLetter", `/v1/dead-letters/${letter!.id}`);
  await call("redriveDeadLetter", `/v1/dead-letters/${letter!.id}/redrive`, { method: "POST" });
  await call("redriveDeadLetter", `/v1/dead-letters/${second!.id}/redrive`, { method: "POST" });
  await call("redriveMany", "/v1/redrives", json({ filter: { jobId: "x" } }));
  const redrive: { id: string } = await call("redriveMany", "/v1/redrives", json({ filter: { all: true } }));
  await call("listRedrives", "/v1/redrives");
  await call("readRedrive", `/v1/redrives/${redrive.id}`);
  await call("cancelRedrive", `/v1/redrives/none`, remove);
  await call("listAudit", "/v1/audit?limit=1");
  const exported: { jobs: unknown[] } = await call("exportJobs", "/v1/archive?limit=3");
  expect(exported.jobs.length).toBe(3);
  await call("importJobs", "/v1/archive", json({ jobs: [...exported.jobs, { job: "none" }] }));
  await call("importJobs", "/v1/archive", json({ jobs: [] }));
  await call("exportJobs", "/v1/archive", { key: KEYS.other });
  await call("readQueues", "/v1/queues");
  await call("readQueues", "/v1/queues", { key: KEYS.other });
  await call("readThroughput", "/v1/queues/throughput?hours=1");
  await call("readThroughput", "/v1/queues/throughput?hours=25");
  await call("readChecks", "/v1/checks");
  await call("readOwnKey", "/v1/keys/self");
  await call("readChecks", "/v1/checks", { key: KEYS.other });
  await call("readQueues", "/v1/queues", { key: KEYS.revoked });
  await call("pauseKind", "/v1/queues/classification/pause", json({ note: "why" }));
  await call("submitJob", "/v1/jobs", json({ kind: "classification", text: "paused" }));
  await call("resumeKind", "/v1/queues/classification/resume", { method: "POST" });
  await call("resumeKind", "/v1/queues/none/resume", { method: "POST" });
  await call("pauseKind", "/v1/queues/classification/pause", { ...json({}), key: KEYS.other });

  await call("liftHold", "/v1/queues/hold", remove);
  const budget = { method: "PUT", body: '{"neurons":1000000}' };
  await call("setBudget", "/v1/budgets/other/month", budget);
  await call("setBudget", "/v1/budgets/other/week", budget);
  await call("setBudget", "/v1/budgets/other/day", { ...budget, key: KEYS.other });
  await call("listBudgets", "/v1/budgets");
  await call("listBudgets", "/v1/budgets?all=1");
  await call("deleteBudget", "/v1/budgets/other/month", remove);
  await call("deleteBudget", "/v1/budgets/other/month", remove);

  await call("createKey", "/v1/keys", json({ label: "a", scopes: ["jobs:read"], contentTypes: ["audio/"] }));
  await call("createKey", "/v1/keys", { ...json({ label: "a", scopes: ["admin"], ownerId: "x" }), key: KEYS.other });
  const reader: { id: string; key: string } = await call(
    "createKey",
    "/v1/keys",
    json({ label: "b", scopes: ["jobs:read"] }),
  );
  await call("submitJob", "/v1/jobs", { ...json({}), key: reader.key });
  await call("createKey", "/v1/keys", { ...json({}), key: reader.key });
  await call("readOwnKey", "/v1/keys/self");
  await call("listKeys", "/v1/keys?limit=1");
  await call("listKeys", "/v1/keys?limit=0");
  await call("revokeKey", `/v1/keys/${reader.id}`, remove);
  await call("revokeKey", "/v1/keys/none", remove);

  const webhook: { id: string } = await call("createWebhook", "/v1/webhooks", json({ url: "http://127.0.0.1:9/a" }));
  await call("createWebhook", "/v1/webhooks", json({ url: "ftp://x" }));
  const at = `/v1/webhooks/${webhook.id}`;
  await call("listWebhooks", "/v1/webhooks");
  await call("readWebhookSecret", "/v1/webhooks/secret");
  await call("rotateWebhookSecret", "/v1/webhooks/secret/rotate", { method: "POST" });
  await call("readWebhook", at);
  await call("readWebhook", "/v1/webhooks/none");
  await call("rotateSecretOfWebhook", `${at}/rotate`, { method: "POST" });
  const told = await darkroom.submit({ kind: "classification", text: "told" });
  await darkroom.untilJob(told.id);
  const { deliveries } = await until<{ deliveries: { id: string; state: string }[] }>(
    async () => call("listDeliveries", `${at}/deliveries`),
    (page) => page.deliveries[0]?.state === "retrying" || page.deliveries[0]?.state === "delivered",
  );
  await call("replayDelivery", `${at}/deliveries/${deliveries[0]!.id}/replay`, { method: "POST" });
  await call("replayDelivery", `${at}/deliveries/none/replay`, { method: "POST" });
  await call("testWebhook", `${at}/test`, { method: "POST" });
  await call("editWebhook", at, { method: "PATCH", body: '{"disabled":true}' });
  await call("editWebhook", at, { method: "PATCH", body: "{}" });
  await call("replayDelivery", `${at}/deliveries/${deliveries[0]!.id}/replay`, { method: "POST" });
  await call("deleteWebhook", at, remove);

  await call("followJob", `/v1/jobs/${upload.id}/events`);
  await call("followJob", "/v1/jobs/none/events");
  const accept = { accept: "application/json" };
  await call("askJob", `/v1/jobs/${upload.id}/ask`, json({ question: "What is said?" }, accept));
  await call("askJob", `/v1/jobs/${upload.id}/ask`, json({ question: "What is said?" }));
  await call("askJob", `/v1/jobs/${upload.id}/ask`, json({ question: "" }));
  await call("askJob", "/v1/jobs/none/ask", json({ question: "What?" }));
  await call("embedTexts", "/v1/embeddings", json({ texts: ["a harbour", "a port"] }));
  await call("embedTexts", "/v1/embeddings", json({ texts: [] }));
  const budgeted = { prompt: "What is a fox?", latencyBudgetMs: 600_000 };
  await call("generateText", "/v1/generate", json(budgeted, accept));
  await call("generateText", "/v1/generate", json(budgeted));
  await call("generateText", "/v1/generate", json({ prompt: "" }));
  await call("generateText", "/v1/generate", json({ ...budgeted, latencyBudgetMs: 1 }));
  await call("generateText", "/v1/generate", json({ ...budgeted, maxNeurons: 0.001 }));
  await call("estimateText", "/v1/generate/estimate", json(budgeted));
  await call("estimateText", "/v1/generate/estimate", json({ prompt: 1 }));
  const followed = { kind: "classification", text: "a fox", then: ["summarise"] };
  await call("submitJob", "/v1/jobs", json(followed));
  await call("submitJob", "/v1/jobs", json({ ...followed, then: ["describe"] }));
  const pictures = await darkroom.post("/openai/v1/images/generations", { prompt: "a", response_format: "url" });
  const signedUrl = new URL((await pictures.json<{ data: { url: string }[] }>()).data[0]!.url);
  await call("readSignedArtifact", signedUrl.pathname + signedUrl.search, { key: "" });
  await call("readSignedArtifact", signedUrl.pathname, { key: "" });

  const targets = ["source", "audio", "transcript", "events"].map((to) => ({ to }));
  const { links } = (await call("signLinks", `/v1/jobs/${upload.id}/links`, json({ links: targets }))) as {
    links: { url: string }[];
  };
  for (const [index, id] of [
    "readSignedSource",
    "readSignedAudio",
    "readSignedTranscript",
    "followSignedJob",
  ].entries()) {
    const { pathname, search } = new URL(links[index]!.url);
    await call(id, pathname + search, { key: "" });
    await call(id, pathname, { key: "" });
  }
  await call("signLinks", "/v1/jobs/none/links", json({ links: targets }));
  await call("signLinks", `/v1/jobs/${upload.id}/links`, json({ links: [{ to: "artifact" }] }));

  type Announced = { upload: { id: string; url: string; headers: Record<string, string>; parts: { url: string }[] } };
  const announce = (request: object) =>
    call("announceUpload", "/v1/uploads/announce", json(request)) as Promise<Announced>;
  const words = speech("four five");
  const marks = { tags: ["café"], metadata: { order: "A-1" } };
  const { upload: single } = await announce({ name: "b.wav", sizeBytes: words.length, ...marks });
  await call("readUpload", `/v1/uploads/${single.id}`);
  await call("completeUpload", `/v1/uploads/${single.id}/complete`, { method: "POST" });
  expect((await fetch(single.url, { method: "PUT", body: words, headers: single.headers })).status).toBe(200);
  const marked = await call("completeUpload", `/v1/uploads/${single.id}/complete`, { method: "POST" });
  expect(marked).toMatchObject(marks);
  await call("completeUpload", `/v1/uploads/${single.id}/complete`, { method: "POST" });
  await call("abortUpload", `/v1/uploads/${single.id}`, remove);
  await announce({ name: "" });
  await announce({ name: "c.wav", sizeBytes: 9, metadata: Object.fromEntries(wide) });
  const { upload: parted } = await announce({ name: "d.wav", sizeBytes: words.length, method: "multipart" });
  const s3 = `/v1/uploads/${parted.id}/s3`;
  await call("postAsS3", s3, { method: "POST" });
  await call("postAsS3", s3, { method: "POST", body: "<none/>" });
  const put = await fetch(parted.parts[0]!.url, { method: "PUT", body: words, headers: parted.headers });
  const stored = { parts: [{ number: 1, etag: put.headers.get("etag")! }] };
  await call("reportParts", `/v1/uploads/${parted.id}/parts`, { method: "PUT", body: JSON.stringify(stored) });
  await call("signParts", `/v1/uploads/${parted.id}/parts`, json({ numbers: [1] }));
  await call("signParts", `/v1/uploads/${parted.id}/parts`, json({ numbers: [2] }));
  await call("readUpload", `/v1/uploads/${parted.id}`);
  await call("listPartsAsS3", s3);
  await call("abortUploadAsS3", s3, remove);
  await call("abortUploadAsS3", s3, remove);
  const { upload: given } = await announce({ name: "e.wav", sizeBytes: 9, method: "multipart" });
  await call("abortUpload", `/v1/uploads/${given.id}`, remove);

  // This is the last call, because it would be refused with the operator's keys.
  await darkroom.bindings().DB.prepare("DELETE FROM api_keys").run();
  const form = { method: "POST", body: new URLSearchParams({ token: SETUP_TOKEN }) };
  await call("setUp", "/setup", form);
  await call("setUp", "/setup", form);

  // The answers of an operation that was not called here are not checked.
  expect([...operations.keys()].filter((id) => !seen.some((one) => one.startsWith(`${id} 2`)))).toEqual([
    "cancelRedrive",
  ]);
});
