// JSON of the offline engine: plain, and it fits the schema.
import { expect, test } from "vitest";

import { fillSchema } from "../../local/engine/text/fill-schema.ts";
import { textModels } from "../../local/engine/text/generate.ts";
import { findFaults } from "../../shared/models/json-output/find-faults.ts";
import { readSchema } from "../../shared/models/json-output/read-schema.ts";
import { inJson } from "../../shared/models/prompts.ts";

const SCHEMA = {
  $defs: { port: { type: "object", properties: { name: { type: "string" }, depth: { type: ["number", "null"] } } } },
  type: "object",
  properties: {
    title: { type: "string", maxLength: 12 },
    boats: { type: "integer", minimum: 1, maximum: 100 },
    mood: { enum: ["calm", "stormy"] },
    isOpen: { type: "boolean" },
    seen: { type: "string", format: "date" },
    lines: { type: "array", items: { type: "string" }, minItems: 1 },
    port: { $ref: "#/$defs/port" },
    other: { anyOf: [{ type: "null" }, { type: "string" }] },
  },
  required: ["title", "boats", "mood", "isOpen", "seen", "lines", "port", "other"],
  additionalProperties: false,
};
const TEXT = "The harbour had 40 boats on 2026-11-30. The water is 7.5 metres deep. Nobody was there.";

function faultsOf(value: unknown) {
  const read = readSchema(SCHEMA);
  return read.ok ? findFaults(value, read.schema) : [read];
}

test("strings are sentences of the text, numbers are its numbers, and the rest is the first that is allowed", () => {
  const value = fillSchema(SCHEMA, { text: TEXT, sentences: TEXT.split(/(?<=\.) /) });
  expect(value).toMatchObject({ title: "The harbour ", boats: 40, mood: "calm", isOpen: false, seen: "2026-11-30" });
  expect(faultsOf(value)).toEqual([]);
  expect(faultsOf(fillSchema(SCHEMA, { text: "", sentences: [] }))).toEqual([]);
});

test("the engine answers JSON if the request or the prompt asks for it, and says what it is without a text", async () => {
  const model = textModels["@cf/ibm-granite/granite-4.0-h-micro"];
  const { signal } = new AbortController();
  const ask = async (inputs: object) => (await model?.({ inputs, signal })) as { body: { response: unknown } };
  const messages = [{ role: "user", content: `${TEXT}\n\nHow many boats?` }] as const;
  const format = { type: "json_schema", json_schema: SCHEMA };
  const byMode = await ask({ messages, response_format: format, max_tokens: 500 });
  expect(faultsOf(byMode.body.response)).toEqual([]);
  const byPrompt = await ask({ messages: inJson(messages, SCHEMA), max_tokens: 500 });
  expect(faultsOf(JSON.parse(String(byPrompt.body.response)))).toEqual([]);
  const cut = await ask({ messages, response_format: format, max_tokens: 5 });
  expect(typeof cut.body.response).toBe("string");
  const alone = await ask({ messages: [{ role: "user", content: "Write a poem." }] });
  expect(alone.body.response).toMatch(/^This is Darkroom's offline engine\. It cannot write new text/);
});
