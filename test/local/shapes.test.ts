// The offline model accepts what the platform's schemas accept, and answers in each of their shapes in turn.
import { readFile } from "node:fs/promises";
import { join } from "node:path";

import { Ajv2020 } from "ajv/dist/2020.js";
import { afterAll, beforeAll, expect, test } from "vitest";

import { contractOf } from "../../local/contracts.ts";
import { type InferenceServer, startInferenceServer } from "../../local/inference-server.ts";

const SAMPLES = join(import.meta.dirname, "../../local/samples");
const ajv = new Ajv2020({ strict: false });

const GRANITE = "@cf/ibm-granite/granite-4.0-h-micro";
const MOONDREAM = "@cf/moondream/moondream3.1-9B-A2B";
const KLEIN = "@cf/black-forest-labs/flux-2-klein-4b";
const TURBO = "@cf/openai/whisper-large-v3-turbo";

let server: InferenceServer;
let photo: string;

beforeAll(async () => {
  server = await startInferenceServer({ port: 0 });
  photo = (await readFile(join(SAMPLES, "coffee.jpg"))).toString("base64");
});
afterAll(() => server.close());

async function post(model: string, inputs: object): Promise<Response> {
  return fetch(`${server.url}/run/${model}`, { method: "POST", body: JSON.stringify(inputs) });
}

async function draw(fields: Record<string, string>): Promise<Response> {
  const body = new FormData();
  for (const [name, value] of Object.entries({ width: "256", height: "256", ...fields })) body.append(name, value);
  return fetch(`${server.url}/run/${KLEIN}?userInputs={}`, { method: "POST", body });
}

/** Return the names of the contract's answers that match this one. */
function namesOf(model: string, answer: unknown): readonly string[] {
  const { answers } = contractOf(model)!;
  return answers.filter(({ schema }) => ajv.validate(schema, answer)).map(({ name }) => name);
}

test("every answer is one of its contract's, each shape has its turn, and says the same", async () => {
  const messages = [{ role: "user", content: "Nine boats leave at dawn.\n\nHow many boats?" }];
  const chats = [];
  for (const _ of [1, 2]) chats.push(await (await post(GRANITE, { messages })).json<Record<string, unknown>>());
  expect(chats.map((answer) => namesOf(GRANITE, answer))).toEqual([["choices"], ["response"]]);
  const [first, second] = chats as [{ choices: { message: { content: string } }[] }, { response: string }];
  expect(first.choices[0]!.message.content).toBe(second.response);

  const asked = { task: "caption", image: `data:image/jpeg;base64,${photo}`, stream: false };
  const captions = [];
  for (const _ of [1, 2, 3]) captions.push(await (await post(MOONDREAM, asked)).json<Record<string, unknown>>());
  for (const answer of captions) expect(namesOf(MOONDREAM, answer)).not.toEqual([]);
  expect(captions.map((answer) => [Object.hasOwn(answer, "result"), answer["points"]])).toEqual([
    [false, undefined],
    [false, null],
    [true, undefined],
  ]);

  const pictures = [await draw({ prompt: "a boat" }), await draw({ prompt: "a boat" })];
  expect(pictures.map(({ headers }) => headers.get("content-type"))).toEqual(["application/json", "image/jpeg"]);
  const { image } = await pictures[0]!.json<{ image: string }>();
  expect(Buffer.from(await pictures[1]!.arrayBuffer()).toString("base64")).toBe(image);
});

test("streams come with the events of either shape", async () => {
  const messages = [{ role: "user", content: "Nine boats leave at dawn.\n\nHow many boats?" }];
  const streams = [];
  for (const _ of [1, 2]) streams.push(await (await post(GRANITE, { messages, stream: true })).text());
  for (const [index, { schema }] of contractOf(GRANITE)!.events!.entries()) {
    const data = streams[index]!.split("\n\n").filter((line) => line !== "" && line !== "data: [DONE]");
    expect(data.length).toBeGreaterThan(3);
    for (const line of data) {
      expect([line, ajv.validate(schema, JSON.parse(line.replace("data: ", "")))]).toEqual([line, true]);
    }
  }
});

test.each([
  [GRANITE, { messages: [{ role: "user", content: "x" }], top_k: 0 }, /\/top_k/],
  [GRANITE, { prompt: "x", temperature: 9 }, /\/temperature/],
  [MOONDREAM, { task: "caption", image: "data:,", max_tokens: 0 }, /\/max_tokens/],
  [TURBO, { audio: "AAAA", beam_size: 1.5 }, /\/beam_size/],
])("inputs that do not fit the schema are refused with 5006: %s %j", async (model, inputs, description) => {
  const answer = await post(model, inputs);
  expect([answer.status, await answer.json()]).toMatchObject([
    400,
    { internalCode: 5006, description: expect.stringMatching(description) },
  ]);
});

test("a field of a form that does not fit is refused too", async () => {
  const answer = await draw({ prompt: "x", guidance: "much" });
  expect([answer.status, await answer.json()]).toMatchObject([
    400,
    { internalCode: 5006, description: expect.stringMatching(/\/guidance/) },
  ]);
});
