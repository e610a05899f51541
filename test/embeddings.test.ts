// Texts that are embedded within a request, by Darkroom's own route and by OpenAI's SDK.
import type { APIError, BadRequestError } from "openai";
import { expect, test } from "vitest";

import { listJson } from "../producer/openai/embedding-list.ts";
import { encodeVector } from "../shared/search/vector.ts";
import { openAi } from "./dialects.ts";
import { startDarkroom, until } from "./harness.ts";

const darkroom = startDarkroom();

interface Answer {
  readonly model: string;
  readonly engine: string;
  readonly embeddings: number[][];
  readonly usage: object;
}

const embed = (texts: unknown) => darkroom.post("/v1/embeddings", { texts });

async function spentOnEmbeddings() {
  const usage = await darkroom.api("/v1/usage?by=kind");
  const { rows } = await usage.json<{ rows: { kind: string; calls: number; neurons: number }[] }>();
  return rows.filter(({ kind }) => kind === "embed").map(({ calls, neurons }) => ({ calls, neurons }));
}

test("texts become vectors in their order, and the call is metered", async () => {
  const response = await embed(["a harbour", "a fox", "a harbour"]);
  expect(response.status).toBe(200);
  const { embeddings, ...rest } = await response.json<Answer>();
  expect(rest).toEqual({
    model: "@cf/baai/bge-m3",
    engine: "workers-ai",
    usage: { inputTokens: 8, neurons: 1.5, isEstimated: false },
  });
  expect(embeddings.map((vector) => vector.length)).toEqual([64, 64, 64]);
  expect(embeddings[2]).toEqual(embeddings[0]);
  expect(embeddings[1]).not.toEqual(embeddings[0]);
  expect(await until(spentOnEmbeddings, (rows) => rows.length > 0)).toEqual([{ calls: 1, neurons: 1.5 }]);
});

test("every documented shape of the answer is read", async () => {
  const first = await (await embed(["a harbour"])).json<Answer>();
  for (let shape = 0; shape < 3; shape += 1) {
    expect((await (await embed(["a harbour"])).json<Answer>()).embeddings).toEqual(first.embeddings);
  }
});

test("a text that the model cannot read is refused with its place, and no model is asked", async () => {
  const before = (await darkroom.modelCalls()).calls;
  for (const [texts, detail] of [
    [[], "texts: there is nothing to embed"],
    [["a", ""], "texts.1: the text is empty"],
    [["a", "b", "é".repeat(90_001)], "texts.2: the text has 180002 bytes; the limit is 180000, which are at most the"],
    [Array.from({ length: 101 }, () => "a"), "texts: a call takes at most 100 texts"],
    ["a", "texts: "],
  ] as const) {
    const response = await embed(texts);
    expect(response.status).toBe(422);
    expect(await response.json()).toMatchObject({ detail: expect.stringContaining(detail) });
  }
  expect((await darkroom.modelCalls()).calls).toEqual(before);
});

test("a model that refuses or has no capacity is a problem, and a budget holds", async () => {
  const busy = await embed(["error:3040 a harbour"]);
  expect([busy.status, await busy.json()]).toMatchObject([503, { code: "model_unavailable" }]);
  const budget = { method: "PUT", body: JSON.stringify({ neurons: 1 }) };
  expect((await darkroom.api("/v1/budgets/operator/day", budget)).ok).toBe(true);
  // 1,250 tokens cost 1.3 neurons.
  const spent = await embed(["word ".repeat(1000)]);
  expect([spent.status, await spent.json()]).toMatchObject([429, { code: "budget_used" }]);
});

test("OpenAI's SDK gets the same vectors as numbers and as base64, for more texts than one call takes", async () => {
  const client = openAi(darkroom);
  const input = Array.from({ length: 150 }, (_, index) => `text ${index}`);
  const model = "text-embedding-3-small";
  // Without a format the SDK asks for base64, and decodes it.
  const packed = await client.embeddings.create({ model, input });
  const plain = await client.embeddings.create({ model, input, encoding_format: "float", dimensions: 1024 });
  expect(packed.data.map(({ index }) => index)).toEqual(input.map((_, index) => index));
  expect(plain.data.map(({ embedding }) => embedding)).toEqual(packed.data.map(({ embedding }) => [...embedding]));
  expect(plain).toMatchObject({ object: "list", model, usage: { prompt_tokens: 300, total_tokens: 300 } });

  const { data, response } = await client.embeddings
    .create({ model: "bge-m3", input: "text 7", user: "me" })
    .withResponse();
  expect([...data.data[0]!.embedding]).toEqual([...packed.data[7]!.embedding]);
  expect(response.headers.get("x-darkroom-ignored")).toBe("user");
});

test("if a later call of many texts fails, the calls before are accounted for, and the SDK does not pay for them again", async () => {
  const [{ neurons: before } = { neurons: 0 }] = await spentOnEmbeddings();
  const input = Array.from({ length: 250 }, (_, index) => (index === 240 ? "error:3040 last" : `many ${index}`));
  const call = openAi(darkroom).embeddings.create({ model: "bge-m3", input });
  const error = (await call.catch((thrown: unknown) => thrown)) as APIError;
  expect([error.status, error.headers!.get("x-should-retry")]).toEqual([503, "false"]);
  const [spent] = await until(spentOnEmbeddings, ([row]) => (row?.neurons ?? 0) >= before + 3);
  expect(spent?.neurons).toBe(before + 3);
});

test("a long list of vectors is written one vector at a time, as numbers or in base64", () => {
  const vectors = Array.from({ length: 2048 }, (_, at) =>
    Float32Array.from({ length: 1024 }, (__, i) => 1 / (at + i + 3)),
  );
  for (const isBase64 of [false, true]) {
    const parts = [...listJson({ model: 'a"b', vectors, isBase64, tokens: 7 })];
    expect(Math.max(...parts.map(({ length }) => length))).toBeLessThan(30_000);
    const { data, ...rest } = JSON.parse(parts.join("")) as { data: { index: number; embedding: unknown }[] };
    expect(rest).toEqual({ object: "list", model: 'a"b', usage: { prompt_tokens: 7, total_tokens: 7 } });
    expect(data.map(({ index }) => index)).toEqual(vectors.map((_, at) => at));
    expect(data[9]!.embedding).toEqual(isBase64 ? encodeVector(vectors[9]!) : [...vectors[9]!]);
  }
});

test("a parameter that no model here can fulfil is refused with its name", async () => {
  const client = openAi(darkroom);
  const before = (await darkroom.modelCalls()).calls;
  for (const [more, param, message] of [
    [{ input: [1, 2, 3] }, "input", "'input' is 'a list of tokens'"],
    [{ input: [[1], [2]] }, "input", "Send the texts themselves."],
    [{ dimensions: 256 }, "dimensions", "Unsupported value: 'dimensions' is '256': the model's vectors have 1024"],
    [{ input: ["a", ""] }, "input.1", "Invalid 'input.1': the text is empty"],
    [{ model: "gpt-4o-mini" }, "model", "The model 'gpt-4o-mini' is not a model for embeddings."],
  ] as const) {
    const call = client.embeddings.create({ model: "text-embedding-3-small", input: "a", ...more } as never);
    const error = (await call.catch((thrown: unknown) => thrown)) as BadRequestError;
    expect([error.param, error.message]).toEqual([param, expect.stringContaining(message)]);
  }
  expect((await darkroom.modelCalls()).calls).toEqual(before);
});
