// The captioning model's offline engine over HTTP, with a real photograph, and the ledger of several models.
import { readFile } from "node:fs/promises";
import { join } from "node:path";

import sharp from "sharp";
import { afterAll, beforeAll, expect, test } from "vitest";

import { captionOf } from "../../local/engine/pictures/caption.ts";
import { type InferenceServer, startInferenceServer } from "../../local/inference-server.ts";
import { readLedger } from "./model-events.ts";

const MOONDREAM = "@cf/moondream/moondream3.1-9B-A2B";
const RESNET = "@cf/microsoft/resnet-50";
const DISTILBERT = "@cf/huggingface/distilbert-sst-2-int8";
const PHOTO = await readFile(join(import.meta.dirname, "../../local/samples/coffee.jpg"));

let server: InferenceServer;

beforeAll(async () => {
  server = await startInferenceServer({ port: 0, shape: 0 });
});
afterAll(() => server.close());

async function post(model: string, inputs: object): Promise<Response> {
  return fetch(`${server.url}/run/${model}`, { method: "POST", body: JSON.stringify(inputs) });
}

function uri(bytes: Buffer, type = "image/jpeg"): string {
  return `data:${type};base64,${bytes.toString("base64")}`;
}

test("a photograph is described by what was found in it", async () => {
  const answer = await post(MOONDREAM, { task: "caption", image: uri(PHOTO) });
  expect(answer.headers.get("x-darkroom-engine")).toBe(server.engines.pictures);
  expect(answer.headers.get("cf-ai-neurons")).toBe(((729 * 27_273 + 10 * 90_909) / 1_000_000).toFixed(4));
  expect(await answer.json()).toEqual({
    finish_reason: "stop",
    metrics: {
      input_tokens: 729,
      output_tokens: 10,
      prefill_time_ms: expect.any(Number) as number,
      decode_time_ms: 0,
      ttft_ms: expect.any(Number) as number,
    },
    caption: "A picture with a cup and a dining table.",
  });
});

test("a picture without known objects gets a caption that says so", async () => {
  const create = { width: 64, height: 64, channels: 3, background: "#888" } as const;
  const grey = await sharp({ create }).png().toBuffer();
  const answer = await post(MOONDREAM, { task: "caption", image: uri(grey, "image/png"), caption_length: "short" });
  expect(await answer.json()).toMatchObject({ caption: "A picture in which nothing was recognised." });
});

test("things are listed with their articles", () => {
  expect(captionOf(["umbrella"])).toBe("A picture with an umbrella.");
  expect(captionOf(["person", "skis", "orange"])).toBe("A picture with a person, skis, and an orange.");
});

test.each([
  ["another task", { task: "query", image: uri(PHOTO), question: "what?" }, 5006, /'\/task' can only be 'caption'/],
  ["a task that there is none", { task: "paint", image: uri(PHOTO) }, 5006, /\/task/],
  ["an address", { task: "caption", image: "https://example.com/a.jpg" }, 5006, /'\/image' can only be a data URI/],
  ["no picture", { task: "caption" }, 5006, /required properties at '\/' are 'image'/],
  ["broken base64", { task: "caption", image: "data:image/png;base64,a*b=" }, 5004, /base64/],
  ["bytes that are no picture", { task: "caption", image: uri(Buffer.from("text")) }, 3030, /decode/],
  ["a length that there is none", { task: "caption", image: uri(PHOTO), caption_length: "epic" }, 5006, /length/],
])("refuses %s", async (_, inputs, internalCode, description) => {
  const answer = await post(MOONDREAM, inputs);
  expect(answer.status).toBe(400);
  expect(answer.headers.get("cf-ai-neurons")).toBe("0");
  expect(await answer.json()).toMatchObject({ internalCode, description: expect.stringMatching(description) });
});

test("the ledger is the sum of what the headers said, to the last digit, and refusals cost nothing", async () => {
  const before = await readLedger(server.url);
  const calls = [
    ...Array.from({ length: 30 }, (_, index) => [DISTILBERT, { text: `${"fine ".repeat(index)}day` }] as const),
    [RESNET, { image: [...PHOTO] }] as const,
    [MOONDREAM, { task: "caption", image: uri(PHOTO) }] as const,
    [DISTILBERT, { text: "" }] as const,
  ];
  const headers = await Promise.all(
    calls.map(async ([model, inputs]) => (await post(model, inputs)).headers.get("cf-ai-neurons")),
  );
  // Compare whole ten-thousandths, because a sum of fractions drifts.
  const units = headers.reduce((sum, neurons) => sum + Math.round(Number(neurons) * 10_000), 0);
  const after = await readLedger(server.url);
  expect(after.calls - before.calls).toBe(32);
  expect(Math.round(after.neurons * 10_000) - Math.round(before.neurons * 10_000)).toBe(units);
  expect(after.byModel[DISTILBERT]?.calls).toBe(30);
  const summed = Object.values(after.byModel).reduce((sum, { neurons }) => sum + Math.round(neurons * 10_000), 0);
  expect(summed).toBe(Math.round(after.neurons * 10_000));
});
