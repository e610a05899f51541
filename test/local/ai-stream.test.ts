// Streamed answers and AI Gateway through the Worker behind the AI binding, on real workerd.
import { afterAll, beforeAll, expect, test } from "vitest";

import { type AiHarness, aiHarness } from "./ai-harness.ts";
import { type InferenceProcess, spawnInferenceServer } from "./inference-process.ts";
import { readEvents, readLedger } from "./model-events.ts";

const LLAMA = "@cf/meta/llama-3.2-1b-instruct";
const DISTILBERT = "@cf/huggingface/distilbert-sst-2-int8";
const GATEWAY = { gateway: { id: "darkroom", cacheTtl: 60 } };
const RAW = { returnRawResponse: true };

const STORY = Array.from({ length: 30 }, (_, index) => `Paragraph ${index} tells how the boats left harbour ${index}.`);
const SUMMARY = { prompt: `${STORY.join("\n")}\n\nSummarise this in 20 sentences.`, max_tokens: 200, stream: true };

let inference: InferenceProcess;
let server: AiHarness;

function call(model: string, inputs: object, extra: object = {}): ReturnType<AiHarness["fetch"]> {
  return server.fetch("/", { method: "POST", body: JSON.stringify({ model, inputs, ...extra }) });
}

beforeAll(async () => {
  inference = await spawnInferenceServer();
  server = aiHarness(inference.url);
  await server.listen();
});
afterAll(async () => {
  await server.close();
  await inference.close();
});

test.each([
  ["as the bare stream", {}],
  ["as the raw response", { options: RAW, passOn: true }],
  ["through a gateway", { options: { ...RAW, ...GATEWAY }, passOn: true }],
])("tokens pass one by one %s", async (_, extra) => {
  const answer = await call(LLAMA, SUMMARY, extra);
  const { events, arrivedMs } = await readEvents(answer.body as unknown as ReadableStream<Uint8Array>);
  expect(events.length).toBe(202);
  expect(events.at(-1)).toBe("[DONE]");
  expect(arrivedMs.at(-1)! - arrivedMs[0]!).toBeGreaterThan(1000);
});

test.each([
  ["its signal aborts", { leave: "abort" }],
  ["its signal aborts a raw response", { leave: "abort", options: RAW }],
  ["it cancels the stream", { leave: "cancel" }],
  ["it cancels a raw response's body", { leave: "cancel", options: RAW }],
])("the model stops when a caller goes away: %s", async (_, extra) => {
  const before = await readLedger(inference.url);
  expect(await (await call(LLAMA, SUMMARY, extra)).json()).toEqual({
    first: expect.stringMatching(/^data: {"response":"Paragraph"}/),
  });
  await expect.poll(async () => (await readLedger(inference.url)).calls).toBe(before.calls + 1);
  const charged = (await readLedger(inference.url)).neurons - before.neurons;
  console.log(charged);
  const { events } = await readEvents((await call(LLAMA, SUMMARY)).body as never);
  expect(charged).toBeLessThan(events.at(-2)!.usage!.neurons / 2);
});

test("a call through a gateway has a log id of its own, and answers as one without", async () => {
  const log = { "cf-aig-log-id": expect.stringMatching(/^[\da-f-]{36}$/) };
  const answers = await Promise.all(
    [1, 2].map(async () => (await call(DISTILBERT, { text: "fine" }, { options: { ...RAW, ...GATEWAY } })).json()),
  );
  const direct = await (await call(DISTILBERT, { text: "fine" }, { options: RAW })).json();
  expect(answers[0]).toMatchObject({ status: 200, headers: log });
  expect(direct).not.toMatchObject({ headers: log });
  expect(answers.map((each) => (each as { answer: unknown }).answer)).toEqual(
    [direct, direct].map((each) => (each as { answer: unknown }).answer),
  );
  const ids = answers.map((each) => (each as { headers: Record<string, string> }).headers["cf-aig-log-id"]);
  expect(new Set(ids).size).toBe(2);
});

test("a gateway takes no streams, and one without an id is none", async () => {
  const flux = "@cf/black-forest-labs/flux-2-klein-4b";
  expect(await (await call(flux, {}, { forms: ["multipart"], options: GATEWAY })).json()).toEqual({
    error: "AiInternalError|AI Gateway does not support ReadableStreams yet.",
  });
  const options = { gateway: { id: "" } };
  expect(await (await call(flux, {}, { forms: ["multipart"], options })).json()).toMatchObject({
    answer: { image: expect.any(String) },
  });
});
