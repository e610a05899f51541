// Streamed answers through the Worker behind the AI binding, on the runtime of `npm start`. The test harness has its own proxy
// before every `fetch`, which reads an answer to its end even if the client has disconnected.
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";

import { afterAll, beforeAll, expect, test } from "vitest";
import { unstable_startWorker as startWorker } from "wrangler";

import { type InferenceProcess, spawnInferenceServer } from "./inference-process.ts";
import { readEvents, readLedger } from "./model-events.ts";

const LLAMA = "@cf/meta/llama-3.2-1b-instruct";
const RAW = { returnRawResponse: true };

const STORY = Array.from({ length: 30 }, (_, index) => `Paragraph ${index} tells how the boats left harbour ${index}.`);
const SUMMARY = { prompt: `${STORY.join("\n")}\n\nSummarise this in 20 sentences.`, max_tokens: 200, stream: true };

let inference: InferenceProcess;
let folder: string;
let runtime: Awaited<ReturnType<typeof startWorker>>;

beforeAll(async () => {
  inference = await spawnInferenceServer();
  folder = await mkdtemp(join(tmpdir(), "darkroom-ai-"));
  const config = join(folder, "wrangler.json");
  const worker = {
    name: "both-sides",
    main: resolve("test/local/both-sides.ts"),
    compatibility_date: "2026-11-01",
    compatibility_flags: ["enable_abortsignal_rpc"],
    services: [{ binding: "AI", service: "both-sides", entrypoint: "LocalAi" }],
    vars: { INFERENCE_URL: inference.url },
  };
  await writeFile(config, JSON.stringify(worker));
  runtime = await startWorker({
    config,
    dev: { persist: false, watch: false, inspector: false, logLevel: "error", server: { port: 0 } },
  });
  await runtime.ready;
});
afterAll(async () => {
  await runtime.dispose();
  await inference.close();
  await rm(folder, { recursive: true });
});

async function summarise(extra: object = {}): Promise<Response> {
  const body = JSON.stringify({ model: LLAMA, inputs: SUMMARY, ...extra });
  return fetch(await runtime.url, { method: "POST", body });
}

async function bodyOf(response: Promise<Response>): Promise<ReadableStream<Uint8Array>> {
  const { body } = await response;
  if (body === null) throw new Error("no body");
  return body;
}

test.each([
  ["as the bare stream", {}],
  ["as the raw response", { options: RAW, passOn: true }],
  ["through a gateway", { options: { ...RAW, gateway: { id: "darkroom" } }, passOn: true }],
])("tokens pass one by one %s", async (_, extra) => {
  const { events, arrivedMs } = await readEvents(await bodyOf(summarise(extra)));
  expect(events).toHaveLength(SUMMARY.max_tokens + 2);
  expect(events.at(-1)).toBe("[DONE]");
  // Each token is followed by a pause of eight milliseconds. If they were held back, all would arrive at once.
  expect(arrivedMs.at(-1)! - arrivedMs[0]!).toBeGreaterThan(1000);
});

test.each([
  ["its signal aborts", { leave: "abort" }],
  ["its signal aborts, and it holds the raw response", { leave: "abort", options: RAW }],
  ["it cancels the stream", { leave: "cancel" }],
  ["it cancels the raw response's body", { leave: "cancel", options: RAW }],
])("the model stops when a caller goes away: %s", async (_, extra) => {
  const { events } = await readEvents(await bodyOf(summarise()));
  const before = await readLedger(inference.url);
  expect(await (await summarise(extra)).json()).toEqual({
    first: expect.stringContaining('data: {"response":"Paragraph"}'),
  });
  await expect.poll(async () => (await readLedger(inference.url)).calls, { timeout: 5000 }).toBe(before.calls + 1);
  const charged = (await readLedger(inference.url)).neurons - before.neurons;
  expect(charged).toBeGreaterThan(0);
  expect(charged).toBeLessThan(events.at(-2)!.usage!.neurons / 2);
});
