// Half of a surrogate pair in every string that a client can send. It is refused with that reason, and never stored.
import { expect, test } from "vitest";
import * as z from "zod";

import { ImageRequest } from "../producer/openai/image-request.ts";
import { Transcription } from "../producer/openai/transcription-fields.ts";
import { PredictionRequest } from "../producer/replicate/create-prediction.ts";
import { inputOf } from "../producer/replicate/inputs.ts";
import { REPLICATE_MODELS } from "../shared/replicate/models.ts";
import { UploadEvent } from "../shared/uploads/announcement.ts";
import type { Document, Schema } from "./document.ts";
import { createEvent, startDarkroom, until } from "./harness.ts";
import { type Place, placesIn } from "./string-places.ts";

const darkroom = startDarkroom({ CORS_ORIGINS: "" });

const HALF = "a \ud83d b";
/** Its form in an address or a form, which is not UTF-8. */
const HALF_BYTES = "%ED%A0%BD";
const REASON = /half of a surrogate pair \(U\+D83D\)/;
const json = { "content-type": "application/json" };

interface Refusal {
  readonly code?: string;
  readonly issues?: readonly { readonly path: string; readonly message: string }[];
  readonly results?: readonly {
    readonly status: number;
    readonly problem: Refusal;
    /** Of a line of an export. */
    readonly outcome?: string;
    readonly reason?: string;
  }[];
}

async function readDocument(): Promise<Document> {
  return (await darkroom.api("/openapi.json", { key: null })).json<Document>();
}

function bodiesOf(document: Document) {
  return Object.entries(document.paths).flatMap(([path, operations]) =>
    Object.entries(operations).flatMap(([method, { requestBody }]) => {
      const schema = requestBody?.content["application/json"]?.schema;
      if (schema === undefined) return [];
      const address = path.replaceAll(/\{\w+\}/g, "none");
      const places = placesIn(schema, document.components.schemas);
      return [{ method: method.toUpperCase(), path: address, places }];
    }),
  );
}

/** Return the messages for each field in a request's problem; for a batch or an import, those of its first job. */
async function refusalOf(method: string, path: string, body: unknown) {
  const response = await darkroom.api(path, {
    method,
    headers: { ...json, accept: "application/json" },
    body: JSON.stringify(body),
  });
  const answer = await response.json<Refusal>();
  const [first] = answer.results ?? [];
  if (first?.outcome === "refused") return { status: 422, issues: [{ path: "", message: first.reason ?? "" }] };
  const { issues = [] } = first?.problem ?? answer;
  return { status: first?.status ?? response.status, issues };
}

/** Expect that the requests had no effect, and that their text is not stored in another form. */
async function expectNothingStored(): Promise<void> {
  const { DB, MEDIA } = darkroom.bindings();
  const { results } = await DB.prepare(
    "SELECT name FROM sqlite_schema WHERE type = 'table' AND name NOT LIKE '\\_%' ESCAPE '\\' AND name NOT LIKE 'sqlite%' AND name NOT LIKE 'd1%'",
  ).all<{ name: string }>();
  expect(results.length).toBeGreaterThan(15);
  const tables = await DB.batch(results.map(({ name }) => DB.prepare(`SELECT * FROM "${name}"`)));
  for (const [index, { name }] of results.entries()) {
    const { results: rows } = tables[index]!;
    const stored = JSON.stringify(rows);
    expect([name, /\ufffd|\\\\ufffd|\\\\?ud83d/i.test(stored)]).toEqual([name, false]);
    const isMade = ["jobs", "webhook_endpoints", "pending_uploads", "pauses", "redrives"].includes(name);
    expect([name, isMade ? rows : []]).toEqual([name, []]);
  }
  expect((await MEDIA.list()).objects).toEqual([]);
}

test("half a surrogate pair in any string of any body is 422 with that reason, and nothing is stored", async () => {
  const found = bodiesOf(await readDocument());
  let tried = 0;
  for (const { method, path, places } of found) {
    for (const { path: field, fill, isFree } of places) {
      const { status, issues } = await refusalOf(method, path, fill(HALF));
      const reasons = issues.map(({ message }) => message);
      const place = `${method} ${path} ${field}`;
      expect([place, status]).toEqual([place, 422]);
      const isNamed = reasons.some((reason) => REASON.test(reason));
      expect([place, isNamed || !isFree, reasons]).toEqual([place, true, reasons]);
      tried += 1;
    }
  }
  expect(tried).toBeGreaterThan(55);
  await expectNothingStored();
});

test("a NUL in a text is refused like it", async () => {
  for (const body of [
    { kind: "classification", text: "a\0b" },
    { kind: "image_generation", prompt: "\0" },
    { kind: "transcription", source: "inbox/a\0.wav" },
  ]) {
    const { status, issues } = await refusalOf("POST", "/v1/jobs", body);
    expect([status, issues[0]?.message]).toEqual([422, expect.stringMatching(/NUL \(U\+0000\) at character \d/)]);
  }
});

test("a NUL in any parameter of a query is 422", async () => {
  let tried = 0;
  for (const [path, operations] of Object.entries((await readDocument()).paths)) {
    // A signed link is checked before its query is read.
    if (path.startsWith("/signed/")) continue;
    for (const [method, { parameters = [] }] of Object.entries(operations)) {
      for (const { in: place, name } of parameters) {
        if (place !== "query") continue;
        const address = `${path.replaceAll(/\{\w+\}/g, "none")}?${name}=a%00`;
        const { status } = await darkroom.api(address, { method: method.toUpperCase() });
        expect([address, status]).toEqual([address, 422]);
        tried += 1;
      }
    }
  }
  expect(tried).toBeGreaterThan(40);
});

test("an address that is not UTF-8 is 422 on every route and in every parameter, as each dialect says it", async () => {
  const { paths } = await readDocument();
  for (const [path, operations] of Object.entries(paths)) {
    for (const [method, { parameters = [] }] of Object.entries(operations)) {
      const inPath = path.includes("{") ? [path.replace(/\{\w+\}/, HALF_BYTES).replaceAll(/\{\w+\}/g, "none")] : [];
      const filled = path.replaceAll(/\{\w+\}/g, "none");
      const inQuery = ["stray", ...parameters.flatMap((one) => (one.in === "query" ? [one.name] : []))];
      for (const address of [...inPath, ...inQuery.map((name) => `${filled}?${name}=${HALF_BYTES}`)]) {
        const response = await darkroom.api(address, { method: method.toUpperCase() });
        const { code, detail } = await response.json<{ code: string; detail: string }>();
        expect([address, response.status, code, /not UTF-8/.test(detail)]).toEqual([
          address,
          422,
          "invalid_request",
          true,
        ]);
      }
    }
  }
  const openAi = await darkroom.api(`/openai/v1/models/${HALF_BYTES}`);
  expect([openAi.status, await openAi.json()]).toMatchObject([
    400,
    { error: { type: "invalid_request_error", message: expect.stringMatching(/not UTF-8/) } },
  ]);
  const replicate = await darkroom.api(`/replicate/v1/predictions/${HALF_BYTES}`);
  expect([replicate.status, await replicate.json()]).toMatchObject([
    422,
    { title: "Input validation failed", detail: expect.stringMatching(/not UTF-8/) },
  ]);
  await expectNothingStored();
});

const schemaOf = (schema: z.ZodType) => z.toJSONSchema(schema, { io: "input" }) as Schema;

test.each([
  {
    path: "/openai/v1/images/generations",
    schema: ImageRequest,
    status: 400,
    // This dialect reports only one fault, so no other may come first.
    fill: (body: unknown) => ({ prompt: "a", ...(JSON.parse(JSON.stringify(body)) as object) }),
  },
  { path: "/replicate/v1/predictions", schema: PredictionRequest, status: 422, fill: (body: unknown) => body },
  ...[...REPLICATE_MODELS.keys()].map((name) => ({
    path: `/replicate/v1/models/${name}/predictions`,
    schema: inputOf(name),
    status: 422,
    fill: (input: unknown) => ({ input }),
  })),
])(
  "half a surrogate pair in the fields of $path is refused as its dialect refuses",
  async ({ path, schema, status, fill }) => {
    const places: readonly Place[] = placesIn(schemaOf(schema), {});
    expect(places.length).toBeGreaterThan(0);
    for (const place of places) {
      const body = JSON.stringify(fill(place.fill(HALF)));
      const response = await darkroom.api(path, { method: "POST", headers: json, body });
      const text = await response.text();
      expect([place.path, response.status]).toEqual([place.path, status]);
      expect([place.path, text]).toEqual([place.path, expect.stringMatching(place.isFree ? REASON : /./)]);
    }
    await expectNothingStored();
  },
);

function formOf(fields: readonly (readonly [name: string, value: string])[], file?: string): RequestInit {
  const parts = fields.map(
    ([name, value]) => `--b\r\nContent-Disposition: form-data; name="${name}"\r\n\r\n${value}\r\n`,
  );
  if (file !== undefined)
    parts.push(`--b\r\nContent-Disposition: form-data; name="${file}"; filename="a.wav"\r\n\r\nx\r\n`);
  // Each character stands for its byte.
  const body = Uint8Array.from(`${parts.join("")}--b--`, (char) => char.charCodeAt(0));
  return { method: "POST", headers: { "content-type": "multipart/form-data; boundary=b" }, body };
}

const HALF_LATIN = "\xed\xa0\xbd";

test("in a form half a surrogate pair is refused, in a field's value and in its name", async () => {
  const names = Object.keys(Transcription.shape);
  expect(names).toContain("prompt");
  for (const name of names) {
    for (const field of [[name, HALF_LATIN] as const, [`${name}${HALF_LATIN}`, "x"] as const]) {
      const response = await darkroom.api(
        "/openai/v1/audio/transcriptions",
        formOf([["model", "whisper-1"], field], "file"),
      );
      expect([field, response.status, await response.json()]).toEqual([
        field,
        400,
        { error: expect.objectContaining({ message: expect.stringMatching(/not UTF-8/) }) },
      ]);
    }
  }
  for (const metadata of [HALF_LATIN, '{"a": "\\ud83d"}', '{"a": [{"\\ud83d": 1}]}']) {
    const response = await darkroom.api("/replicate/v1/files", formOf([["metadata", metadata]], "content"));
    expect([response.status, await response.text()]).toEqual([
      422,
      expect.stringMatching(/not UTF-8|half of a surrogate/),
    ]);
  }
  await expectNothingStored();
});

test("in JSON within a parameter, in an object's metadata and in an event it is refused with the reason", async () => {
  const { MEDIA } = darkroom.bindings();
  const asked = (name: string, value: string) =>
    darkroom.api(`/v1/uploads?name=a.txt&${new URLSearchParams({ [name]: value }).toString()}`, {
      method: "POST",
      body: "a",
    });
  for (const [name, value] of [
    ["options", '{"initialPrompt": "\\ud83d"}'],
    ["options", '{"\\ud83d": 1}'],
    ["metadata", '{"a": "\\ud83d"}'],
    ["metadata", '{"\\ud83d": "a"}'],
  ] as const) {
    const response = await asked(name, value);
    expect([value, response.status, await response.text()]).toEqual([value, 422, expect.stringMatching(REASON)]);
  }
  expect((await MEDIA.list()).objects).toEqual([]);

  const marked = { options: '{"initialPrompt":"\\ud83d"}', tags: '["\\ud83d"]', metadata: '{"a":"\\ud83d"}' };
  for (const [name, value] of Object.entries(marked)) {
    await darkroom.putAndAnnounce(`inbox/${name}.mp3`, "x", { [name]: value });
  }
  const { uploads } = await until(
    async () =>
      (await darkroom.api("/v1/uploads")).json<{ uploads: { jobId: string | null; ignoredReason: string }[] }>(),
    (list) => list.uploads.length === 3,
  );
  for (const { jobId, ignoredReason } of uploads) {
    expect([jobId, ignoredReason]).toEqual([null, expect.stringMatching(REASON)]);
  }

  // The queues of this runtime replace it. JSON by another sender may contain it.
  const event = UploadEvent.safeParse(createEvent("inbox/\ud83d.wav", 1, "etag"));
  expect(event.error?.issues[0]?.message).toMatch(REASON);
});

test("a header with such bytes is refused, and so is a body that is not UTF-8", async () => {
  const body = JSON.stringify({ kind: "classification", text: "a" });
  const keyed = await darkroom.api("/v1/jobs", {
    method: "POST",
    headers: { ...json, "idempotency-key": HALF_LATIN },
    body,
  });
  expect([keyed.status, (await keyed.json<Refusal>()).code]).toEqual([400, "invalid_idempotency_key"]);
  const latin = Uint8Array.from('{"kind": "classification", "text": "caf\xe9"}', (char) => char.charCodeAt(0));
  const refused = await darkroom.api("/v1/jobs", { method: "POST", headers: json, body: latin });
  expect([refused.status, await refused.json()]).toMatchObject([
    400,
    {
      code: "invalid_json",
      detail: expect.stringMatching(/^The body is not UTF-8 \(byte 39 is 0xE9\); it looks like Windows-1252/),
    },
  ]);
  await expectNothingStored();
});

test("a limit of characters counts code points, in every field that has one", async () => {
  let tried = 0;
  for (const { method, path, places } of bodiesOf(await readDocument())) {
    for (const { path: field, fill, isFree, maxLength } of places) {
      if (!isFree || maxLength === undefined) continue;
      const place = `${method} ${path} ${field}`;
      const tooLong = await refusalOf(method, path, fill("\u{1F3A7}".repeat(maxLength + 1)));
      const reason = `has ${maxLength + 1} characters; the limit is ${maxLength}`;
      expect([place, tooLong.status, tooLong.issues.map(({ message }) => message)]).toEqual([
        place,
        422,
        expect.arrayContaining([reason]),
      ]);
      const fits = await refusalOf(method, path, fill("\u{1F3A7}".repeat(maxLength)));
      expect([place, fits.issues.filter(({ message }) => message.includes("characters"))]).toEqual([place, []]);
      tried += 1;
    }
  }
  expect(tried).toBeGreaterThan(15);
});
