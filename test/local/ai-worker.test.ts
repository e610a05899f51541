// The Worker behind the AI binding, on real workerd, in the shapes of the real binding.
import { readFile } from "node:fs/promises";

import { afterAll, beforeAll, expect, test } from "vitest";
import { createTestHarness } from "wrangler";

import { type InferenceProcess, spawnInferenceServer } from "./inference-process.ts";

const SCHNELL = "@cf/black-forest-labs/flux-1-schnell";
const TURBO = "@cf/openai/whisper-large-v3-turbo";
const DISTILBERT = "@cf/huggingface/distilbert-sst-2-int8";
const RAW = { returnRawResponse: true };

let inference: InferenceProcess;
let server: ReturnType<typeof createTestHarness>;

function harness(inferenceUrl: string): ReturnType<typeof createTestHarness> {
  return createTestHarness({
    workers: [
      {
        config: {
          name: "caller",
          main: "test/local/caller.ts",
          compatibility_date: "2026-11-01",
          services: [{ binding: "AI", service: "darkroom-local-ai" }],
        },
      },
      { configPath: "local/wrangler.jsonc", vars: { INFERENCE_URL: inferenceUrl } },
    ],
  });
}

function post(model: string, inputs: object, extra: object = {}, from = server): ReturnType<typeof server.fetch> {
  return from.fetch("/", { method: "POST", body: JSON.stringify({ model, inputs, ...extra }) });
}

async function call(...parameters: Parameters<typeof post>): Promise<unknown> {
  return (await post(...parameters)).json();
}

beforeAll(async () => {
  inference = await spawnInferenceServer();
  server = harness(inference.url);
  await server.listen();
});
afterAll(async () => {
  await server.close();
  await inference.close();
});

test("answers parsed JSON, or the raw response with its headers when asked", async () => {
  const labels = [{ label: "NEGATIVE" }, { label: "POSITIVE" }];
  expect(await call(DISTILBERT, { text: "a fine day" })).toMatchObject({ answer: labels });
  expect(await call(DISTILBERT, { text: "a fine day" }, { options: RAW })).toMatchObject({
    status: 200,
    headers: { "x-darkroom-engine": "wink-nlp/eng-lite-web", "cf-ai-neurons": expect.stringMatching(/^0\.0\d+$/) },
    answer: labels,
  });
});

test("throws the code in the message, or answers it raw", async () => {
  expect(await call(SCHNELL, { prompt: "" })).toMatchObject({
    error: expect.stringMatching(/^InferenceUpstreamError\|5006: Error: .*prompt/),
  });
  expect(await call(SCHNELL, { prompt: "" }, { options: RAW })).toMatchObject({
    status: 400,
    answer: { internalCode: 5006 },
  });
});

test("sends one stream as the body, and refuses two", async () => {
  expect(await call("@cf/black-forest-labs/flux-2-klein-4b", {}, { forms: ["multipart"] })).toMatchObject({
    answer: { image: expect.stringMatching(/^\/9j\//) },
  });
  expect(await call(SCHNELL, {}, { forms: ["a", "b"] })).toMatchObject({
    error: expect.stringMatching(/Multiple ReadableStreams are not supported/),
  });
});

test("streams a recording besides its options, and reports English whatever language was requested", async () => {
  const base64 = (await readFile("local/samples/voice-note.mp3")).toString("base64");
  const streams = { audio: { base64, contentType: "audio/mpeg" } };
  expect(await call(TURBO, { task: "translate", language: "de" }, { streams })).toMatchObject({
    answer: { word_count: 41, transcription_info: { language: "en" } },
  });
  expect(await call(TURBO, {}, { streams: { audio: { base64 } } })).toMatchObject({
    error: expect.stringMatching(/^AiInternalError\|Content-Type is required with ReadableStream inputs/),
  });
});

test("a call through a gateway has a log id of its own, and answers as one without", async () => {
  const gateway = { id: "darkroom", cacheTtl: 60 };
  const ask = async (options: object) =>
    (await post(DISTILBERT, { text: "fine" }, { options: { ...RAW, ...options } })).json() as Promise<{
      status: number;
      headers: Record<string, string>;
      answer: unknown;
    }>;
  const [direct, first, second] = [await ask({}), await ask({ gateway }), await ask({ gateway })];
  expect(direct.status).toBe(200);
  expect(first).toMatchObject({ status: 200, answer: direct.answer });
  const ids = [direct, first, second].map(({ headers }) => headers["cf-aig-log-id"]);
  const logId = expect.stringMatching(/^[\da-f-]{36}$/);
  expect(ids).toEqual([undefined, logId, logId]);
  expect(ids[1]).not.toBe(ids[2]);
});

test("a gateway accepts no stream, and a gateway without an id is ignored", async () => {
  const flux = "@cf/black-forest-labs/flux-2-klein-4b";
  expect(await call(flux, {}, { forms: ["multipart"], options: { gateway: { id: "darkroom" } } })).toEqual({
    error: "AiInternalError|AI Gateway does not support ReadableStreams yet.",
  });
  expect(await call(flux, {}, { forms: ["multipart"], options: { gateway: { id: "" } } })).toMatchObject({
    answer: { image: expect.any(String) },
  });
});

test("returns a picture that is not JSON as a stream of bytes", async () => {
  const answer = await post("@cf/leonardo/phoenix-1.0", { prompt: "a boat", width: 256, height: 256 });
  expect([...new Uint8Array(await answer.arrayBuffer()).subarray(0, 3)]).toEqual([0xff, 0xd8, 0xff]);
});

test("answers 404 to HTTP: its one way in is the method", async () => {
  expect((await server.getWorker("darkroom-local-ai").fetch("/")).status).toBe(404);
});

test("the inference server announces where it listens and who answers for which task", () => {
  expect(inference.announced).toEqual({
    event: "inference.listening",
    url: expect.stringMatching(/^http:\/\/127\.0\.0\.1:\d+$/),
    engines: {
      speech: "pocketsphinx/en-us",
      pictures: "centernet-coco80/tfjs-wasm",
      sentiment: "wink-nlp/eng-lite-web",
      text: "extractive/wink-stems",
      embeddings: "feature-hashing/wordnet",
      drawing: "procedural-preview",
    },
  });
});

test("reports that the inference server is not running", async () => {
  const alone = harness("http://127.0.0.1:9");
  try {
    await alone.listen();
    expect(await call(SCHNELL, { prompt: "x" }, {}, alone)).toMatchObject({
      error: expect.stringMatching(/^InferenceUpstreamError\|7009: .*inference server is not running/),
    });
  } finally {
    await alone.close();
  }
});
