// The embedding model's offline engine over HTTP: shape, likeness, refusals.
import { afterAll, beforeAll, expect, test } from "vitest";

import { type InferenceServer, startInferenceServer } from "../../local/inference-server.ts";

const BGE = "@cf/baai/bge-m3";

/** The sentences of a pair have the same meaning in different words. */
const PARAPHRASES = [
  ["How do I reset my password?", "I forgot my login code and want a new one"],
  ["The meeting was moved to Thursday", "They postponed the appointment until Thursday"],
  ["The boat left the harbour at dawn", "At sunrise the ship sailed out of the port"],
  ["The doctor examined the sick child", "A physician looked at the ill kid"],
  ["We need more money for the project", "The project's budget must be increased"],
  ["The car broke down on the motorway", "Her automobile failed on the highway"],
  ["It rained heavily all night", "There was strong rain the whole night"],
  ["The film was boring", "That movie was dull"],
  ["He bought a big house near the lake", "He purchased a large home by the lake"],
  ["The train was late because of snow", "Snow delayed the train"],
  ["Please send the invoice by email", "Could you mail me the bill electronically"],
  ["The teacher praised the pupils", "The students were commended by their instructor"],
  ["Prices rose sharply last year", "Last year saw a steep increase in costs"],
  ["The company fired two hundred workers", "Two hundred employees were dismissed by the firm"],
  ["She plays the violin beautifully", "Her violin playing is lovely"],
  ["The printer is out of paper", "There is no paper left in the printer"],
] as const;

interface Embedding {
  readonly shape: readonly number[];
  readonly data: readonly (readonly number[])[];
  readonly pooling: string;
}

let server: InferenceServer;

beforeAll(async () => {
  server = await startInferenceServer({ port: 0, shape: 0 });
});
afterAll(() => server.close());

async function post(inputs: object): Promise<Response> {
  return fetch(`${server.url}/run/${BGE}`, { method: "POST", body: JSON.stringify(inputs) });
}

async function embed(text: string | readonly string[]): Promise<Embedding> {
  return (await post({ text })).json<Embedding>();
}

function cosine(a: readonly number[] = [], b: readonly number[] = []): number {
  return a.reduce((sum, value, index) => sum + value * (b[index] ?? Number.NaN), 0);
}

test.each([
  ["天気はどうですか", ["今日は天気がいいですね。", "会議は三時に始まります。"]],
  ["预算是多少", ["我们今天讨论预算。", "公园里有很多人。"]],
  ["예산은 얼마입니까", ["회의에서 예산을 이야기합니다.", "날씨가 좋네요."]],
  ["งบประมาณเท่าไร", ["วันนี้ประชุมเรื่องงบประมาณ", "หมาตัวใหญ่มาก"]],
])("the text that '%s' asks about is nearer than the others", async (question, texts) => {
  const [asked, near, far] = (await embed([question, ...texts])).data;
  expect(cosine(asked, near)).toBeGreaterThan(0.05);
  expect(cosine(asked, near)).toBeGreaterThan(cosine(asked, far) + 0.05);
});

test("a text or up to a hundred become vectors of length 1, the same each time", async () => {
  const texts = Array.from({ length: 100 }, (_, index) => `passage ${index} about boats`);
  const many = await embed(texts);
  expect(many).toMatchObject({ shape: [100, 1024], pooling: "cls" });
  expect(many.data).toHaveLength(100);
  for (const vector of many.data) {
    expect(vector).toHaveLength(1024);
    expect(cosine(vector, vector)).toBeCloseTo(1, 10);
  }
  const one = await embed(texts[42]!);
  expect(one.shape).toEqual([1, 1024]);
  expect(one.data[0]).toEqual(many.data[42]);
});

test("names the engine, and charges for the words of the input", async () => {
  const answer = await post({ text: "red green blue. ".repeat(100) });
  expect(answer.headers.get("x-darkroom-engine")).toBe(server.engines.embeddings);
  expect(answer.headers.get("cf-ai-neurons")).toBe(((400 * 1075) / 1_000_000).toFixed(4));
});

test("most of sixteen sentences are nearest to their own paraphrase, and far from the others", async () => {
  const [asked, said] = [0, 1].map((side) => embed(PARAPHRASES.map((pair) => pair[side]!)));
  const [questions, passages] = [(await asked!).data, (await said!).data];
  const table = questions.map((question) => passages.map((passage) => cosine(question, passage)));
  const found = table.filter((row, index) => row.indexOf(Math.max(...row)) === index);
  expect(found.length).toBeGreaterThanOrEqual(12);
  const others = table.flatMap((row, index) => row.filter((_, column) => column !== index));
  expect(others.reduce((sum, value) => sum + value, 0) / others.length).toBeLessThan(0.05);
});

test("forms of a word are the same word, and case does not matter", async () => {
  const { data } = await embed(["The harbours were closing", "a Harbour CLOSED", "the violin player"]);
  expect(cosine(data[0], data[1])).toBeGreaterThan(0.8);
  expect(cosine(data[0], data[2])).toBeLessThan(0.2);
});

test("a text of only stop words has its own vector too", async () => {
  const { data } = await embed(["to be or not to be", "the of and", "…"]);
  for (const vector of data) expect(cosine(vector, vector)).toBeCloseTo(1, 10);
  expect(cosine(data[0], data[1])).toBeLessThan(0.1);
});

test.each([
  ["no text", {}, /required properties at '\/' are 'text'/],
  ["an empty text", { text: "" }, /\/text/],
  ["blanks among texts", { text: ["a boat", " "] }, /\/text\/1/],
  ["no texts", { text: [] }, /\/text/],
  ["a number", { text: 7 }, /\/text/],
  ["a number among texts", { text: ["a boat", 7] }, /\/text\/1/],
  ["more than a hundred texts", { text: Array.from({ length: 101 }, () => "x") }, /\/text/],
])("refuses %s", async (_, inputs, description) => {
  const answer = await post(inputs);
  expect(answer.status).toBe(400);
  expect(await answer.json()).toMatchObject({ internalCode: 5006, description: expect.stringMatching(description) });
});
