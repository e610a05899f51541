// The stand-ins' requests, shapes and refusals, checked against the models' contracts with ajv.
import { Ajv2020 } from "ajv/dist/2020.js";
import addFormats from "ajv-formats";
import { describe, expect, test } from "vitest";

import { CONTRACTS, type Contract, formValues, refuseForm, refuseRequest } from "../local/contracts.ts";
import { inTurn, shape } from "../local/shapes.ts";
import { MODELS, type ModelTask } from "../shared/models/models.ts";

const ajv = new Ajv2020({ strict: false, allErrors: true });
addFormats.default(ajv);

const contracts = Object.values(CONTRACTS);
const of = (model: string) => contracts.find((contract) => contract.model === model)!;

test("every model of the catalogue has a contract of its own, with sources and dates", () => {
  expect(Object.entries(CONTRACTS).map(([id, { model }]) => [id, model])).toEqual(
    Object.keys(MODELS)
      .map((id) => [id, id])
      .toSorted((a, b) => Object.keys(CONTRACTS).indexOf(a[0]!) - Object.keys(CONTRACTS).indexOf(b[0]!)),
  );
  for (const { source, date, answers, events = [] } of contracts) {
    for (const said of [{ source, date }, ...answers, ...events]) {
      expect(said.source.length).toBeGreaterThan(10);
      expect(said.date).toMatch(/^\d{4}-\d\d(-\d\d)?$/);
    }
  }
});

test.each(contracts)("the schemas of $model compile", ({ request, form, answers, events = [] }) => {
  for (const schema of [request, form ?? {}, ...answers.map((one) => one.schema), ...events.map((one) => one.schema)]) {
    expect(() => ajv.compile(schema)).not.toThrow();
  }
});

const words = [
  { word: "two", start: 0, end: 0.4 },
  { word: "boats", start: 0.5, end: 0.9 },
];
const usage = { prompt_tokens: 9, completion_tokens: 2, total_tokens: 11 };
const metrics = { input_tokens: 729, output_tokens: 7, prefill_time_ms: 1, decode_time_ms: 2, ttft_ms: 1 };

/** The fullest answer of each kind of model. */
const FULL: Readonly<Record<ModelTask, unknown>> = {
  speech: {
    text: "two boats",
    word_count: 2,
    words,
    segments: [{ start: 0, end: 0.9, text: " two boats", words }],
    transcription_info: { language: "en", duration: 1 },
    vtt: "WEBVTT",
  },
  image: { image: "/9j/4A==" },
  image_labels: [{ label: "cup", score: 0.5 }],
  sentiment: [{ label: "POSITIVE", score: 0.5 }],
  text: { response: "Two.", usage },
  caption: { caption: "A boat.", finish_reason: "stop", metrics },
  embedding: { shape: [1, 2], data: [[0.1, 0.2]], pooling: "cls" },
};

/** The form in which the shapes give a picture that is not JSON. */
const BYTES = {
  type: "object",
  properties: { bytes: { type: "object" }, mediaType: { const: "image/jpeg" } },
  required: ["bytes", "mediaType"],
};

const shapes = contracts.flatMap(({ model, answers }) =>
  answers.flatMap(({ shapes: whole, partial = [], ...answer }) =>
    [...whole, ...partial].map((name) => ({ model, name, answer })),
  ),
);

test.each(shapes)("$model answers $name as the contract has it", ({ model, name, answer }) => {
  const { task } = MODELS[model as keyof typeof MODELS];
  const given = shape(name, FULL[task]);
  const isJson = answer.media === "application/json";
  const isValid = ajv.compile(isJson ? answer.schema : BYTES);
  expect({ isValid: isValid(given), errors: isValid.errors }).toEqual({ isValid: true, errors: null });
});

test.each(contracts.filter(({ events }) => events !== undefined))(
  "$model streams events as the contract has them",
  (contract) => {
    const { model, events = [] } = contract;
    for (const [index, { schema }] of events.entries()) {
      const event = inTurn(index).events(model);
      for (const data of [event({ text: "Two" }), event({ text: "", usage })]) {
        expect({ isValid: ajv.validate(schema, data), errors: ajv.errors }).toEqual({ isValid: true, errors: null });
      }
    }
  },
);

describe("a request that is not as the contract has it is refused, by ajv and by the stand-ins alike", () => {
  const messages = [{ role: "user", content: "Hi" }];
  const multipart = { body: {}, contentType: "multipart/form-data; boundary=x" };
  test.each<[string, unknown, boolean]>([
    ["@cf/openai/whisper", { audio: [1, 2] }, true],
    ["@cf/openai/whisper", { audio: "AAAA" }, false],
    ["@cf/openai/whisper", {}, false],
    ["@cf/openai/whisper-large-v3-turbo", { audio: "AAAA", vad_filter: true, language: "de" }, true],
    ["@cf/openai/whisper-large-v3-turbo", { audio: { body: {}, contentType: "audio/mpeg" } }, true],
    ["@cf/openai/whisper-large-v3-turbo", { audio: "AAAA", vad_filter: "yes" }, false],
    ["@cf/openai/whisper-large-v3-turbo", { audio: "AAAA", beam_size: 1.5 }, false],
    ["@cf/black-forest-labs/flux-1-schnell", { prompt: "a", steps: 8 }, true],
    ["@cf/black-forest-labs/flux-1-schnell", { prompt: "a", steps: 9 }, false],
    ["@cf/black-forest-labs/flux-1-schnell", { prompt: "a", seed: 1 }, false],
    ["@cf/black-forest-labs/flux-1-schnell", { prompt: "x".repeat(2049) }, false],
    ["@cf/black-forest-labs/flux-2-dev", { multipart }, true],
    ["@cf/black-forest-labs/flux-2-dev", { prompt: "a" }, false],
    ["@cf/microsoft/resnet-50", { image: [1] }, true],
    ["@cf/microsoft/resnet-50", { image: ["a"] }, false],
    ["@cf/huggingface/distilbert-sst-2-int8", { text: "" }, false],
    ["@cf/ibm-granite/granite-4.0-h-micro", { messages, max_tokens: 9, stream: true }, true],
    ["@cf/ibm-granite/granite-4.0-h-micro", { messages, temperature: 6 }, false],
    ["@cf/ibm-granite/granite-4.0-h-micro", { messages: [{ role: "user" }] }, false],
    ["@cf/meta/llama-3.2-3b-instruct", { messages, stream: "yes" }, false],
    ["@cf/moondream/moondream3.1-9B-A2B", { task: "caption", image: "data:,", stream: false }, true],
    ["@cf/moondream/moondream3.1-9B-A2B", { task: "describe" }, false],
    ["@cf/baai/bge-m3", { text: ["a"] }, true],
    ["@cf/baai/bge-m3", { text: Array.from({ length: 101 }, () => "a") }, false],
    ["@cf/baai/bge-m3", { text: [""] }, false],
  ])("%s %j", (model, inputs, isTaken) => {
    expect(ajv.validate(of(model).request, inputs)).toBe(isTaken);
    expect(refuseRequest(model, inputs) ?? "taken").toMatch(
      isTaken ? /^taken$/ : /^Error: (.* at '\/|required properties)/,
    );
  });

  test.each<[Record<string, string>, boolean]>([
    [{ prompt: "a", steps: "12", width: "512", guidance: "3.5", seed: "1" }, true],
    [{ steps: "12" }, false],
    [{ prompt: "a", width: "128" }, false],
    [{ prompt: "a", steps: "many" }, false],
  ])("the form %j", (fields, isTaken) => {
    const model = "@cf/black-forest-labs/flux-2-dev";
    const form = of(model).form as NonNullable<Contract["form"]>;
    expect(ajv.validate(form, formValues(form, fields))).toBe(isTaken);
    expect(refuseForm(model, fields) === null).toBe(isTaken);
  });

  test("millions of bytes are validated together, and not one by one", () => {
    const audio = Array.from({ length: 5_000_000 }, () => 7);
    const startedAt = Date.now();
    expect(refuseRequest("@cf/openai/whisper", { audio })).toBeNull();
    expect(refuseRequest("@cf/openai/whisper", { audio: [...audio.slice(1), "7"] })).not.toBeNull();
    expect(Date.now() - startedAt).toBeLessThan(10_000);
  });
});
