// Requests that are made to keep an isolate busy. test/read-json.test.ts and test/parse-form.test.ts count the work for them.
import { expect, test } from "vitest";

import { fetchMedia } from "../producer/replicate/fetch-media.ts";
import { unreadableMessage } from "../consumer/runner/read-messages.ts";
import { startDarkroom } from "./harness.ts";

const darkroom = startDarkroom();
const json = { "content-type": "application/json" };

/** Return the message of a refusal in any dialect. */
async function refusalOf(path: string, init: RequestInit): Promise<readonly [status: number, text: string]> {
  const response = await darkroom.api(path, { method: "POST", ...init });
  const text = await response.text();
  // The answer does not contain the request.
  expect(text.length).toBeLessThan(20_000);
  return [response.status, text];
}

test.each([
  ["/openai/v1/audio/transcriptions", 400],
  ["/replicate/v1/files", 422],
])("a form of 60,000 fields to %s is refused", async (path, status) => {
  const fields = Array.from(
    { length: 60_000 },
    (_, index) => `--b\r\nContent-Disposition: form-data; name="f${index}"\r\n\r\n\r\n`,
  );
  const init = { headers: { "content-type": "multipart/form-data; boundary=b" }, body: `${fields.join("")}--b--` };
  expect(await refusalOf(path, init)).toEqual([status, expect.stringMatching(/more than 50 fields/)]);
});

const keys = (count: number) =>
  `{${Array.from({ length: count }, (_, index) => `"key${String(index).padStart(8, "0")}":1`).join(",")}}`;

test.each([
  ["/replicate/v1/predictions", 14_000_000, 422],
  ["/replicate/v1/models/openai/whisper/predictions", 14_000_000, 422],
  ["/openai/v1/images/generations", 900_000, 400],
  ["/v1/jobs", 900_000, 422],
  ["/v1/jobs/batch", 900_000, 422],
  ["/v1/uploads", 900_000, 422],
])(
  "JSON that nests without end, and a million of keys, are refused by %s before they are parsed",
  async (path, chars, status) => {
    const nested = `{"input":${"[".repeat(chars / 2)}${"]".repeat(chars / 2)}}`;
    expect(await refusalOf(path, { headers: json, body: nested })).toEqual([
      status,
      expect.stringMatching(/deeper than 32 levels/),
    ]);
    const many = `{"input":${keys(chars / 16)}}`;
    expect(await refusalOf(path, { headers: json, body: many })).toEqual([
      status,
      expect.stringMatching(/more than 40000 keys/),
    ]);
  },
);

test("thousands of unknown keys are refused with a short message", async () => {
  const [status, text] = await refusalOf("/v1/jobs/none/ask", { headers: json, body: keys(39_000) });
  expect([status, text]).toEqual([422, expect.stringMatching(/Unrecognized key/)]);
  const wrong = { jobs: Array.from({ length: 100 }, () => ({ kind: "karaoke", ["x".repeat(2000)]: 1 })) };
  expect((await refusalOf("/v1/jobs", { headers: json, body: JSON.stringify(wrong) }))[0]).toBe(422);
});

test("JSON in a parameter and in a form's field is held to the same", async () => {
  const deep = `{"a":${"[".repeat(1000)}${"]".repeat(1000)}}`;
  for (const name of ["options", "metadata"]) {
    const path = `/v1/uploads?name=a.txt&${name}=${encodeURIComponent(deep)}`;
    expect(await refusalOf(path, { body: "a" })).toEqual([422, expect.stringMatching(/deeper than 32 levels/)]);
  }
  const form = `--b\r\nContent-Disposition: form-data; name="content"; filename="a"\r\n\r\nx\r\n--b\r\nContent-Disposition: form-data; name="metadata"\r\n\r\n{"a":${"[".repeat(40)}${"]".repeat(40)}}\r\n--b--`;
  const init = { headers: { "content-type": "multipart/form-data; boundary=b" }, body: form };
  expect(await refusalOf("/replicate/v1/files", init)).toEqual([422, expect.stringMatching(/deeper than 32 levels/)]);
});

test("the address of a request has at most 16,384 bytes, on every route", async () => {
  const query = `q=${"a".repeat(16_384)}`;
  for (const path of ["/v1/search", "/healthz", "/v1/jobs/none", "/nothing", "/signed/jobs/a/artifacts/b"]) {
    const response = await darkroom.api(`${path}?${query}`);
    expect([path, response.status, await response.json()]).toMatchObject([path, 414, { code: "address_too_long" }]);
  }
  const inPath = await darkroom.api(`/v1/jobs/${"a".repeat(16_384)}`);
  expect(inPath.status).toBe(414);
  const openAi = await darkroom.api(`/openai/v1/models?${query}`);
  expect([openAi.status, await openAi.json()]).toMatchObject([414, { error: { code: "address_too_long" } }]);
  const replicate = await darkroom.api(`/replicate/v1/predictions?${query}`);
  expect([replicate.status, await replicate.json()]).toMatchObject([414, { title: "The address is too long" }]);
});

test("an address that Darkroom calls has at most 4,096 characters: a webhook's, a source's and a file's", async () => {
  const long = `https://example.com/${"a".repeat(4096)}`;
  const reason = expect.stringMatching(/4096/);
  const replicate = "/replicate/v1/models/openai/whisper/predictions";
  for (const [path, body] of [
    ["/v1/webhooks", { url: long }],
    [replicate, { input: { audio: long } }],
    [replicate, { input: { audio: `${darkroom.origin()}/replicate/v1/files/${"a".repeat(4096)}` } }],
    [replicate, { input: { audio: "https://example.com/a.wav" }, webhook: long }],
  ] as const) {
    expect(await refusalOf(path, { headers: json, body: JSON.stringify(body) })).toEqual([422, reason]);
  }
  const never = () => Promise.reject(new Error("it was fetched"));
  expect(await fetchMedia(long, never)).toEqual({ ok: false, reason });
});

test("a message that cannot be written as JSON is kept without its body", () => {
  let deep: unknown = [];
  for (let level = 0; level < 200_000; level += 1) deep = [deep];
  const message = { id: "m", body: deep } as Message;
  const row = unreadableMessage(message, "media-tasks", { code: "malformed_message", reason: "message" });
  expect(row.body).toBe('"a body that is not JSON"');
});
