// Requests generated from the OpenAPI document: valid, almost valid, and nonsense. None of them causes a server error.
import * as fc from "fast-check";
import { expect, test } from "vitest";

import { answersOf, type Document, type Operation, type Parameter, type Schema } from "./document.ts";
import { startDarkroom } from "./harness.ts";
import { sampled } from "./long.ts";
import { speech } from "./speech.ts";

const darkroom = startDarkroom();
const REQUESTS = Number(process.env["DARKROOM_FUZZ_REQUESTS"] ?? sampled(200, 500));
const SEED = Number(process.env["DARKROOM_FUZZ_SEED"] ?? 20261123);
const AT_ONCE = 8;

interface Made {
  readonly id: string;
  readonly method: string;
  readonly path: string;
  readonly headers: Record<string, string>;
  readonly body: string | undefined;
}

/** Values that have broken parsers before. */
const odd = fc.oneof(
  fc.constantFrom("", " ", "null", "-1", "1e999", "NaN", "%", "%00", "../..", "__proto__", "' OR 1=1 --", "\u{1F3A7}"),
  fc.constantFrom("\u0000", "\ud800", "a".repeat(5000), "[]", "{}", "0x10", "9007199254740993"),
  fc.string({ unit: "binary", maxLength: 40 }),
);
const oddJson = fc.oneof(fc.jsonValue({ maxDepth: 3 }), odd);

/** Return a value that usually fits the schema, and sometimes does not. */
function valueOf(document: Document, schema: Schema, depth = 5): fc.Arbitrary<unknown> {
  const fits = fitting(document, schema, depth);
  return fc.oneof({ arbitrary: fits, weight: 12 }, { arbitrary: oddJson, weight: 1 });
}

function fitting(document: Document, schema: Schema, depth: number): fc.Arbitrary<unknown> {
  const inner = (one: unknown) => valueOf(document, (one || {}) as Schema, depth - 1);
  if (depth <= 0) return oddJson;
  if (typeof schema["$ref"] === "string") {
    return fitting(document, document.components.schemas[schema["$ref"].split("/").at(-1)!] ?? {}, depth);
  }
  if ("const" in schema) return fc.constant(schema["const"]);
  if (Array.isArray(schema["enum"])) return fc.constantFrom(...(schema["enum"] as unknown[]));
  const some = schema["oneOf"] ?? schema["anyOf"];
  if (Array.isArray(some)) return fc.oneof(...some.map(inner));
  switch (schema["type"]) {
    case "object": {
      const properties = (schema["properties"] ?? {}) as Record<string, Schema>;
      const required = (schema["required"] ?? []) as string[];
      const named = fc.record(Object.fromEntries(Object.entries(properties).map(([name, one]) => [name, inner(one)])), {
        requiredKeys: required.filter((name) => name in properties),
      });
      const more = schema["propertyNames"] === undefined && schema["additionalProperties"] === undefined ? 0 : 4;
      const extra = fc.dictionary(fc.stringMatching(/^[A-Za-z0-9_.-]{1,8}$/), inner(schema["additionalProperties"]), {
        maxKeys: more,
      });
      const isClosed = schema["additionalProperties"] === false;
      return fc
        .tuple(
          named,
          fc.oneof({ arbitrary: fc.constant({}), weight: isClosed ? 12 : 1 }, { arbitrary: extra, weight: 1 }),
        )
        .map(([one, two]) => ({ ...two, ...one }));
    }
    case "array":
      return fc.array(inner(schema["items"]), { maxLength: 4 });
    case "integer":
    case "number": {
      const min = Math.max(Number(schema["minimum"] ?? -1e6), -1e15);
      const max = Math.min(Number(schema["maximum"] ?? 1e6), 1e15);
      return fc.oneof(fc.integer({ min, max }), fc.constantFrom(min - 1, max + 1, 0.5, min, max));
    }
    case "boolean":
      return fc.boolean();
    case "null":
      return fc.constant(null);
    case "string":
      return fc.oneof(
        fc.constantFrom(
          "inbox/real.wav",
          "results/x",
          "real",
          "2026-11-23T00:00:00Z",
          '{"topK": 3}',
          '{"a": "b"}',
          "true",
        ),
        typeof schema["pattern"] === "string" && schema["format"] === undefined && !schema["pattern"].includes("\\p")
          ? fc.stringMatching(new RegExp(schema["pattern"], "u"), { size: "xsmall" })
          : fc.string({ maxLength: 30 }),
      );
    default:
      return oddJson;
  }
}

function textOf(value: unknown): string {
  return typeof value === "string" ? value : (JSON.stringify(value) ?? "");
}

/** Existing ids, by their collection. */
type Ids = Readonly<Record<string, readonly string[]>>;

function parameterOf(document: Document, parameter: Parameter, { path, ids }: { path: string; ids: Ids }) {
  const value = valueOf(document, parameter.schema);
  const collection = parameter.name === "id" ? path.split("/")[2] : parameter.name;
  const known = fc.constantFrom("none", ...(ids[collection ?? ""] ?? []));
  const useful = parameter.in === "path" ? fc.oneof({ arbitrary: known, weight: 4 }, value) : value;
  // Another test covers a client that waits. Here it would only take time.
  const spared = parameter.name === "Prefer" ? fc.constantFrom("wait=0", "respond-async", "wait=x") : useful;
  const isSent = fc.boolean().map((sent) => sent || parameter.required === true);
  return fc.record({ parameter: fc.constant(parameter), value: spared, isSent });
}

/** Whether a header can be sent. The API never gets one that cannot. */
function canTravel(text: string): boolean {
  return /^[\t\x20-\x7e]*$/.test(text);
}

function requestsOf(document: Document, ids: Ids): fc.Arbitrary<Made> {
  const each = Object.entries(document.paths).flatMap(([path, operations]) =>
    Object.entries(operations).map(([method, operation]) => requestOf(document, { path, method, operation }, ids)),
  );
  return fc.oneof(...each);
}

function requestOf(
  document: Document,
  { path, method, operation }: { path: string; method: string; operation: Operation },
  ids: Ids,
): fc.Arbitrary<Made> {
  const { content = {} } = operation.requestBody ?? {};
  const schema = content["application/json"]?.schema;
  const json = fc.oneof(
    { arbitrary: valueOf(document, schema ?? {}, 7).map((value) => JSON.stringify(value)), weight: 10 },
    { arbitrary: odd, weight: 1 },
  );
  const bytes = fc.oneof(fc.constantFrom("ID3\u0003", "a text", "RIFF\u0000\u0000\u0000\u0000WAVEfmt "), odd);
  const bodies = Object.keys(content).map((type) =>
    fc.record({ type: fc.constant(type), sent: type === "application/json" ? json : bytes }),
  );
  const body = bodies.length === 0 ? fc.constant(null) : fc.oneof(...bodies);
  const parameters = (operation.parameters ?? []).map((one) => parameterOf(document, one, { path, ids }));
  const stray = fc.option(fc.tuple(fc.string({ minLength: 1, maxLength: 8 }), odd), { freq: 12 });
  return fc.tuple(fc.tuple(...parameters), body, stray).map(([given, whole, extra]) => {
    const query = new URLSearchParams();
    const headers: Record<string, string> = whole === null ? {} : { "content-type": whole.type };
    let filled = path;
    for (const { parameter, value, isSent } of given) {
      if (!isSent) continue;
      const isMany = Array.isArray(value) && parameter.in === "query";
      if (parameter.in === "path") filled = filled.replace(`{${parameter.name}}`, segmentOf(textOf(value)));
      else if (parameter.in === "header" && canTravel(textOf(value))) headers[parameter.name] = textOf(value);
      else if (parameter.in === "query" && parameter.name === "metadata" && typeof value === "object") {
        for (const [name, one] of Object.entries(value ?? {})) query.append(`metadata.${name}`, textOf(one));
      } else if (isMany) for (const one of value) query.append(parameter.name, textOf(one));
      else if (parameter.in === "query") query.append(parameter.name, textOf(value));
    }
    if (extra !== null) query.append(...extra);
    const search = query.toString();
    const id = operation.operationId;
    return {
      id,
      method: method.toUpperCase(),
      path: filled + (search ? `?${search}` : ""),
      headers,
      body: whole?.sent,
    };
  });
}

/** Return a part of a path that stays one part. The client would resolve `.` and `..`. */
function segmentOf(text: string): string {
  const segment = encodeURIComponent(text.toWellFormed());
  return segment === "" || segment === "." || segment === ".." ? "x" : segment;
}

/** Create one of everything that has an id, and several of the things that requests delete. */
async function makeThings(): Promise<Ids> {
  const idOf = async (path: string, body: object) => {
    const headers = { "content-type": "application/json" };
    const response = await darkroom.api(path, { method: "POST", headers, body: JSON.stringify(body) });
    const { id, upload } = await response.json<{ id: string; upload?: { id: string } }>();
    return upload?.id ?? id;
  };
  const several = async (path: string, body: object) =>
    Promise.all(Array.from({ length: 8 }, async () => idOf(path, body)));

  const webhooks = await several("/v1/webhooks", { url: "http://127.0.0.1:9/", events: ["job.failed"] });
  const job = await darkroom.submit({ kind: "transcription", source: "inbox/real.wav" });
  const failed = await darkroom.submit({ kind: "classification", text: "error:3003 fuzz" });
  await darkroom.untilJob(failed.id);
  await darkroom.untilJob(job.id);
  const letters = await darkroom.api("/v1/dead-letters?view=list");
  const { deadLetters } = await letters.json<{ deadLetters: { id: string }[] }>();
  const log = await darkroom.api(`/v1/webhooks/${webhooks[0]}/deliveries`);
  const { deliveries } = await log.json<{ deliveries: { id: string }[] }>();
  return {
    webhooks,
    jobs: [job.id, failed.id],
    "dead-letters": deadLetters.map(({ id }) => id),
    deliveryId: deliveries.map(({ id }) => id),
    uploads: await several("/v1/uploads", { name: "a.wav", sizeBytes: 9, method: "multipart" }),
    keys: await several("/v1/keys", { label: "fuzz", scopes: ["jobs:read"] }),
    kind: ["classification"],
    name: ["transcript.txt"],
  };
}

test(`${REQUESTS} requests made from the document: no fault of ours, and every refusal a problem it names`, async () => {
  const document = await (await darkroom.api("/openapi.json")).json<Document>();
  const byId = new Map(
    Object.values(document.paths).flatMap((path) => Object.values(path).map((o) => [o.operationId, o])),
  );
  await darkroom.bindings().MEDIA.put("inbox/real.wav", speech("zero one"));
  const ids = await makeThings();

  const requests = fc.sample(requestsOf(document, ids), { numRuns: REQUESTS, seed: SEED });
  const faults: string[] = [];
  const statuses = new Map<number, number>();
  const answered = new Set<string>();
  const next = requests[Symbol.iterator]();
  const send = async () => {
    for (const { id, method, path, headers, body } of next) {
      const init = { method, headers, ...(body !== undefined && method !== "GET" && { body }) };
      const response = await darkroom.api(path, init);
      const text = await response.text();
      statuses.set(response.status, (statuses.get(response.status) ?? 0) + 1);
      if (response.ok) answered.add(id);
      const errors = answersOf(document, byId.get(id)!, { response, text });
      if (response.status >= 500) errors.push("a fault of ours");
      if (!response.ok && response.status !== 304 && !text.includes("urn:darkroom:problem:")) errors.push("no problem");
      if (errors.length > 0)
        faults.push(`${method} ${path} ${body ?? ""}\n  ${response.status} ${text}\n  ${errors.join("; ")}`);
    }
  };
  await Promise.all(Array.from({ length: AT_ONCE }, send));
  console.log(JSON.stringify({ requests: REQUESTS, seed: SEED, statuses: Object.fromEntries(statuses) }));
  expect(faults.slice(0, 5)).toEqual([]);
  expect(answered.size).toBeGreaterThan(byId.size / sampled(4, 2));
}, 3_600_000);
